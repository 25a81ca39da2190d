/** Where the JPEG pictures of a CR3 and of a RAF lie. Doesn't look into them. */
import { boxesIn, findBox, type Box } from "../../inspect/bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { Stretch } from "./embeddedJpeg.ts";

/** Fujifilm's header is fixed: where its JPEG is stands at byte 84. */
export async function rafPreviews(source: ByteSource): Promise<Stretch[]> {
  const head = await source.read(84, 8);
  return head.length < 8 ? [] : [{ offset: viewOf(head).getUint32(0), length: viewOf(head).getUint32(4) }];
}

const previewUuid = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16";

/** A full-size JPEG as the only sample of a track, and a smaller one in a box of Canon's own. */
export async function cr3Previews(source: ByteSource): Promise<Stretch[]> {
  const top = await boxesIn(source, 0, source.sizeBytes);
  const stretches: Stretch[] = [];
  for (const box of top) {
    if (box.type === "uuid" && asciiAt(await source.read(box.start, 16), 0, 16) === previewUuid) {
      stretches.push(...(await boxedPreview(source, box)));
    }
  }
  const moov = findBox(top, "moov");
  for (const box of moov === undefined ? [] : await boxesIn(source, moov.start, moov.end)) {
    if (box.type !== "trak") continue;
    const sample = await onlySample(source, box);
    if (sample !== null) stretches.push(sample);
  }
  return stretches;
}

/** `PRVW` lies eight bytes into the box and has the size of its JPEG in front of it. */
async function boxedPreview(source: ByteSource, uuid: Box): Promise<Stretch[]> {
  const box = findBox(await boxesIn(source, uuid.start + 24, uuid.end), "PRVW");
  if (box === undefined) return [];
  const head = await source.read(box.start, 16);
  return head.length < 16 ? [] : [{ offset: box.start + 16, length: viewOf(head).getUint32(12) }];
}

async function boxAt(source: ByteSource, start: Box, path: string[]): Promise<Box | null> {
  let box = start;
  for (const type of path) {
    const inner = findBox(await boxesIn(source, box.start, box.end), type);
    if (inner === undefined) return null;
    box = inner;
  }
  return box;
}

/** Sizes: version and flags, the common size, the count, then one size each where the common one is 0. */
async function onlySample(source: ByteSource, track: Box): Promise<Stretch | null> {
  const table = await boxAt(source, track, ["mdia", "minf", "stbl"]);
  if (table === null) return null;
  const boxes = await boxesIn(source, table.start, table.end);
  const [sizes, offsets] = [findBox(boxes, "stsz"), findBox(boxes, "co64")];
  if (sizes === undefined || offsets === undefined) return null;
  const size = viewOf(await source.read(sizes.start, 16));
  const offset = viewOf(await source.read(offsets.start, 16));
  if (size.byteLength < 12 || offset.byteLength < 16) return null;
  const common = size.getUint32(4);
  const length = common !== 0 || size.byteLength < 16 ? common : size.getUint32(12);
  return { offset: offset.getUint32(8) * 2 ** 32 + offset.getUint32(12), length };
}
