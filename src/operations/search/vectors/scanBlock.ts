/** Compares a vector with those of a block, by brute force. */
import { inverseNorm, type VectorColumns } from "./vectorCodec.ts";

export interface ScoredVector {
  seq: number;
  /** The cosine of the angle, -1 to 1. */
  cosine: number;
}

/** The vectors with the largest cosines, as a binary heap with the smallest of them on top. */
export class NearestVectors {
  readonly #limit: number;
  readonly #heap: ScoredVector[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The cosine that a further vector has to exceed. */
  get bound(): number {
    return this.#heap.length < this.#limit ? -Infinity : (this.#heap[0]?.cosine ?? -Infinity);
  }

  add(vector: ScoredVector): void {
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(vector);
      this.#siftUp(heap.length - 1);
    } else if (vector.cosine > this.bound) {
      heap[0] = vector;
      this.#siftDown(0);
    }
  }

  /** The nearest first; of equal ones the newest. */
  sorted(): ScoredVector[] {
    return this.#heap.toSorted((a, b) => b.cosine - a.cosine || b.seq - a.seq);
  }

  #cosineAt(index: number): number {
    return this.#heap[index]?.cosine ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first === undefined || second === undefined) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }

  #siftUp(start: number): void {
    for (let child = start; child > 0;) {
      const parent = (child - 1) >> 1;
      if (this.#cosineAt(parent) <= this.#cosineAt(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #siftDown(start: number): void {
    for (let parent = start; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      const child = this.#cosineAt(right) < this.#cosineAt(left) ? right : left;
      if (this.#cosineAt(child) >= this.#cosineAt(parent)) return;
      this.#swap(parent, child);
      parent = child;
    }
  }
}

/** The sum of products of `query` and the vector that starts at `offset`. Four sums let the CPU add in parallel. */
function dotProduct(query: Int16Array, components: Int8Array, offset: number): number {
  const length = query.length;
  const end = length - (length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < end; i += 4) {
    a = (a + Math.imul(query[i] ?? 0, components[offset + i] ?? 0)) | 0;
    b = (b + Math.imul(query[i + 1] ?? 0, components[offset + i + 1] ?? 0)) | 0;
    c = (c + Math.imul(query[i + 2] ?? 0, components[offset + i + 2] ?? 0)) | 0;
    d = (d + Math.imul(query[i + 3] ?? 0, components[offset + i + 3] ?? 0)) | 0;
  }
  for (let i = end; i < length; i++) a = (a + Math.imul(query[i] ?? 0, components[offset + i] ?? 0)) | 0;
  return a + b + c + d;
}

/** Adds the vectors of a block that are nearer than those that were found before. Vectors of other lengths are ignored. */
export function scanBlock(query: Int8Array, block: VectorColumns, nearest: NearestVectors): void {
  const { dimensions, baseSeq, seqOffsets, inverseNorms, components } = block;
  if (dimensions !== query.length) return;
  const wide = Int16Array.from(query);
  const norm = inverseNorm(query);
  let bound = nearest.bound;
  for (let index = 0, offset = 0; index < seqOffsets.length; index++, offset += dimensions) {
    const cosine = dotProduct(wide, components, offset) * norm * (inverseNorms[index] ?? 0);
    if (cosine <= bound) continue;
    nearest.add({ seq: baseSeq + (seqOffsets[index] ?? 0), cosine });
    bound = nearest.bound;
  }
}
