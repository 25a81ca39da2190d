/** Fuses ranked lists by reciprocal rank: Cormack, Clarke and Büttcher, SIGIR 2009. */

/** The constant of the paper: the first ranks of a list differ little, so that two lists outweigh one. */
export const RANK_CONSTANT = 60;

/**
 * Returns the items of all lists, the best first: each list adds 1 / (RANK_CONSTANT + rank). Equal sums keep the order of
 * the lists.
 */
export function fuseRanks(lists: readonly (readonly string[])[]): string[] {
  const scores = new Map<string, number>();
  for (const list of lists) {
    list.forEach((item, index) => scores.set(item, (scores.get(item) ?? 0) + 1 / (RANK_CONSTANT + index + 1)));
  }
  return [...scores].toSorted(([, a], [, b]) => b - a).map(([item]) => item);
}
