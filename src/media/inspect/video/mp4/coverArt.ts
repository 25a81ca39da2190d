import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import type { ByteRange, ByteSource } from "../../bytes/byteSource.ts";
import { readMetaBoxes } from "./itemList.ts";

async function childBoxes(source: ByteSource, boxes: Box[], type: string): Promise<Box[]> {
  const box = findBox(boxes, type);
  return box === undefined ? [] : await readBoxes(source, box.start, box.end);
}

/** Locates the first `covr` in `moov/udta/meta/ilst`. */
export async function findMovieCover(source: ByteSource): Promise<ByteRange | null> {
  const movie = await childBoxes(source, await readBoxes(source, 0, source.sizeBytes), "moov");
  const meta = findBox(await childBoxes(source, movie, "udta"), "meta");
  const values = meta === undefined ? [] : await childBoxes(source, await readMetaBoxes(source, meta), "ilst");
  const data = findBox(await childBoxes(source, values, "covr"), "data");
  if (data === undefined) return null;
  // A `data` box starts with a 4-byte type and a 4-byte locale.
  return { offset: data.start + 8, length: data.end - data.start - 8 };
}
