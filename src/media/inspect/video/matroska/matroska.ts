/** Reads Matroska and WebM (RFC 9559). */
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Element, childrenOf, CLUSTER_ID, elementAt, elementsIn, readFloat, readUnsigned } from "./ebml.ts";
import { lastBlockTicks, firstBlockTimes } from "./matroskaBlocks.ts";
import { readMatroskaTags } from "./matroskaTags.ts";
import { type VideoDraft, frameRate, frameRateFromTicks } from "../videoInfo.ts";

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
/** Matroska dates count from 2001-01-01; this is the distance to 1970-01-01. */
const MATROSKA_EPOCH_OFFSET_US = 978_307_200_000_000;

/** Fills `draft` from the elements before the first cluster and those that the seek head points to. */
export async function readMatroska(source: ByteSource, draft: VideoDraft): Promise<void> {
  const top = await elementsIn(source, 0, source.sizeBytes);
  const segment = top.find(({ id }) => id === ids.segment);
  if (segment === undefined) return;
  const elements = await elementsIn(source, segment.start, segment.end);
  const find = async (id: number) =>
    elements.find((element) => element.id === id) ?? (await findBySeekHead(source, segment, elements, id));
  const info = await find(ids.info);
  const secondsPerTick = info === undefined ? 0.001 : await readInfo(source, info, draft);
  const tracks = await find(ids.tracks);
  const trackNumber = tracks === undefined ? null : await readTracks(source, tracks, draft);
  const firstCluster = elements.find(({ id }) => id === CLUSTER_ID);
  if (draft.metadata.fps === null && trackNumber !== null && firstCluster !== undefined) {
    const { frames, ticks } = await firstBlockTimes(source, firstCluster, trackNumber);
    draft.metadata.fps = frameRateFromTicks(frames, ticks, secondsPerTick);
  }
  if (draft.durationSeconds === null && firstCluster !== undefined) {
    const ticks = await lastBlockTicks(source, firstCluster);
    if (ticks !== null) draft.durationSeconds = ticks * secondsPerTick + 1 / (draft.metadata.fps ?? Infinity);
  }
  const tags = await find(ids.tags);
  if (tags !== undefined) await readMatroskaTags(source, tags, draft);
  draft.metadata.originalDatetime ??= draft.createdAt;
}

async function findBySeekHead(
  source: ByteSource,
  segment: Element,
  elements: Element[],
  id: number,
): Promise<Element | undefined> {
  for (const seek of await childrenOf(source, elements, ids.seekHead)) {
    const fields = await elementsIn(source, seek.start, seek.end);
    const position = await readUnsigned(source, fields, ids.seekPosition);
    if ((await readUnsigned(source, fields, ids.seekId)) !== id || position === null) continue;
    const element = await elementAt(source, segment.start + position, segment.end);
    if (element?.id === id) return element;
  }
  return undefined;
}

/** Returns the seconds per timestamp tick. */
async function readInfo(source: ByteSource, info: Element, draft: VideoDraft): Promise<number> {
  const fields = await elementsIn(source, info.start, info.end);
  const secondsPerTick = ((await readUnsigned(source, fields, ids.timestampScale)) ?? 1_000_000) / 1e9;
  const duration = await readFloat(source, fields, ids.duration);
  if (duration !== null && duration > 0) draft.durationSeconds = duration * secondsPerTick;
  const date = fields.find(({ id }) => id === ids.date);
  if (date === undefined || date.end - date.start !== 8) return secondsPerTick;
  const nanoseconds = viewOf(await source.read(date.start, 8)).getBigInt64(0);
  const wallUs = Number(nanoseconds / 1000n) + MATROSKA_EPOCH_OFFSET_US;
  if (nanoseconds !== 0n && Number.isSafeInteger(wallUs)) draft.createdAt = { wallUs, offsetMinutes: 0 };
  return secondsPerTick;
}

/** Returns the number of the first video track. */
async function readTracks(source: ByteSource, tracks: Element, draft: VideoDraft): Promise<number | null> {
  for (const track of await elementsIn(source, tracks.start, tracks.end)) {
    if (track.id !== ids.track) continue;
    const fields = await elementsIn(source, track.start, track.end);
    const video = await childrenOf(source, fields, ids.video);
    if (video.length === 0 || (await readUnsigned(source, fields, ids.trackType)) !== 1) continue;
    await readVideoSettings(source, video, draft);
    const nanoseconds = (await readUnsigned(source, fields, ids.defaultDuration)) ?? 0;
    if (nanoseconds > 0) draft.metadata.fps = frameRate(1, nanoseconds / 1e9);
    return await readUnsigned(source, fields, ids.trackNumber);
  }
  return null;
}

/** Uses pixel sizes: DisplayWidth and DisplayHeight may be a mere aspect ratio. */
async function readVideoSettings(source: ByteSource, video: Element[], draft: VideoDraft): Promise<void> {
  const width = (await readUnsigned(source, video, ids.pixelWidth)) ?? 0;
  const height = (await readUnsigned(source, video, ids.pixelHeight)) ?? 0;
  const projection = await childrenOf(source, video, ids.projection);
  draft.metadata.projectionType =
    projections[(await readUnsigned(source, projection, ids.projectionType)) ?? 0] ?? null;
  const isRotated = Math.abs((await readFloat(source, projection, ids.roll)) ?? 0) % 180 === 90;
  draft.width = isRotated ? height : width;
  draft.height = isRotated ? width : height;
}
