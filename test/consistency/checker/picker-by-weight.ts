/** Picks one of them, each as often as its weight says. Made once: a workload has a thousand of them. */
export function pickerByWeight<Item extends { readonly weight: number }>(items: readonly Item[]): () => Item {
  let sum = 0;
  const ends = items.map(({ weight }) => (sum += weight));
  return () => {
    const wanted = Math.random() * sum;
    let [low, high] = [0, items.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return items[low] as Item;
  };
}
