const trigram = 3;

/**
 * LIKE patterns for the words of a search, longest first: the longest narrows an index most. A word too short to hold
 * a trigram is looked for at the start of words only, where the index knows it with the space before it.
 */
export function searchPatterns(search: string): string[] {
  return search
    .split(/\s+/)
    .filter(Boolean)
    .toSorted((one, other) => other.length - one.length)
    .map((word) => `%${word.length < trigram ? ' ' : ''}${escapeLike(word)}%`);
}

/** \, % and _ stand for themselves. */
function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&');
}
