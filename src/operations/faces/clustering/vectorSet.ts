/** Int8 vectors by id in one block of memory, compared with all others by brute force. */
import { squareOf } from "./int8Vectors.ts";

export interface Neighbour {
  id: string;
  /** Cosine distance. */
  distance: number;
}

const FIRST_CAPACITY = 64;

/** Orders neighbours by distance, then by id, so that equal distances have one order. */
export function byDistance(a: Neighbour, b: Neighbour): number {
  if (a.distance !== b.distance) return a.distance - b.distance;
  return a.id < b.id ? -1 : 1;
}

export class VectorSet {
  readonly dimensions: number;
  private readonly ids: string[];
  private readonly rows: Map<string, number>;
  private data: Int8Array;
  private lengths: Float32Array;

  constructor(dimensions: number, copied?: VectorSet) {
    this.dimensions = dimensions;
    this.ids = [...(copied?.ids ?? [])];
    this.rows = new Map(copied?.rows);
    this.data = copied?.data.slice() ?? new Int8Array(FIRST_CAPACITY * dimensions);
    this.lengths = copied?.lengths.slice() ?? new Float32Array(FIRST_CAPACITY);
  }

  clone(): VectorSet {
    return new VectorSet(this.dimensions, this);
  }

  get size(): number {
    return this.ids.length;
  }

  has(id: string): boolean {
    return this.rows.has(id);
  }

  /** A copy of the ids. */
  list(): string[] {
    return [...this.ids];
  }

  /** Stores or replaces a vector. Vectors of another length are a bug of the caller. */
  set(id: string, vector: Int8Array): void {
    if (vector.length !== this.dimensions) throw new Error(`a vector has ${vector.length} dimensions`);
    const row = this.rows.get(id) ?? this.append(id);
    this.data.set(vector, row * this.dimensions);
    this.lengths[row] = Math.sqrt(squareOf(vector));
  }

  /** A view of a stored vector, valid until the next change. */
  get(id: string): Int8Array | undefined {
    const row = this.rows.get(id);
    return row === undefined ? undefined : this.vectorAt(row);
  }

  /** Moves the last vector to the place of the deleted one. */
  delete(id: string): void {
    const row = this.rows.get(id);
    const lastId = this.ids.pop();
    if (row === undefined || lastId === undefined) {
      if (lastId !== undefined) this.ids.push(lastId);
      return;
    }
    this.rows.delete(id);
    if (lastId === id) return;
    const last = this.ids.length;
    this.ids[row] = lastId;
    this.rows.set(lastId, row);
    this.data.copyWithin(row * this.dimensions, last * this.dimensions, (last + 1) * this.dimensions);
    this.lengths[row] = this.lengths[last] ?? 0;
  }

  /** All vectors within `maxDistance` of `vector`, nearest first. */
  within(vector: ArrayLike<number>, maxDistance: number): Neighbour[] {
    const length = Math.sqrt(squareOf(vector));
    const found: Neighbour[] = [];
    for (let row = 0; row < this.ids.length; row += 1) {
      const distance = this.distanceAt(row, vector, length);
      const id = this.ids[row];
      if (distance <= maxDistance && id !== undefined) found.push({ id, distance });
    }
    return found.toSorted(byDistance);
  }

  /** The nearest `count` vectors within `maxDistance` whose ids are `wanted`, nearest first. */
  nearest(
    vector: ArrayLike<number>,
    count: number,
    wanted: (id: string) => boolean = () => true,
    maxDistance = 2,
  ): Neighbour[] {
    const length = Math.sqrt(squareOf(vector));
    let found: Neighbour[] = [];
    let limit = maxDistance;
    for (let row = 0; row < this.ids.length; row += 1) {
      const distance = this.distanceAt(row, vector, length);
      const id = this.ids[row];
      if (distance > limit || id === undefined || !wanted(id)) continue;
      found = [...found, { id, distance }].toSorted(byDistance).slice(0, count);
      if (found.length === count) limit = found[count - 1]?.distance ?? limit;
    }
    return found;
  }

  private vectorAt(row: number): Int8Array {
    return this.data.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }

  private distanceAt(row: number, vector: ArrayLike<number>, length: number): number {
    const { data, dimensions } = this;
    let dot = 0;
    for (let i = 0, at = row * dimensions; i < dimensions; i += 1, at += 1) dot += (data[at] ?? 0) * (vector[i] ?? 0);
    const product = length * (this.lengths[row] ?? 0);
    return product > 0 ? 1 - dot / product : 1;
  }

  private append(id: string): number {
    const row = this.ids.length;
    if (row === this.lengths.length) this.grow();
    this.ids.push(id);
    this.rows.set(id, row);
    return row;
  }

  private grow(): void {
    const data = new Int8Array(this.data.length * 2);
    data.set(this.data);
    this.data = data;
    const lengths = new Float32Array(this.lengths.length * 2);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }
}
