/** Makers' notes: Apple's ids, and the lens where a maker writes its name out. Numbers that only a maker's list explains are not read. */
import { startsWith, viewOf } from "../bytes/bytes.ts";
import { section } from "../bytes/boundedSource.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type TiffDirectory, type TiffEntry, readDirectory, readIntegers, readValue } from "../tiff/tiffDirectory.ts";
import { textOf } from "../tiff/tiffValue.ts";
import { tidyText } from "../metadata/normalize.ts";

export interface MakerNote {
  contentIdentifier: string | null;
  burstIdentifier: string | null;
  lensModel: string | null;
}

/** Where a note's directory is, and what its offsets count from. */
interface NoteBlock {
  block: ByteSource;
  at: number;
  littleEndian: boolean;
}

const longestTextBytes = 256;
const headBytes = 16;

const appleTags = { burst: 0x0b, content: 0x11 } as const;
/** LensModel of Canon, LensType of Panasonic. */
const lensTags = { canon: 0x95, panasonic: 0x51 } as const;
/** The directory of the camera's parts, and the lens in it. */
const olympusTags = { equipment: 0x2010, lensModel: 0x203 } as const;
const undefinedType = 7;

async function openBlock({ block, at, littleEndian }: NoteBlock): Promise<(tag: number) => Promise<string | null>> {
  const directory = await readDirectory(block, at, { littleEndian, isBig: false });
  return async (tag) => await textIn(block, directory, tag, littleEndian);
}

async function textIn(
  block: ByteSource,
  directory: TiffDirectory | null,
  tag: number,
  littleEndian: boolean,
): Promise<string | null> {
  const entry = directory?.entries.get(tag);
  const bytes = await readValue(block, entry, longestTextBytes);
  return bytes === null || entry === undefined ? null : tidyText(textOf({ type: entry.type, bytes, littleEndian }));
}

/** Offsets count from the note's own start; its byte order stands at `orderAt`. */
function ownBlock(source: ByteSource, entry: TiffEntry, head: Uint8Array, orderAt: number, at: number): NoteBlock {
  const littleEndian = viewOf(head).getUint16(orderAt) === 0x4949;
  return { block: section(source, entry.at, entry.sizeBytes), at, littleEndian };
}

/** The parts are a directory behind a pointer, or, of older cameras, the bytes of the value. */
async function olympusLens({ block, at, littleEndian }: NoteBlock): Promise<string | null> {
  const note = await readDirectory(block, at, { littleEndian, isBig: false });
  const entry = note?.entries.get(olympusTags.equipment);
  if (entry === undefined) return null;
  const [pointer] = await readIntegers(block, entry, littleEndian, 1);
  const partsAt = entry.type === undefinedType ? entry.at : pointer;
  if (partsAt === undefined) return null;
  const parts = await readDirectory(block, partsAt, { littleEndian, isBig: false });
  return await textIn(block, parts, olympusTags.lensModel, littleEndian);
}

async function readLens(
  source: ByteSource,
  entry: TiffEntry,
  head: Uint8Array,
  make: string,
  littleEndian: boolean,
): Promise<string | null> {
  const here = (at: number): NoteBlock => ({ block: source, at: entry.at + at, littleEndian });
  if (startsWith(head, "OM SYSTEM\0")) return await olympusLens(ownBlock(source, entry, head, 12, 16));
  if (startsWith(head, "OLYMPUS\0")) return await olympusLens(ownBlock(source, entry, head, 8, 12));
  if (startsWith(head, "OLYMP\0")) return await olympusLens(here(8));
  if (startsWith(head, "Panasonic\0")) return await (await openBlock(here(12)))(lensTags.panasonic);
  // Canon's has no mark of its own: it is a directory from its first byte on.
  if (make.startsWith("Canon")) return await (await openBlock(here(0)))(lensTags.canon);
  return null;
}

/**
 * What a note of a TIFF block says. `make` is the camera's by its EXIF; the lens is looked for where `wantsLens`.
 * "Apple iOS", a version and a byte order, then a directory whose offsets count from the note's own start.
 */
export async function readMakerNote(
  source: ByteSource,
  entry: TiffEntry | undefined,
  camera: { make: string; littleEndian: boolean; wantsLens: boolean },
): Promise<MakerNote> {
  const none: MakerNote = { contentIdentifier: null, burstIdentifier: null, lensModel: null };
  if (entry === undefined || entry.sizeBytes < headBytes) return none;
  const head = await source.read(entry.at, headBytes);
  if (head.length < headBytes) return none;
  if (startsWith(head, "Apple iOS\0")) {
    const text = await openBlock(ownBlock(source, entry, head, 12, 14));
    return {
      ...none,
      contentIdentifier: await text(appleTags.content),
      burstIdentifier: await text(appleTags.burst),
    };
  }
  if (!camera.wantsLens) return none;
  return { ...none, lensModel: await readLens(source, entry, head, camera.make, camera.littleEndian) };
}
