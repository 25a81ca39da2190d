import { type Box, readBoxes, findBox } from "../bytes/bmffBoxes.ts";
import { asciiAt, concat, inflate, viewOf } from "../bytes/bytes.ts";
import { type ByteSource, memorySource } from "../bytes/byteSource.ts";
import { toExifBlock } from "../exif/exifBlock.ts";
import { type ItemLocation, readItems, readLocations, readPrimaryId, readProperties } from "./heifItems.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "./imageContent.ts";

const MAX_BLOCKS = 8;

/** Reads the size and rotation of the primary image of a HEIC or AVIF file, and its EXIF, XMP and profile (ISO/IEC 23008-12). */
export async function readHeif(source: ByteSource, content: ImageContent): Promise<void> {
  const top = await readBoxes(source, 0, source.sizeBytes);
  const outer = findBox(top, "meta");
  if (outer !== undefined && outer.end - outer.start <= MAX_BLOCK_BYTES) await readMeta(source, outer, content);
  if (content.rawWidth === 0) await readTrackSize(source, findBox(top, "moov"), content);
}

async function readMeta(source: ByteSource, outer: Box, content: ImageContent): Promise<void> {
  // The tables have many small fields: one read into memory. `meta` is a FullBox, with version and flags first.
  const meta = memorySource(await source.read(outer.start + 4, outer.end - outer.start - 4));
  const boxes = await readBoxes(meta, 0, meta.sizeBytes);
  const properties = await readProperties(meta, boxes, await readPrimaryId(meta, boxes));
  await applyProperties(meta, properties.own, content);
  // In Apple's grids only the tiles have a profile.
  for (const box of properties.all) {
    if (box.type === "colr") content.icc ??= iccProfileOf(await readProperty(meta, box));
  }
  await readBlocks(source, meta, boxes, content);
}

/** An image sequence may have a track only. The size at the end of its header is in 16.16 fixed point. */
async function readTrackSize(source: ByteSource, moov: Box | undefined, content: ImageContent): Promise<void> {
  const track = findBox(await readBoxes(source, moov?.start ?? 0, moov?.end ?? 0), "trak");
  const header = findBox(await readBoxes(source, track?.start ?? 0, track?.end ?? 0), "tkhd");
  if (header === undefined || header.end - header.start < 8) return;
  const size = viewOf(await source.read(header.end - 8, 8));
  content.rawWidth = size.getUint32(0) >>> 16;
  content.rawHeight = size.getUint32(4) >>> 16;
}

/** HEIF readers apply `irot` and `imir` and ignore the EXIF orientation, which repeats them. */
async function applyProperties(meta: ByteSource, properties: Box[], content: ImageContent): Promise<void> {
  content.swapsAxes = false;
  for (const box of properties) {
    const bytes = await readProperty(meta, box);
    if (box.type === "ispe" && content.rawWidth === 0) {
      content.rawWidth = viewOf(bytes).getUint32(4);
      content.rawHeight = viewOf(bytes).getUint32(8);
    } else if (box.type === "irot" && (bytes[0] ?? 0) % 2 === 1) {
      content.swapsAxes = !content.swapsAxes;
    } else if (box.type === "clap" && bytes.length >= 16) {
      content.crop = cropOf(viewOf(bytes));
    } else if (box.type === "colr") {
      content.icc ??= iccProfileOf(bytes);
    }
  }
}

function readProperty(meta: ByteSource, box: Box): Promise<Uint8Array> {
  return meta.read(box.start, box.end - box.start);
}

function iccProfileOf(colour: Uint8Array): Uint8Array | null {
  return ["prof", "rICC"].includes(asciiAt(colour, 0, 4)) ? colour.slice(4) : null;
}

function cropOf(view: DataView): ImageContent["crop"] {
  const width = Math.round(view.getUint32(0) / view.getUint32(4));
  const height = Math.round(view.getUint32(8) / view.getUint32(12));
  return width > 0 && height > 0 ? { width, height } : null;
}

async function readBlocks(source: ByteSource, meta: ByteSource, boxes: Box[], content: ImageContent): Promise<void> {
  const locations = await readLocations(meta, boxes);
  const idat = findBox(boxes, "idat");
  for (const [id, item] of await readItems(meta, boxes)) {
    const isXmp = item.type === "mime" && item.contentType === "application/rdf+xml";
    const location = locations.get(id);
    // Items may share the same bytes, so the number of blocks is unrelated to the file size.
    if (content.xmp.length + content.exif.length >= MAX_BLOCKS) break;
    if (location === undefined || !(isXmp || item.type === "Exif")) continue;
    const stored = await readItem(source, meta, idat, location);
    const bytes = item.contentEncoding === "deflate" ? await inflate(stored, MAX_BLOCK_BYTES) : stored;
    if (bytes === null) continue;
    if (isXmp) content.xmp.push(bytes);
    else if (bytes.length > 4) content.exif.push(toExifBlock(bytes, 4 + viewOf(bytes).getUint32(0)));
  }
}

async function readItem(
  source: ByteSource,
  meta: ByteSource,
  idat: Box | undefined,
  { method, extents }: ItemLocation,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const { offset, length } of extents) {
    const requested = length === 0 ? MAX_BLOCK_BYTES : length;
    if (method > 1 || total + requested > MAX_BLOCK_BYTES) break;
    const part =
      method === 0
        ? await source.read(offset, requested)
        : await meta.read((idat?.start ?? meta.sizeBytes) + offset, requested);
    parts.push(part.slice());
    total += part.length;
  }
  return concat(parts);
}
