import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, concat, viewOf } from "../../bytes/bytes.ts";
import { type ByteSource, memorySource } from "../../bytes/byteSource.ts";
import { inflateBlock } from "../../bytes/decompression.ts";
import { type InspectionBudget, READ_COST_BYTES } from "../../bytes/inspectionBudget.ts";
import { toExifBlock } from "../../exif/exifBlock.ts";
import {
  type HeifItem,
  type ItemLocation,
  readDescribingIds,
  readItems,
  readLocations,
  readPrimaryId,
  readProperties,
} from "./heifItems.ts";
import { type ImageContent, MAX_BLOCK_BYTES, MAX_EXIF_BLOCKS, MAX_XMP_PACKETS } from "../imageContent.ts";

const XMP_TYPE = "application/rdf+xml";

/**
 * Reads the size and rotation of the primary image of a HEIC or AVIF file, and its EXIF, XMP and profile (ISO/IEC
 * 23008-12).
 */
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
  const primaryId = await readPrimaryId(meta, boxes);
  const properties = await readProperties(meta, boxes, primaryId);
  await applyProperties(meta, properties.ofItem, content);
  // In Apple's grids only the tiles have a profile.
  for (const box of properties.all) {
    if (box.type === "colr") content.icc ??= iccProfileOf(await readProperty(meta, box));
  }
  await readBlocks(source, meta, boxes, primaryId, content);
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

/**
 * Reads the EXIF items, then the XMP items, of the primary image before those of others: iPhones store up to ten XMP
 * items, for mattes, gain map and depth, before the EXIF.
 */
async function readBlocks(
  source: ByteSource,
  meta: ByteSource,
  boxes: Box[],
  primaryId: number | null,
  content: ImageContent,
): Promise<void> {
  const items = await readItems(meta, boxes);
  const file: ItemFile = { source, meta, idat: findBox(boxes, "idat"), locations: await readLocations(meta, boxes) };
  const describing = await readDescribingIds(meta, boxes, primaryId);
  const idsOf = (isWanted: (item: HeifItem) => boolean): number[] => {
    const ids = [...items].filter(([, item]) => isWanted(item)).map(([id]) => id);
    return [...ids.filter((id) => describing.has(id)), ...ids.filter((id) => !describing.has(id))];
  };
  const read = async (id: number) => await readItem(file, id, items.get(id), content.budget);
  for (const id of idsOf(({ type }) => type === "Exif")) {
    if (content.exif.length === MAX_EXIF_BLOCKS) break;
    const bytes = await read(id);
    if (bytes !== null && bytes.length > 4) content.exif.push(toExifBlock(bytes, 4 + viewOf(bytes).getUint32(0)));
  }
  for (const id of idsOf(({ type, contentType }) => type === "mime" && contentType === XMP_TYPE)) {
    if (content.xmp.length === MAX_XMP_PACKETS) break;
    const bytes = await read(id);
    if (bytes !== null) content.xmp.push(bytes);
  }
}

interface ItemFile {
  source: ByteSource;
  meta: ByteSource;
  idat: Box | undefined;
  locations: Map<number, ItemLocation>;
}

/** Items may share the same bytes, so each copy is charged, and each attempt to inflate one. */
async function readItem(
  { source, meta, idat, locations }: ItemFile,
  id: number,
  item: HeifItem | undefined,
  budget: InspectionBudget,
): Promise<Uint8Array | null> {
  const { method, extents } = locations.get(id) ?? { method: 0, extents: [] };
  const parts: Uint8Array[] = [];
  let total = 0;
  for (const { offset, length } of extents) {
    const requested = length === 0 ? MAX_BLOCK_BYTES : length;
    if (method > 1 || total + requested > MAX_BLOCK_BYTES || !budget.spend(READ_COST_BYTES + requested)) break;
    const part =
      method === 0
        ? await source.read(offset, requested)
        : await meta.read((idat?.start ?? meta.sizeBytes) + offset, requested);
    parts.push(part.slice());
    total += part.length;
  }
  const stored = concat(parts);
  return item?.contentEncoding === "deflate" ? await inflateBlock(stored, MAX_BLOCK_BYTES, budget) : stored;
}
