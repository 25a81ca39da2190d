/** What clustering remembers of a library: the exact sum of each person's faces, and faces that wait for a person. */
import { addTo, quantize, squareOf } from "./int8Vectors.ts";
import { VectorSet } from "./vectorSet.ts";

export interface PersonSum {
  /** Component-wise sum of the int8 vectors of the person's faces. */
  sum: Int32Array;
  /** Sum of the squares of all components of these vectors. */
  squareSum: number;
  faceCount: number;
}

/** Faces without a person that clustering may assign, and the people that each must not join. */
export interface WaitingFace {
  faceId: string;
  vector: Int8Array;
  rejectedPersonIds: readonly string[];
}

export class ClusterSpace {
  readonly dimensions: number;
  /** Centroids by person. */
  readonly people: VectorSet;
  /** Vectors by face. */
  readonly waiting: VectorSet;
  private readonly sums: Map<string, PersonSum>;
  private readonly rejections: Map<string, readonly string[]>;

  constructor(dimensions: number, copied?: ClusterSpace) {
    this.dimensions = dimensions;
    this.people = copied?.people.clone() ?? new VectorSet(dimensions);
    this.waiting = copied?.waiting.clone() ?? new VectorSet(dimensions);
    this.sums = new Map(copied?.sums);
    this.rejections = new Map(copied?.rejections);
  }

  /** A copy that changes independently. Sums are shared: they are replaced, never changed. */
  clone(): ClusterSpace {
    return new ClusterSpace(this.dimensions, this);
  }

  /** Bytes of its vectors: a sum has four bytes a dimension, a centroid and a waiting face one. */
  get sizeBytes(): number {
    return this.dimensions * (5 * this.people.size + this.waiting.size);
  }

  sumOf(personId: string): PersonSum | undefined {
    return this.sums.get(personId);
  }

  setPerson(personId: string, person: PersonSum): void {
    if (person.faceCount === 0) return this.deletePerson(personId);
    this.sums.set(personId, person);
    this.people.set(personId, quantize(person.sum));
  }

  deletePerson(personId: string): void {
    this.sums.delete(personId);
    this.people.delete(personId);
  }

  setWaiting({ faceId, vector, rejectedPersonIds }: WaitingFace): void {
    this.waiting.set(faceId, vector);
    if (rejectedPersonIds.length > 0) this.rejections.set(faceId, rejectedPersonIds);
    else this.rejections.delete(faceId);
  }

  deleteWaiting(faceId: string): void {
    this.waiting.delete(faceId);
    this.rejections.delete(faceId);
  }

  isRejected(faceId: string, personId: string): boolean {
    return this.rejections.get(faceId)?.includes(personId) ?? false;
  }

  /** Drops the oldest waiting faces, whose ids sort first, beyond a number. */
  keepNewestWaiting(count: number): void {
    if (this.waiting.size <= count) return;
    const ids = this.waiting.list().toSorted();
    for (const id of ids.slice(0, ids.length - count)) this.deleteWaiting(id);
  }

  /** Moves a waiting face to a person, who may be new. */
  assign(faceId: string, personId: string): void {
    const vector = this.waiting.get(faceId);
    if (vector === undefined) throw new Error("only waiting faces are assigned");
    const before = this.sums.get(personId);
    const sum = before === undefined ? new Int32Array(this.dimensions) : before.sum.slice();
    addTo(sum, vector);
    const squareSum = (before?.squareSum ?? 0) + squareOf(vector);
    this.setPerson(personId, { sum, squareSum, faceCount: (before?.faceCount ?? 0) + 1 });
    this.deleteWaiting(faceId);
  }
}
