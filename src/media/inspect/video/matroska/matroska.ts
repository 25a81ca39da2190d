/** Matroska and WebM: size, rotation, duration, frame rate and tags from the elements before the first cluster, or where the seek head says. */
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Element, childrenOf, cluster, elementAt, elementsIn, float, unsigned } from "./ebml.ts";
import { lastTicks, pictureTimesIn } from "./matroskaBlocks.ts";
import { readMatroskaTags } from "./matroskaTags.ts";
import { type VideoFindings, frameRate, paceByTicks } from "../videoInfo.ts";

const ids = {
  segment: 0x18538067,
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
  trackNumber: 0xd7,
  trackType: 0x83,
  defaultDuration: 0x23e383,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  projection: 0x7670,
  projectionType: 0x7671,
  roll: 0x7675,
  tags: 0x1254c367,
} as const;

const projections = [null, "equirectangular", "cubemap", "mesh"];
/** From 1970-01-01 to 2001-01-01, where Matroska's clock starts. */
const microsecondsTo2001 = 978_307_200_000_000;

export async function readMatroska(source: ByteSource, facts: VideoFindings): Promise<void> {
  const top = await elementsIn(source, 0, source.sizeBytes);
  const segment = top.find(({ id }) => id === ids.segment);
  if (segment === undefined) return;
  const elements = await elementsIn(source, segment.start, segment.end);
  const find = async (id: number) =>
    elements.find((element) => element.id === id) ?? (await sought(source, segment, elements, id));
  const info = await find(ids.info);
  const secondsPerTick = info === undefined ? 0.001 : await readInfo(source, info, facts);
  const tracks = await find(ids.tracks);
  const trackNumber = tracks === undefined ? null : await readTracks(source, tracks, facts);
  const firstCluster = elements.find(({ id }) => id === cluster);
  if (facts.metadata.fps === null && trackNumber !== null && firstCluster !== undefined) {
    const { frames, ticks } = await pictureTimesIn(source, firstCluster, trackNumber);
    facts.metadata.fps = paceByTicks(frames, ticks, secondsPerTick);
  }
  if (facts.durationSeconds === null && firstCluster !== undefined) {
    const ticks = await lastTicks(source, firstCluster);
    if (ticks !== null) facts.durationSeconds = ticks * secondsPerTick + 1 / (facts.metadata.fps ?? Infinity);
  }
  const tags = await find(ids.tags);
  if (tags !== undefined) await readMatroskaTags(source, tags, facts);
  facts.metadata.originalDatetime ??= facts.writtenAt;
}

async function sought(
  source: ByteSource,
  segment: Element,
  elements: Element[],
  id: number,
): Promise<Element | undefined> {
  for (const seek of await childrenOf(source, elements, ids.seekHead)) {
    const fields = await elementsIn(source, seek.start, seek.end);
    const position = await unsigned(source, fields, ids.seekPosition);
    if ((await unsigned(source, fields, ids.seekId)) !== id || position === null) continue;
    const element = await elementAt(source, segment.start + position, segment.end);
    if (element?.id === id) return element;
  }
  return undefined;
}

/** Gives the length of a tick. */
async function readInfo(source: ByteSource, info: Element, facts: VideoFindings): Promise<number> {
  const fields = await elementsIn(source, info.start, info.end);
  const secondsPerTick = ((await unsigned(source, fields, ids.timestampScale)) ?? 1_000_000) / 1e9;
  const duration = await float(source, fields, ids.duration);
  if (duration !== null && duration > 0) facts.durationSeconds = duration * secondsPerTick;
  const date = fields.find(({ id }) => id === ids.date);
  if (date === undefined || date.end - date.start !== 8) return secondsPerTick;
  const nanoseconds = viewOf(await source.read(date.start, 8)).getBigInt64(0);
  const wallUs = Number(nanoseconds / 1000n) + microsecondsTo2001;
  if (nanoseconds !== 0n && Number.isSafeInteger(wallUs)) facts.writtenAt = { wallUs, offsetMinutes: 0 };
  return secondsPerTick;
}

/** Gives the number of the first track of pictures. */
async function readTracks(source: ByteSource, tracks: Element, facts: VideoFindings): Promise<number | null> {
  for (const track of await elementsIn(source, tracks.start, tracks.end)) {
    if (track.id !== ids.track) continue;
    const fields = await elementsIn(source, track.start, track.end);
    const video = await childrenOf(source, fields, ids.video);
    if (video.length === 0 || (await unsigned(source, fields, ids.trackType)) !== 1) continue;
    await readPicture(source, video, facts);
    const nanoseconds = (await unsigned(source, fields, ids.defaultDuration)) ?? 0;
    if (nanoseconds > 0) facts.metadata.fps = frameRate(1, nanoseconds / 1e9);
    return await unsigned(source, fields, ids.trackNumber);
  }
  return null;
}

/** By pixels: the size to show it at may be no more than a ratio, whatever unit stands beside it. */
async function readPicture(source: ByteSource, video: Element[], facts: VideoFindings): Promise<void> {
  const width = (await unsigned(source, video, ids.pixelWidth)) ?? 0;
  const height = (await unsigned(source, video, ids.pixelHeight)) ?? 0;
  const projection = await childrenOf(source, video, ids.projection);
  facts.metadata.projectionType = projections[(await unsigned(source, projection, ids.projectionType)) ?? 0] ?? null;
  const isTurned = Math.abs((await float(source, projection, ids.roll)) ?? 0) % 180 === 90;
  facts.width = isTurned ? height : width;
  facts.height = isTurned ? width : height;
}
