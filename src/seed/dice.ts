import { v7 } from 'uuid';

/** Chance that is the same for the same seed: every part of a tenant throws its own dice, so that parts do not shift. */
export interface Dice {
  /** At least `min`, below `max`. */
  float(min: number, max: number): number;
  /** From `min` to `max`, both included. */
  int(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** Picks by weight: `[['LOW', 20], ['NORMAL', 55]]`. */
  weighted<Item>(items: readonly (readonly [Item, number])[]): Item;
  /** Long-tailed around `median`, as human delays are; `spread` 0.5 is narrow, 1.2 wide. */
  delay(median: number, spread: number): number;
  /** A time-ordered uuid as if made at that instant. */
  idAt(instant: Date): string;
}

export function createDice(seed: string): Dice {
  const next = mulberry32(hash(seed));
  const float = (min: number, max: number) => min + next() * (max - min);
  const int = (min: number, max: number) => Math.floor(float(min, max + 1));
  const pick = <Item>(items: readonly Item[]): Item => {
    if (items.length === 0) throw new Error('There is nothing to pick from.');
    return items[int(0, items.length - 1)] as Item;
  };
  return {
    float,
    int,
    pick,
    chance: (probability) => next() < probability,
    weighted(items) {
      let left = next() * items.reduce((sum, [, weight]) => sum + weight, 0);
      const found = items.find(([, weight]) => (left -= weight) < 0) ?? items.at(-1);
      if (!found) throw new Error('There is nothing to pick from.');
      return found[0];
    },
    delay(median, spread) {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return median * Math.exp(spread * normal);
    },
    idAt: (instant) => v7({ msecs: instant.getTime(), random: Uint8Array.from({ length: 16 }, () => int(0, 255)) }),
  };
}

/** FNV-1a: spreads similar seeds apart. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
