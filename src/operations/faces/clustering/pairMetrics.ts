/** Cosine distances between the faces of a person. */
import { cosineDistance, squareOf } from "./int8Vectors.ts";

export interface PersonSums {
  sum: Int32Array;
  squareSum: number;
  faceCount: number;
}

/**
 * The mean distance of all pairs in closed form: the square of the sum is the sum of all products, those of each vector
 * with itself included. Quantized vectors count with their mean length. 0 for fewer than two faces.
 */
export function pairwiseMean({ sum, squareSum, faceCount }: PersonSums): number {
  if (faceCount < 2 || squareSum === 0) return 0;
  const meanCosine = (squareOf(sum) - squareSum) / ((faceCount - 1) * squareSum);
  return Math.min(2, Math.max(0, 1 - meanCosine));
}

/** The distance that nine tenths of the pairs don't exceed. 0 for fewer than two faces. */
export function pairwiseP90(vectors: readonly Int8Array[]): number {
  const distances = vectors.flatMap((vector, i) => vectors.slice(0, i).map((other) => cosineDistance(vector, other)));
  const sorted = distances.toSorted((a, b) => a - b);
  return Math.max(0, sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0);
}
