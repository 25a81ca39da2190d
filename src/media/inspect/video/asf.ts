/** Reads Windows Media files: objects of a GUID and a 64-bit size (Advanced Systems Format, revision 01.20). */
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { normalizeText } from "../metadata/normalize.ts";
import { type VideoDraft, frameRate } from "./videoInfo.ts";

const OBJECT_HEADER_BYTES = 24;
const MAX_OBJECTS = 64;
const MAX_TEXT_BYTES = 64 * 1024;
const TICKS_PER_SECOND = 10_000_000;
/** FILETIME counts 100 ns from 1601; this is the distance to 1970. */
const EPOCH_OFFSET_SECONDS = 11_644_473_600;

const guids = {
  fileProperties: "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65",
  streamProperties: "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65",
  videoStream: "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b",
  contentDescription: "\x33\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
  headerExtension: "\xb5\x03\xbf\x5f\x2e\xa9\xcf\x11\x8e\xe3\x00\xc0\x0c\x20\x53\x65",
  extendedStream: "\xcb\xa5\xe6\x14\x72\xc6\x32\x43\x83\x99\xa9\x69\x52\x06\x5b\x5a",
} as const;

interface AsfObject {
  guid: string;
  /** Offsets of the content. */
  start: number;
  end: number;
}

/** Fills `draft` with size, duration, frame rate, the creation time in UTC and the description. */
export async function readAsf(source: ByteSource, draft: VideoDraft): Promise<void> {
  const headerBytes = Number(viewOf(await source.read(16, 8)).getBigUint64(0, true));
  let videoStream = 0;
  let pictureTicks = new Map<number, number>();
  for (const object of await readObjects(source, OBJECT_HEADER_BYTES + 6, headerBytes)) {
    if (object.guid === guids.fileProperties) await readFileProperties(source, object, draft);
    else if (object.guid === guids.streamProperties) videoStream ||= await readVideoStream(source, object, draft);
    else if (object.guid === guids.contentDescription) await readDescription(source, object, draft);
    else if (object.guid === guids.headerExtension) pictureTicks = await readPictureTicks(source, object);
  }
  draft.metadata.fps = frameRate(1, (pictureTicks.get(videoStream) ?? 0) / TICKS_PER_SECOND);
}

async function readObjects(source: ByteSource, start: number, end: number): Promise<AsfObject[]> {
  const objects: AsfObject[] = [];
  const limit = Math.min(end, source.sizeBytes);
  for (let at = start; at + OBJECT_HEADER_BYTES <= limit && objects.length < MAX_OBJECTS;) {
    const head = await source.read(at, OBJECT_HEADER_BYTES);
    if (head.length < OBJECT_HEADER_BYTES) break;
    const sizeBytes = Number(viewOf(head).getBigUint64(16, true));
    if (sizeBytes < OBJECT_HEADER_BYTES) break;
    objects.push({ guid: asciiAt(head, 0, 16), start: at + OBJECT_HEADER_BYTES, end: Math.min(at + sizeBytes, limit) });
    at += sizeBytes;
  }
  return objects;
}

/** An identifier and the file size come first, then the time, the packets, two durations and the preroll. */
async function readFileProperties(source: ByteSource, { start }: AsfObject, draft: VideoDraft): Promise<void> {
  const view = viewOf(await source.read(start, 64));
  const createdTicks = Number(view.getBigUint64(24, true));
  const createdSeconds = Math.floor(createdTicks / TICKS_PER_SECOND) - EPOCH_OFFSET_SECONDS;
  if (createdSeconds > 0) draft.createdAt = { wallUs: createdSeconds * 1_000_000, offsetMinutes: 0 };
  // The duration includes the preroll, in milliseconds.
  const prerollTicks = Number(view.getBigUint64(56, true)) * (TICKS_PER_SECOND / 1000);
  draft.durationSeconds = (Number(view.getBigUint64(40, true)) - prerollTicks) / TICKS_PER_SECOND;
}

/** Behind the properties of the stream: the size of the picture and of the format. */
const FORMAT_AT = 65;

/** Returns the format of the first video stream, a BITMAPINFOHEADER; null if there is none. */
export async function findAsfVideoFormat(source: ByteSource): Promise<Uint8Array | null> {
  const headerBytes = Number(viewOf(await source.read(16, 8)).getBigUint64(0, true));
  for (const { guid, start, end } of await readObjects(source, OBJECT_HEADER_BYTES + 6, headerBytes)) {
    if (guid !== guids.streamProperties) continue;
    const bytes = await source.read(start, Math.min(end - start, MAX_TEXT_BYTES));
    if (asciiAt(bytes, 0, 16) === guids.videoStream) return bytes.subarray(FORMAT_AT);
  }
  return null;
}

/** Returns the number of the stream if it is a video, else 0. */
async function readVideoStream(source: ByteSource, { start }: AsfObject, draft: VideoDraft): Promise<number> {
  const bytes = await source.read(start, 62);
  if (asciiAt(bytes, 0, 16) !== guids.videoStream) return 0;
  const view = viewOf(bytes);
  draft.width = view.getUint32(54, true);
  draft.height = view.getUint32(58, true);
  return view.getUint16(48, true) & 0x7f;
}

/** Five lengths, then title, author, copyright, description and rating in UTF-16. */
async function readDescription(source: ByteSource, { start, end }: AsfObject, draft: VideoDraft): Promise<void> {
  const bytes = await source.read(start, Math.min(end - start, MAX_TEXT_BYTES));
  const lengths = [0, 2, 4, 6].map((at) => viewOf(bytes).getUint16(at, true));
  const [title = 0, author = 0, copyright = 0, description = 0] = lengths;
  const at = 10 + title + author + copyright;
  draft.metadata.description = normalizeText(new TextDecoder("utf-16le").decode(bytes.subarray(at, at + description)));
}

/** Returns the average duration of a picture by stream, from the extended stream properties. */
async function readPictureTicks(source: ByteSource, { start, end }: AsfObject): Promise<Map<number, number>> {
  const ticks = new Map<number, number>();
  for (const object of await readObjects(source, start + 22, end)) {
    if (object.guid !== guids.extendedStream) continue;
    const view = viewOf(await source.read(object.start, 60));
    ticks.set(view.getUint16(48, true), Number(view.getBigUint64(52, true)));
  }
  return ticks;
}
