/** Lists the fragments of a fragmented MP4 that begin with a key frame; ISO/IEC 14496-12 §8.8.10 and §8.16.3. */
import { type Box, findBox, readBoxes } from "../../../bytes/bmffBoxes.ts";
import type { ByteSource } from "../../../bytes/byteSource.ts";
import { asciiAt, viewOf } from "../../../bytes/bytes.ts";

/** `mfro` ends the file and stores the size of the `mfra` index before it. */
const MFRO_BYTES = 16;
/** Indexes of 16,000 fragments. */
const MAX_INDEX_BYTES = 256 * 1024;
const MAX_INDEX_BOXES = 32;
const MOOF_HEAD_BYTES = 8;

async function readIndex(source: ByteSource, { start, end }: Box): Promise<DataView> {
  return viewOf(await source.read(start, Math.min(end - start, MAX_INDEX_BYTES)));
}

/** Reads `tfra`: a time and the offset of a fragment for each key frame. */
function randomAccessOffsets(view: DataView): number[] {
  const is64Bit = view.getUint8(0) === 1;
  const widths = view.getUint32(8);
  const numbersBytes = ((widths >> 4) & 3) + ((widths >> 2) & 3) + (widths & 3) + 3;
  const entryBytes = (is64Bit ? 16 : 8) + numbersBytes;
  const offsets: number[] = [];
  const count = view.getUint32(12);
  for (let at = 16; offsets.length < count && at + entryBytes <= view.byteLength; at += entryBytes)
    offsets.push(is64Bit ? Number(view.getBigUint64(at + 8)) : view.getUint32(at + 4));
  return offsets;
}

async function readRandomAccess(source: ByteSource, trackId: number): Promise<number[]> {
  const trailer = await source.read(source.sizeBytes - MFRO_BYTES, MFRO_BYTES);
  if (trailer.length < MFRO_BYTES || asciiAt(trailer, 4, 4) !== "mfro") return [];
  const start = source.sizeBytes - viewOf(trailer).getUint32(12);
  const index = findBox(await readBoxes(source, start, source.sizeBytes, 1), "mfra");
  for (const box of index === undefined ? [] : await readBoxes(source, index.start, index.end, MAX_INDEX_BOXES)) {
    if (box.type !== "tfra") continue;
    const view = await readIndex(source, box);
    if (view.byteLength >= 16 && view.getUint32(4) === trackId) return randomAccessOffsets(view);
  }
  return [];
}

/** Reads `sidx`, whose offsets count from its end; those of other indexes are skipped. */
async function readSegmentIndex(source: ByteSource, top: Box[]): Promise<number[]> {
  const box = findBox(top, "sidx");
  const view = box === undefined ? null : await readIndex(source, box);
  if (box === undefined || view === null || view.byteLength < 32) return [];
  const is64Bit = view.getUint8(0) === 1;
  let next = box.end + (is64Bit ? Number(view.getBigUint64(20)) : view.getUint32(16));
  const at = is64Bit ? 28 : 20;
  const count = view.getUint16(at + 2);
  const offsets: number[] = [];
  for (let entry = at + 4; entry + 12 <= Math.min(view.byteLength, at + 4 + count * 12); entry += 12) {
    const size = view.getUint32(entry);
    if (size < 2 ** 31) offsets.push(next);
    next += size % 2 ** 31;
  }
  return offsets;
}

/** Returns offsets of fragments: of an index of the file, else of the first fragments. */
export async function fragmentOffsets(source: ByteSource, top: Box[], trackId: number): Promise<number[]> {
  const randomAccess = await readRandomAccess(source, trackId);
  if (randomAccess.length > 0) return randomAccess;
  const segments = await readSegmentIndex(source, top);
  if (segments.length > 0) return segments;
  return top.filter(({ type }) => type === "moof").map(({ start }) => start - MOOF_HEAD_BYTES);
}
