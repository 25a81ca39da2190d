/** Checks a HEIF file without decoding it. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import { inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import { readBoxes, findBox } from "../../inspect/bytes/bmffBoxes.ts";
import { startsWith } from "../../inspect/bytes/bytes.ts";
import { readLocations } from "../../inspect/containers/heif/heifItems.ts";
import { memorySource, type ByteSource } from "../../inspect/bytes/byteSource.ts";

const BUDGET_BYTES = 2 * 1024 * 1024;
const MAX_META_BYTES = 1024 * 1024;

const DAMAGED_META = "the file's meta box is damaged or truncated";

/** Describes the damage of a truncated or malformed file; null for an intact one. */
export async function findHeifDamage(file: ByteSource): Promise<string | null> {
  try {
    return await findDamage(boundedSource(file, BUDGET_BYTES, inspectionBudget()));
  } catch (error) {
    // A RangeError means that values point past the end of a box. Read errors of the source are rethrown.
    if (error instanceof RangeError) return DAMAGED_META;
    throw error;
  }
}

async function findDamage(source: ByteSource): Promise<string | null> {
  const box = findBox(await readBoxes(source, 0, source.sizeBytes), "meta");
  if (box === undefined) return "the file has no meta box: it is truncated or not a HEIF";
  const bytes = await source.read(box.start + 4, Math.min(box.end - box.start - 4, MAX_META_BYTES));
  const meta = memorySource(bytes);
  const boxes = await readBoxes(meta, 0, meta.sizeBytes);
  // `readBoxes` cuts a box that is longer than the file, so a missing `iloc` means truncation.
  if (findBox(boxes, "iloc") === undefined) return DAMAGED_META;
  const locations = await readLocations(meta, boxes);
  for (const { method, extents } of locations.values()) {
    const isTruncated = extents.some(({ offset, length }) => offset + length > source.sizeBytes);
    if (method === 0 && isTruncated) return "the file is truncated: it ends before its image data";
  }
  return null;
}

/** Checks the major brand: `avif` for an image, `avis` for a sequence. */
export function isAvifBrand(head: Uint8Array): boolean {
  return startsWith(head, "avif", 8) || startsWith(head, "avis", 8);
}

/** Types of the auxiliary image that holds the transparency: ISO/IEC 23008-12 §6.6.2.1.1, and of HEVC before it. */
export const ALPHA_TYPES = ["urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1"];

/** Whether a HEIC or AVIF has a transparency plane, which the decoders to JPEG composite on white. */
export async function hasAlphaPlane(file: ByteSource): Promise<boolean> {
  const head = await file.read(0, Math.min(file.sizeBytes, MAX_META_BYTES));
  const text = new TextDecoder("latin1").decode(head);
  return ALPHA_TYPES.some((type) => text.includes(`${type}\0`));
}

/** Holds the item types of grids with hundreds of tiles. */
export const HEIF_HEAD_BYTES = 16 * 1024;

/** Whether the primary image of a HEIF is probably a grid, whose tiles are decoded one by one. */
export function isTiledHeif(head: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(head.subarray(0, HEIF_HEAD_BYTES)).includes("grid\0");
}
