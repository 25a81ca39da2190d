/** HEIF (HEIC, AVIF): the size and the turn of the primary picture, and its EXIF, XMP and profile. */
import { type Box, boxesIn, findBox } from "../bytes/bmffBoxes.ts";
import { asciiAt, concatenated, inflated, viewOf } from "../bytes/bytes.ts";
import { type ByteSource, memorySource } from "../bytes/byteSource.ts";
import { exifBlock } from "../exif/exifBlock.ts";
import { type ItemLocation, readItems, readLocations, readPrimaryId, readProperties } from "./heifItems.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

const mostBlocks = 8;

export async function readHeif(source: ByteSource, content: StillContent): Promise<void> {
  const top = await boxesIn(source, 0, source.sizeBytes);
  const outer = findBox(top, "meta");
  if (outer !== undefined && outer.end - outer.start <= longestBlockBytes) await readMeta(source, outer, content);
  if (content.rawWidth === 0) await readTrackSize(source, findBox(top, "moov"), content);
}

async function readMeta(source: ByteSource, outer: Box, content: StillContent): Promise<void> {
  // The tables are many small numbers: one read, then memory. `meta` opens with version and flags.
  const meta = memorySource(await source.read(outer.start + 4, outer.end - outer.start - 4));
  const boxes = await boxesIn(meta, 0, meta.sizeBytes);
  const properties = await readProperties(meta, boxes, await readPrimaryId(meta, boxes));
  await applyProperties(meta, properties.own, content);
  // Apple's grids leave the profile to their tiles.
  for (const box of properties.all) {
    if (box.type === "colr") content.icc ??= profileIn(await propertyBytes(meta, box));
  }
  await readBlocks(source, meta, boxes, content);
}

/** A sequence need not have a picture beside its track: whose header ends with the size, 16 bits before the point and 16 behind. */
async function readTrackSize(source: ByteSource, moov: Box | undefined, content: StillContent): Promise<void> {
  const track = findBox(await boxesIn(source, moov?.start ?? 0, moov?.end ?? 0), "trak");
  const header = findBox(await boxesIn(source, track?.start ?? 0, track?.end ?? 0), "tkhd");
  if (header === undefined || header.end - header.start < 8) return;
  const size = viewOf(await source.read(header.end - 8, 8));
  content.rawWidth = size.getUint32(0) >>> 16;
  content.rawHeight = size.getUint32(4) >>> 16;
}

/**
 * `irot` and `imir` are how the picture is turned: HEIF readers apply them and leave EXIF's orientation,
 * which says the same a second time, alone.
 */
async function applyProperties(meta: ByteSource, properties: Box[], content: StillContent): Promise<void> {
  content.swapsAxes = false;
  for (const box of properties) {
    const bytes = await propertyBytes(meta, box);
    if (box.type === "ispe" && content.rawWidth === 0) {
      content.rawWidth = viewOf(bytes).getUint32(4);
      content.rawHeight = viewOf(bytes).getUint32(8);
    } else if (box.type === "irot" && (bytes[0] ?? 0) % 2 === 1) {
      content.swapsAxes = !content.swapsAxes;
    } else if (box.type === "clap" && bytes.length >= 16) {
      content.crop = cropOf(viewOf(bytes));
    } else if (box.type === "colr") {
      content.icc ??= profileIn(bytes);
    }
  }
}

function propertyBytes(meta: ByteSource, box: Box): Promise<Uint8Array> {
  return meta.read(box.start, box.end - box.start);
}

function profileIn(colour: Uint8Array): Uint8Array | null {
  return ["prof", "rICC"].includes(asciiAt(colour, 0, 4)) ? colour.slice(4) : null;
}

function cropOf(view: DataView): StillContent["crop"] {
  const width = Math.round(view.getUint32(0) / view.getUint32(4));
  const height = Math.round(view.getUint32(8) / view.getUint32(12));
  return width > 0 && height > 0 ? { width, height } : null;
}

async function readBlocks(source: ByteSource, meta: ByteSource, boxes: Box[], content: StillContent): Promise<void> {
  const locations = await readLocations(meta, boxes);
  const idat = findBox(boxes, "idat");
  for (const [id, item] of await readItems(meta, boxes)) {
    const isXmp = item.type === "mime" && item.contentType === "application/rdf+xml";
    const location = locations.get(id);
    // Any number of items may lie in the same bytes.
    if (content.xmp.length + content.tiff.length >= mostBlocks) break;
    if (location === undefined || !(isXmp || item.type === "Exif")) continue;
    const held = await readItem(source, meta, idat, location);
    const bytes = item.contentEncoding === "deflate" ? await inflated(held, longestBlockBytes) : held;
    if (bytes === null) continue;
    if (isXmp) content.xmp.push(bytes);
    else if (bytes.length > 4) content.tiff.push(exifBlock(bytes, 4 + viewOf(bytes).getUint32(0)));
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
    const wanted = length === 0 ? longestBlockBytes : length;
    if (method > 1 || total + wanted > longestBlockBytes) break;
    const part =
      method === 0
        ? await source.read(offset, wanted)
        : await meta.read((idat?.start ?? meta.sizeBytes) + offset, wanted);
    parts.push(part.slice());
    total += part.length;
  }
  return concatenated(parts);
}
