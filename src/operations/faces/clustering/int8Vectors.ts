/** Face embeddings as int8 vectors: a quarter of the bytes of floats, and sums of them are exact integers. */

/** Int8 value of a component of 1. No component of a unit vector is clamped. */
export const VECTOR_SCALE = 127;

/** Rounds a vector, scaled to unit length, to `VECTOR_SCALE` steps. A vector of zeros stays one. */
export function quantize(vector: ArrayLike<number>): Int8Array {
  let square = 0;
  for (let i = 0; i < vector.length; i += 1) square += (vector[i] ?? 0) ** 2;
  const scale = square > 0 ? VECTOR_SCALE / Math.sqrt(square) : 0;
  return Int8Array.from({ length: vector.length }, (_, i) => Math.round((vector[i] ?? 0) * scale));
}

export function squareOf(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i += 1) sum += (vector[i] ?? 0) ** 2;
  return sum;
}

/** 1 minus the cosine: 0 for the same direction, 1 for orthogonal vectors and for a vector of zeros. */
export function cosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  for (let i = 0; i < a.length; i += 1) dot += (a[i] ?? 0) * (b[i] ?? 0);
  const squares = squareOf(a) * squareOf(b);
  return squares > 0 ? 1 - dot / Math.sqrt(squares) : 1;
}

/** Adds `vector` to `sum` in place. */
export function addTo(sum: Int32Array, vector: Int8Array): void {
  for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] ?? 0) + (vector[i] ?? 0);
}

export function sumOf(vectors: readonly Int8Array[], dimensions: number): Int32Array {
  const sum = new Int32Array(dimensions);
  for (const vector of vectors) addTo(sum, vector);
  return sum;
}
