/** Matroska and WebM: size, rotation, duration and frame rate from the elements before the first cluster, or where the seek head says. */
import { viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";
import type { VideoFacts } from "./videoFacts.ts";

interface Element {
  id: number;
  start: number;
  end: number;
}

const ids = {
  segment: 0x18538067,
  cluster: 0x1f43b675,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekId: 0x53ab,
  seekPosition: 0x53ac,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  date: 0x4461,
  tracks: 0x1654ae6b,
  track: 0xae,
  trackType: 0x83,
  defaultDuration: 0x23e383,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  displayWidth: 0x54b0,
  displayHeight: 0x54ba,
  displayUnit: 0x54b2,
  projection: 0x7670,
  roll: 0x7675,
} as const;

const mostElements = 128;
/** From 1970-01-01 to 2001-01-01, where Matroska's clock starts. */
const microsecondsTo2001 = 978_307_200_000_000;

export async function readMatroska(source: ByteSource, facts: VideoFacts): Promise<void> {
  const top = await elementsIn(source, 0, source.sizeBytes);
  const segment = top.find(({ id }) => id === ids.segment);
  if (segment === undefined) return;
  const elements = await elementsIn(source, segment.start, segment.end);
  const find = async (id: number) =>
    elements.find((element) => element.id === id) ?? (await sought(source, segment, elements, id));
  const tracks = await find(ids.tracks);
  if (tracks !== undefined) await readTracks(source, tracks, facts);
  const info = await find(ids.info);
  if (info !== undefined) await readInfo(source, info, facts);
}

/** The elements of a stretch up to the first cluster: behind it lie the pictures, and the seek head leads past them. */
async function elementsIn(source: ByteSource, start: number, end: number): Promise<Element[]> {
  const elements: Element[] = [];
  let at = start;
  while (at < end && elements.length < mostElements) {
    const element = await elementAt(source, at, end);
    if (element === null) break;
    elements.push(element);
    if (element.id === ids.cluster) break;
    at = element.end;
  }
  return elements;
}

/** An id that keeps its length marker, a size without it, then the content. A size of all ones means "to the end". */
async function elementAt(source: ByteSource, at: number, end: number): Promise<Element | null> {
  const head = await source.read(at, 12);
  const idBytes = Math.clz32(head[0] ?? 0) - 23;
  const sizeBytes = Math.clz32(head[idBytes] ?? 0) - 23;
  if (idBytes > 4 || sizeBytes > 8 || head.length < idBytes + sizeBytes) return null;
  let id = 0;
  for (let i = 0; i < idBytes; i++) id = id * 256 + (head[i] ?? 0);
  const mark = 0x100 >> sizeBytes;
  let size = (head[idBytes] ?? 0) - mark;
  let isUnknown = size === mark - 1;
  for (let i = 1; i < sizeBytes; i++) {
    const byte = head[idBytes + i] ?? 0;
    isUnknown = isUnknown && byte === 0xff;
    size = size * 256 + byte;
  }
  const start = at + idBytes + sizeBytes;
  return { id, start, end: isUnknown ? end : Math.min(start + size, end) };
}

async function sought(
  source: ByteSource,
  segment: Element,
  elements: Element[],
  id: number,
): Promise<Element | undefined> {
  const head = elements.find((element) => element.id === ids.seekHead);
  const seeks = head === undefined ? [] : await elementsIn(source, head.start, head.end);
  for (const seek of seeks) {
    const fields = await elementsIn(source, seek.start, seek.end);
    const position = await unsigned(source, fields, ids.seekPosition);
    if ((await unsigned(source, fields, ids.seekId)) !== id || position === null) continue;
    const element = await elementAt(source, segment.start + position, segment.end);
    if (element?.id === id) return element;
  }
  return undefined;
}

async function readInfo(source: ByteSource, info: Element, facts: VideoFacts): Promise<void> {
  const fields = await elementsIn(source, info.start, info.end);
  const nanosecondsPerTick = (await unsigned(source, fields, ids.timestampScale)) ?? 1_000_000;
  const duration = await float(source, fields, ids.duration);
  if (duration !== null && duration > 0) facts.durationSeconds = (duration * nanosecondsPerTick) / 1e9;
  const date = fields.find(({ id }) => id === ids.date);
  if (date === undefined || date.end - date.start !== 8) return;
  const nanoseconds = viewOf(await source.read(date.start, 8)).getBigInt64(0);
  const wallUs = Number(nanoseconds / 1000n) + microsecondsTo2001;
  if (nanoseconds !== 0n && wallUs > 0 && Number.isSafeInteger(wallUs)) {
    facts.captureTime = { wallUs, offsetMinutes: 0 };
  }
}

async function readTracks(source: ByteSource, tracks: Element, facts: VideoFacts): Promise<void> {
  for (const track of await elementsIn(source, tracks.start, tracks.end)) {
    if (track.id !== ids.track) continue;
    const fields = await elementsIn(source, track.start, track.end);
    const video = fields.find(({ id }) => id === ids.video);
    if (video === undefined || (await unsigned(source, fields, ids.trackType)) !== 1) continue;
    await readSize(source, await elementsIn(source, video.start, video.end), facts);
    const nanoseconds = (await unsigned(source, fields, ids.defaultDuration)) ?? 0;
    if (nanoseconds > 100_000) facts.metadata.fps = 1e9 / nanoseconds;
    return;
  }
}

async function readSize(source: ByteSource, video: Element[], facts: VideoFacts): Promise<void> {
  // Display sizes count as pixels only in unit 0; the others are lengths and ratios.
  const isInPixels = ((await unsigned(source, video, ids.displayUnit)) ?? 0) === 0;
  const side = async (display: number, pixel: number) =>
    (isInPixels ? await unsigned(source, video, display) : null) || (await unsigned(source, video, pixel)) || 0;
  const width = await side(ids.displayWidth, ids.pixelWidth);
  const height = await side(ids.displayHeight, ids.pixelHeight);
  const projection = video.find(({ id }) => id === ids.projection);
  const pose = projection === undefined ? [] : await elementsIn(source, projection.start, projection.end);
  const isTurned = Math.abs((await float(source, pose, ids.roll)) ?? 0) % 180 === 90;
  facts.width = isTurned ? height : width;
  facts.height = isTurned ? width : height;
}

/** At most 8 bytes, the highest first. */
async function unsigned(source: ByteSource, fields: Element[], id: number): Promise<number | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined || field.end - field.start > 8) return null;
  let value = 0;
  for (const byte of await source.read(field.start, field.end - field.start)) value = value * 256 + byte;
  return value;
}

async function float(source: ByteSource, fields: Element[], id: number): Promise<number | null> {
  const field = fields.find((element) => element.id === id);
  if (field === undefined) return null;
  const bytes = await source.read(field.start, 8);
  const length = Math.min(field.end - field.start, bytes.length);
  const value = length === 8 ? viewOf(bytes).getFloat64(0) : length === 4 ? viewOf(bytes).getFloat32(0) : NaN;
  return Number.isFinite(value) ? value : null;
}
