/** What can be said of a HEIF file without decoding it: whether it is AVIF, and whether all its bytes are there. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import { boxesIn, findBox } from "../../inspect/bytes/bmffBoxes.ts";
import { startsWith } from "../../inspect/bytes/bytes.ts";
import { readLocations } from "../../inspect/containers/heifItems.ts";
import { memorySource, type ByteSource } from "../../inspect/bytes/byteSource.ts";

const budgetBytes = 2 * 1024 * 1024;
const longestTables = 1024 * 1024;

const brokenTables = "the file's tables are broken or cut short";

/** What is wrong; null where nothing is. */
export async function findHeifDamage(file: ByteSource): Promise<string | null> {
  try {
    return await damageIn(boundedSource(file, budgetBytes));
  } catch (error) {
    // What the tables say does not fit into them. A source that can't be read has another failure.
    if (error instanceof RangeError) return brokenTables;
    throw error;
  }
}

async function damageIn(source: ByteSource): Promise<string | null> {
  const box = findBox(await boxesIn(source, 0, source.sizeBytes), "meta");
  if (box === undefined) return "the file has no tables of what is in it: it is cut short or no HEIF";
  const bytes = await source.read(box.start + 4, Math.min(box.end - box.start - 4, longestTables));
  const meta = memorySource(bytes);
  const boxes = await boxesIn(meta, 0, meta.sizeBytes);
  // A box that claims more than there is was given the end of the file as its own.
  if (findBox(boxes, "iloc") === undefined) return brokenTables;
  const locations = await readLocations(meta, boxes);
  for (const { method, extents } of locations.values()) {
    const isBeyond = extents.some(({ offset, length }) => offset + length > source.sizeBytes);
    if (method === 0 && isBeyond) return "the file is cut short: parts of the picture lie behind its end";
  }
  return null;
}

/** `avif` for a picture, `avis` for a sequence. */
export function isAvifBrand(head: Uint8Array): boolean {
  return startsWith(head, "avif", 8) || startsWith(head, "avis", 8);
}
