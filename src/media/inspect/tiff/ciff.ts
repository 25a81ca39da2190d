/** Reads a Canon CRW (Camera Image File Format 1.0): heaps whose directories are at their ends. */
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteRange, ByteSource } from "../bytes/byteSource.ts";
import type { ImageContent } from "../containers/imageContent.ts";
import { normalizeText } from "../metadata/normalize.ts";
import { orientationOfRotation } from "./rotation.ts";

interface CiffEntry {
  tag: number;
  /** Offset in the file, and length. */
  at: number;
  sizeBytes: number;
}

const ENTRY_BYTES = 10;
const MAX_DIRECTORIES = 32;
const MAX_ENTRIES = 512;
const MAX_TEXT_BYTES = 256;
/** Bits of an entry's type: the value is in the entry itself; its format; the rest is the tag. */
const IN_ENTRY = 0x4000;
const FORMAT_MASK = 0x3800;
const directoryFormats = [0x2800, 0x3000];
const TAG_MASK = 0x3fff;

const tags = { makeModel: 0x080a, timeStamp: 0x180e, imageInfo: 0x1810 } as const;
/** Canon's large preview, and the small one. */
const jpegTags: readonly number[] = [0x2007, 0x2008];

/** Returns the JPEG previews of the file. */
export async function ciffJpegs(source: ByteSource): Promise<ByteRange[]> {
  const entries = await readCiffEntries(source);
  return entries
    .filter(({ tag }) => jpegTags.includes(tag))
    .map(({ at, sizeBytes }) => ({ offset: at, length: sizeBytes }));
}

/** Returns the entries of all directories; they end at the first damaged one. */
async function readCiffEntries(source: ByteSource): Promise<CiffEntry[]> {
  const headerBytes = viewOf(await source.read(2, 4)).getUint32(0, true);
  const pending = [{ start: headerBytes, end: source.sizeBytes }];
  const entries: CiffEntry[] = [];
  for (let i = 0; i < MAX_DIRECTORIES; i++) {
    const heap = pending.shift();
    if (heap === undefined) break;
    for (const entry of await readDirectory(source, heap.start, heap.end)) {
      if (directoryFormats.includes(entry.tag & FORMAT_MASK)) {
        pending.push({ start: entry.at, end: entry.at + entry.sizeBytes });
      } else {
        entries.push(entry);
      }
    }
  }
  return entries;
}

/** The last four bytes of a heap are the offset of its directory. */
async function readDirectory(source: ByteSource, start: number, end: number): Promise<CiffEntry[]> {
  const pointer = await source.read(end - 4, 4);
  if (pointer.length < 4) return [];
  const at = start + viewOf(pointer).getUint32(0, true);
  const head = await source.read(at, 2);
  if (head.length < 2) return [];
  const count = Math.min(viewOf(head).getUint16(0, true), MAX_ENTRIES);
  const view = viewOf(await source.read(at + 2, count * ENTRY_BYTES));
  const entries: CiffEntry[] = [];
  for (let field = 0; field + ENTRY_BYTES <= view.byteLength; field += ENTRY_BYTES) {
    const type = view.getUint16(field, true);
    const isInEntry = (type & IN_ENTRY) !== 0;
    entries.push({
      tag: type & TAG_MASK,
      at: isInEntry ? at + 2 + field + 2 : start + view.getUint32(field + 6, true),
      sizeBytes: isInEntry ? ENTRY_BYTES - 2 : view.getUint32(field + 2, true),
    });
  }
  return entries;
}

/** Reads size, orientation, make, model and the camera's local time. */
export async function readCiff(source: ByteSource, content: ImageContent): Promise<void> {
  const entries = await readCiffEntries(source);
  const read = async (tag: number, maxBytes: number): Promise<Uint8Array> => {
    const entry = entries.find((each) => each.tag === tag);
    return entry === undefined ? new Uint8Array(0) : await source.read(entry.at, Math.min(entry.sizeBytes, maxBytes));
  };
  const names = await read(tags.makeModel, MAX_TEXT_BYTES);
  const [make, model] = asciiAt(names, 0, names.length).split("\0");
  content.fields.make = normalizeText(make);
  content.fields.model = normalizeText(model);
  const time = await read(tags.timeStamp, 12);
  const seconds = time.length < 4 ? 0 : viewOf(time).getUint32(0, true);
  if (seconds > 0) content.fields.originalDatetime = { wallUs: seconds * 1_000_000, offsetMinutes: null };
  const info = await read(tags.imageInfo, 16);
  if (info.length < 16) return;
  content.rawWidth = viewOf(info).getUint32(0, true);
  content.rawHeight = viewOf(info).getUint32(4, true);
  content.fields.orientation = orientationOfRotation(viewOf(info).getInt32(12, true));
}
