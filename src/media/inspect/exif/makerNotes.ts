/**
 * Maker notes: Apple's identifiers, and the lens of Canon, Nikon, Olympus, OM System and Panasonic. Lens codes are
 * skipped.
 */
import { startsWith, viewOf } from "../bytes/bytes.ts";
import { subSource } from "../bytes/boundedSource.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { normalizeText } from "../metadata/normalize.ts";
import { type TiffDirectory, type TiffEntry, readDirectory, readIntegers, readValue } from "../tiff/tiffDirectory.ts";
import { UNDEFINED_TYPE, numbersOf, textOf } from "../tiff/tiffValue.ts";
import { lensName } from "./lensName.ts";

export interface MakerNote {
  contentIdentifier: string | null;
  burstIdentifier: string | null;
  lensModel: string | null;
}

/** The directory of a note is at `at` of `block`, and its offsets count from the start of `block`. */
interface NoteBlock {
  block: ByteSource;
  at: number;
  littleEndian: boolean;
}

const MAX_TEXT_BYTES = 256;
const NOTE_HEADER_BYTES = 16;

const appleTags = { burst: 0x0b, content: 0x11 } as const;
/** LensModel of Canon, LensType of Panasonic. */
const lensTags = { canon: 0x95, panasonic: 0x51 } as const;
/** Shortest and longest focal length, and the f-numbers at them. */
const NIKON_LENS_TAG = 0x84;
/** Nikon's signature, a version and two bytes precede a complete TIFF structure. */
const NIKON_HEADER_BYTES = 10;
/** The Equipment directory, and LensModel in it. */
const olympusTags = { equipment: 0x2010, lensModel: 0x203 } as const;

async function openNote({ block, at, littleEndian }: NoteBlock): Promise<(tag: number) => Promise<string | null>> {
  const directory = await readDirectory(block, at, { littleEndian, isBig: false });
  return async (tag) => await readText(block, directory, tag, littleEndian);
}

async function readText(
  block: ByteSource,
  directory: TiffDirectory | null,
  tag: number,
  littleEndian: boolean,
): Promise<string | null> {
  const entry = directory?.entries.get(tag);
  const bytes = await readValue(block, entry, MAX_TEXT_BYTES);
  return bytes === null || entry === undefined
    ? null
    : normalizeText(textOf({ type: entry.type, bytes, littleEndian }));
}

/** Opens a note whose offsets count from its own start; its byte order mark is at `byteOrderAt`. */
function selfContainedNote(
  source: ByteSource,
  entry: TiffEntry,
  head: Uint8Array,
  byteOrderAt: number,
  at: number,
): NoteBlock {
  const littleEndian = viewOf(head).getUint16(byteOrderAt) === 0x4949;
  return { block: subSource(source, entry.at, entry.sizeBytes), at, littleEndian };
}

/** Equipment is a pointer to a directory; in older cameras the bytes of the value are the directory. */
async function readOlympusLens({ block, at, littleEndian }: NoteBlock): Promise<string | null> {
  const note = await readDirectory(block, at, { littleEndian, isBig: false });
  const entry = note?.entries.get(olympusTags.equipment);
  if (entry === undefined) return null;
  const [pointer] = await readIntegers(block, entry, littleEndian, 1);
  const equipmentAt = entry.type === UNDEFINED_TYPE ? entry.at : pointer;
  if (equipmentAt === undefined) return null;
  const equipment = await readDirectory(block, equipmentAt, { littleEndian, isBig: false });
  return await readText(block, equipment, olympusTags.lensModel, littleEndian);
}

async function readNikonLens({ block, at, littleEndian }: NoteBlock): Promise<string | null> {
  const directory = await readDirectory(block, at, { littleEndian, isBig: false });
  const entry = directory?.entries.get(NIKON_LENS_TAG);
  const bytes = await readValue(block, entry, MAX_TEXT_BYTES);
  return bytes === null || entry === undefined
    ? null
    : lensName(numbersOf({ type: entry.type, bytes, littleEndian }, 4));
}

async function readLens(
  source: ByteSource,
  entry: TiffEntry,
  head: Uint8Array,
  make: string,
  littleEndian: boolean,
): Promise<string | null> {
  const noteIn = (at: number): NoteBlock => ({ block: source, at: entry.at + at, littleEndian });
  if (startsWith(head, "OM SYSTEM\0")) return await readOlympusLens(selfContainedNote(source, entry, head, 12, 16));
  if (startsWith(head, "OLYMPUS\0")) return await readOlympusLens(selfContainedNote(source, entry, head, 8, 12));
  if (startsWith(head, "OLYMP\0")) return await readOlympusLens(noteIn(8));
  if (startsWith(head, "Panasonic\0")) return await (await openNote(noteIn(12)))(lensTags.panasonic);
  if (startsWith(head, "Nikon\0\x02")) {
    const isLittleEndian = viewOf(head).getUint16(NIKON_HEADER_BYTES) === 0x4949;
    const block = subSource(source, entry.at + NIKON_HEADER_BYTES, entry.sizeBytes - NIKON_HEADER_BYTES);
    return await readNikonLens({ block, at: 8, littleEndian: isLittleEndian });
  }
  if (/^NIKON/i.test(make) && !startsWith(head, "Nikon\0")) return await readNikonLens(noteIn(0));
  // Canon's note begins with the directory, without a signature.
  if (make.startsWith("Canon")) return await (await openNote(noteIn(0)))(lensTags.canon);
  return null;
}

/**
 * Reads the maker note of an EXIF block. `camera.make` is the EXIF Make; the lens is read only if `wantsLens`.
 * Apple's note is "Apple iOS", a version, a byte order mark, and a directory whose offsets count from the note's start.
 */
export async function readMakerNote(
  source: ByteSource,
  entry: TiffEntry | undefined,
  camera: { make: string; littleEndian: boolean; wantsLens: boolean },
): Promise<MakerNote> {
  const none: MakerNote = { contentIdentifier: null, burstIdentifier: null, lensModel: null };
  if (entry === undefined || entry.sizeBytes < NOTE_HEADER_BYTES) return none;
  const head = await source.read(entry.at, NOTE_HEADER_BYTES);
  if (head.length < NOTE_HEADER_BYTES) return none;
  if (startsWith(head, "Apple iOS\0")) {
    const text = await openNote(selfContainedNote(source, entry, head, 12, 14));
    return {
      ...none,
      contentIdentifier: await text(appleTags.content),
      burstIdentifier: await text(appleTags.burst),
    };
  }
  if (!camera.wantsLens) return none;
  return { ...none, lensModel: await readLens(source, entry, head, camera.make, camera.littleEndian) };
}
