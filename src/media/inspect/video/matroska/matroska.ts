/** Reads Matroska and WebM (RFC 9559). */
import { viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Element, childrenOf, elementsIn, readFloat, readUnsigned } from "./ebml.ts";
import { lastBlockTicks, firstBlockTimes } from "./matroskaBlocks.ts";
import { readMatroskaTags } from "./matroskaTags.ts";
import { findVideoTrack, openSegment, trackIds, type VideoTrack } from "./segment.ts";
import { type VideoDraft, frameRate, frameRateFromTicks } from "../videoInfo.ts";

const ids = {
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  date: 0x4461,
  defaultDuration: 0x23e383,
  tags: 0x1254c367,
} as const;

const projections = [null, "equirectangular", "cubemap", "mesh"];
/** Matroska dates count from 2001-01-01; this is the distance to 1970-01-01. */
const MATROSKA_EPOCH_OFFSET_US = 978_307_200_000_000;

/** Fills `draft` from the elements before the first cluster and those that the seek head points to. */
export async function readMatroska(source: ByteSource, draft: VideoDraft): Promise<void> {
  const segment = await openSegment(source);
  if (segment === null) return;
  const info = await segment.find(ids.info);
  const secondsPerTick = info === undefined ? 0.001 : await readInfo(source, info, draft);
  const track = await findVideoTrack(source, segment);
  if (track !== null) await readTrack(source, track, draft);
  const trackNumber = track?.number ?? null;
  const { firstCluster } = segment;
  if (draft.metadata.fps === null && trackNumber !== null && firstCluster !== undefined) {
    const { frames, ticks } = await firstBlockTimes(source, firstCluster, trackNumber);
    draft.metadata.fps = frameRateFromTicks(frames, ticks, secondsPerTick);
  }
  if (draft.durationSeconds === null && firstCluster !== undefined) {
    const ticks = await lastBlockTicks(source, firstCluster);
    if (ticks !== null) draft.durationSeconds = ticks * secondsPerTick + 1 / (draft.metadata.fps ?? Infinity);
  }
  const tags = await segment.find(ids.tags);
  if (tags !== undefined) await readMatroskaTags(source, tags, draft);
  draft.metadata.originalDatetime ??= draft.createdAt;
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

/** Uses pixel sizes: DisplayWidth and DisplayHeight may be a mere aspect ratio. */
async function readTrack(source: ByteSource, { fields, video }: VideoTrack, draft: VideoDraft): Promise<void> {
  const width = (await readUnsigned(source, video, trackIds.pixelWidth)) ?? 0;
  const height = (await readUnsigned(source, video, trackIds.pixelHeight)) ?? 0;
  const projection = await childrenOf(source, video, trackIds.projection);
  draft.metadata.projectionType =
    projections[(await readUnsigned(source, projection, trackIds.projectionType)) ?? 0] ?? null;
  const isRotated = Math.abs((await readFloat(source, projection, trackIds.roll)) ?? 0) % 180 === 90;
  draft.width = isRotated ? height : width;
  draft.height = isRotated ? width : height;
  const nanoseconds = (await readUnsigned(source, fields, ids.defaultDuration)) ?? 0;
  if (nanoseconds > 0) draft.metadata.fps = frameRate(1, nanoseconds / 1e9);
}
