/** Locates the JPEG previews of CR3 and RAF files. */
import { readBoxes, findBox, type Box } from "../../inspect/bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteRange, ByteSource } from "../../inspect/bytes/byteSource.ts";

/** Fujifilm's fixed header stores offset and length of the JPEG at byte 84. */
export async function rafPreviews(source: ByteSource): Promise<ByteRange[]> {
  const head = await source.read(84, 8);
  return head.length < 8 ? [] : [{ offset: viewOf(head).getUint32(0), length: viewOf(head).getUint32(4) }];
}

const PREVIEW_UUID = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16";

/** Finds the small JPEG in Canon's `PRVW` box and the full-size one, a track with a single sample. */
export async function cr3Previews(source: ByteSource): Promise<ByteRange[]> {
  const top = await readBoxes(source, 0, source.sizeBytes);
  const ranges: ByteRange[] = [];
  for (const box of top) {
    if (box.type === "uuid" && asciiAt(await source.read(box.start, 16), 0, 16) === PREVIEW_UUID) {
      ranges.push(...(await canonPreview(source, box)));
    }
  }
  const moov = findBox(top, "moov");
  for (const box of moov === undefined ? [] : await readBoxes(source, moov.start, moov.end)) {
    if (box.type !== "trak") continue;
    const sample = await firstSample(source, box);
    if (sample !== null) ranges.push(sample);
  }
  return ranges;
}

/** `PRVW` starts eight bytes into the `uuid` box; the JPEG follows its size. */
async function canonPreview(source: ByteSource, uuid: Box): Promise<ByteRange[]> {
  const box = findBox(await readBoxes(source, uuid.start + 24, uuid.end), "PRVW");
  if (box === undefined) return [];
  const head = await source.read(box.start, 16);
  return head.length < 16 ? [] : [{ offset: box.start + 16, length: viewOf(head).getUint32(12) }];
}

async function findNestedBox(source: ByteSource, start: Box, path: string[]): Promise<Box | null> {
  let box = start;
  for (const type of path) {
    const inner = findBox(await readBoxes(source, box.start, box.end), type);
    if (inner === undefined) return null;
    box = inner;
  }
  return box;
}

/** `stsz` is version and flags, common size, count, then one size per sample if the common size is 0. */
async function firstSample(source: ByteSource, track: Box): Promise<ByteRange | null> {
  const table = await findNestedBox(source, track, ["mdia", "minf", "stbl"]);
  if (table === null) return null;
  const boxes = await readBoxes(source, table.start, table.end);
  const [sizes, offsets] = [findBox(boxes, "stsz"), findBox(boxes, "co64")];
  if (sizes === undefined || offsets === undefined) return null;
  const size = viewOf(await source.read(sizes.start, 16));
  const offset = viewOf(await source.read(offsets.start, 16));
  if (size.byteLength < 12 || offset.byteLength < 16) return null;
  const common = size.getUint32(4);
  const length = common !== 0 || size.byteLength < 16 ? common : size.getUint32(12);
  return { offset: offset.getUint32(8) * 2 ** 32 + offset.getUint32(12), length };
}
