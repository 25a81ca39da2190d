/** Precision, recall and F1 over all pairs of faces: a pair is found if both faces have the same cluster. */
export interface PairScores {
  precision: number;
  recall: number;
  f1: number;
}

function pairsOf(counts: Iterable<number>): number {
  let pairs = 0;
  for (const count of counts) pairs += (count * (count - 1)) / 2;
  return pairs;
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Faces without a cluster count as clusters of one. */
export function pairwiseF1(faces: readonly { identity: number | string; cluster: string | null }[]): PairScores {
  const grouped = faces.filter(({ cluster }) => cluster !== null);
  const both = pairsOf(countBy(grouped.map(({ identity, cluster }) => `${identity} ${cluster ?? ""}`)).values());
  const found = pairsOf(countBy(grouped.map(({ cluster }) => cluster ?? "")).values());
  const wanted = pairsOf(countBy(faces.map(({ identity }) => String(identity))).values());
  const precision = found === 0 ? 1 : both / found;
  const recall = wanted === 0 ? 1 : both / wanted;
  return { precision, recall, f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall) };
}
