/**
 * Vectors as signed bytes, and blocks of them. A byte is the component divided by the largest one, times 127; the angle
 * between two vectors changes by less than a degree.
 */

const MAX_BYTE = 127;

/** Rounds a vector to signed bytes. */
export function toBytes(vector: Float32Array): Int8Array {
  const largest = vector.reduce((max, component) => Math.max(max, Math.abs(component)), 0);
  const scale = largest > 0 ? MAX_BYTE / largest : 0;
  return Int8Array.from(vector, (component) => Math.round(component * scale));
}

/** Base64 of a vector's bytes. */
export function encodeVector(vector: Float32Array): string {
  const bytes = toBytes(vector);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).toBase64();
}

/** The bytes of `encodeVector`. */
export function decodeVector(data: string): Int8Array {
  const bytes = Uint8Array.fromBase64(data);
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The reciprocal of a vector's length; 0 for the zero vector. */
export function inverseNorm(vector: Int8Array): number {
  let sum = 0;
  for (const component of vector) sum += component * component;
  return sum === 0 ? 0 : 1 / Math.sqrt(sum);
}

/** Vectors of one space, in the order of their numbers. */
export interface VectorColumns {
  dimensions: number;
  /** The number of each vector is `baseSeq` plus its offset. */
  baseSeq: number;
  seqOffsets: Uint32Array;
  inverseNorms: Float32Array;
  /** One vector after the other. */
  components: Int8Array;
}

/** "TTV1" in little-endian order. */
const MAGIC = 0x31_56_54_54;
const HEADER_BYTES = 24;
const BYTES_PER_VECTOR_BESIDES = 8;

export interface NumberedVector {
  seq: number;
  data: string;
}

/** Encodes vectors as a block. Those with another number of bytes are left out. */
export function encodeBlock(vectors: readonly NumberedVector[], dimensions: number): ArrayBuffer {
  const decoded = vectors.flatMap(({ seq, data }) => {
    const components = decodeVector(data);
    return components.length === dimensions ? [{ seq, components }] : [];
  });
  const count = decoded.length;
  const baseSeq = decoded[0]?.seq ?? 0;
  const buffer = new ArrayBuffer(HEADER_BYTES + count * (BYTES_PER_VECTOR_BESIDES + dimensions));
  new Uint32Array(buffer, 0, 4).set([MAGIC, count, dimensions, 0]);
  new Float64Array(buffer, 16, 1).set([baseSeq]);
  const columns = columnsOf(buffer, count, dimensions, baseSeq);
  decoded.forEach(({ seq, components }, index) => {
    columns.seqOffsets[index] = seq - baseSeq;
    columns.inverseNorms[index] = inverseNorm(components);
    columns.components.set(components, index * dimensions);
  });
  return buffer;
}

function columnsOf(buffer: ArrayBuffer, count: number, dimensions: number, baseSeq: number): VectorColumns {
  return {
    dimensions,
    baseSeq,
    seqOffsets: new Uint32Array(buffer, HEADER_BYTES, count),
    inverseNorms: new Float32Array(buffer, HEADER_BYTES + 4 * count, count),
    components: new Int8Array(buffer, HEADER_BYTES + BYTES_PER_VECTOR_BESIDES * count, count * dimensions),
  };
}

/** @throws {Error} if the bytes are no block. */
export function decodeBlock(buffer: ArrayBuffer): VectorColumns {
  if (buffer.byteLength < HEADER_BYTES) throw new Error("a block of vectors is cut off");
  const [magic, count = 0, dimensions = 0] = new Uint32Array(buffer, 0, 4);
  const length = HEADER_BYTES + count * (BYTES_PER_VECTOR_BESIDES + dimensions);
  if (magic !== MAGIC || buffer.byteLength !== length) throw new Error("a block of vectors is malformed");
  const [baseSeq = 0] = new Float64Array(buffer, 16, 1);
  return columnsOf(buffer, count, dimensions, baseSeq);
}
