/** Scores of "same person" decisions over all pairs of embeddings, for each threshold of cosine similarity. */
export interface IdentifiedFace {
  identity: string;
  /** Unit length; null where no face or embedding was found. */
  embedding: Float32Array | null;
}

export interface ThresholdScores {
  threshold: number;
  precision: number;
  recall: number;
  f1: number;
}

function cosine(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (const [index, value] of one.entries()) sum += value * (other[index] ?? 0);
  return sum;
}

function similarity({ embedding: one }: IdentifiedFace, { embedding: other }: IdentifiedFace): number {
  return one === null || other === null ? -Infinity : cosine(one, other);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

/** A pair with a missing embedding counts as not found. */
export function verifyPairs(faces: readonly IdentifiedFace[], thresholds: readonly number[]): ThresholdScores[] {
  const pairs: { same: boolean; similarity: number }[] = [];
  for (const [index, one] of faces.entries()) {
    for (const other of faces.slice(index + 1)) {
      pairs.push({ same: one.identity === other.identity, similarity: similarity(one, other) });
    }
  }
  const wanted = pairs.filter(({ same }) => same).length;
  return thresholds.map((threshold) => {
    const accepted = pairs.filter((pair) => pair.similarity >= threshold);
    const right = accepted.filter(({ same }) => same).length;
    const precision = ratio(right, accepted.length);
    const recall = ratio(right, wanted);
    return {
      threshold,
      precision,
      recall,
      f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    };
  });
}

export function bestThreshold(scores: readonly ThresholdScores[]): ThresholdScores {
  const [first, ...others] = scores;
  if (first === undefined) throw new Error("no thresholds");
  return others.reduce((best, score) => (score.f1 > best.f1 ? score : best), first);
}
