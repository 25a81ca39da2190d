/**
 * MP4, QuickTime and 3GP: size, rotation, duration and frame rate from the few boxes that tell them.
 * The tables of samples, megabytes in a long video, are stepped over.
 */
import { type Box, boxesIn, findBox } from "../boxes.ts";
import { asciiAt, viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";
import { readMovieTags } from "./movieTags.ts";
import type { VideoFacts } from "./videoFacts.ts";

const mostTracks = 32;
/** From 1904-01-01, where QuickTime's clock starts, to 1970-01-01. */
const secondsTo1970 = 2_082_844_800;

/** A run of equal durations takes 8 bytes: enough for 8,000 changes of pace. */
const longestRunTableBytes = 64 * 1024;

interface Track {
  width: number;
  height: number;
  framesPerSecond: number | null;
  boxes: Box[];
}

export async function readMp4(source: ByteSource, facts: VideoFacts): Promise<void> {
  const moov = findBox(await boxesIn(source, 0, source.sizeBytes), "moov");
  if (moov === undefined) return;
  const boxes = await boxesIn(source, moov.start, moov.end);
  const mvhd = findBox(boxes, "mvhd");
  if (mvhd !== undefined) await readMovieHeader(source, mvhd, facts);
  const track = await firstVideoTrack(source, boxes);
  if (track !== null) {
    facts.width = track.width;
    facts.height = track.height;
    facts.metadata.fps = track.framesPerSecond;
  }
  // iPhones keep the lens with the track, the rest with the movie.
  await readMovieTags(source, [boxes, track?.boxes ?? []], facts);
}

/** The first track with a picture: a cover or a depth map comes after it. */
async function firstVideoTrack(source: ByteSource, movie: Box[]): Promise<Track | null> {
  for (const box of movie.filter(({ type }) => type === "trak").slice(0, mostTracks)) {
    const track = await readVideoTrack(source, box);
    if (track !== null) return track;
  }
  return null;
}

async function readMovieHeader(source: ByteSource, box: Box, facts: VideoFacts): Promise<void> {
  const { created, timescale, duration } = await readTimes(source, box);
  if (timescale > 0 && duration > 0) facts.durationSeconds = duration / timescale;
  const seconds = created - secondsTo1970;
  // Its clock is UTC. Zero, and anything before cameras wrote such files, is a clock that was never set.
  if (seconds > 0) facts.captureTime = { wallUs: seconds * 1_000_000, offsetMinutes: 0 };
}

/** The head that `mvhd` and `mdhd` share: version, creation and modification times, timescale, duration. */
async function readTimes(
  source: ByteSource,
  box: Box,
): Promise<{ created: number; timescale: number; duration: number }> {
  const view = viewOf(await source.read(box.start, 32));
  if (view.getUint8(0) === 0) {
    const duration = view.getUint32(16);
    return {
      created: view.getUint32(4),
      timescale: view.getUint32(12),
      duration: duration === 0xffffffff ? 0 : duration,
    };
  }
  const duration = Number(view.getBigUint64(24));
  return {
    created: Number(view.getBigUint64(4)),
    timescale: view.getUint32(20),
    duration: duration >= 2 ** 63 ? 0 : duration,
  };
}

async function readVideoTrack(source: ByteSource, trak: Box): Promise<Track | null> {
  const boxes = await boxesIn(source, trak.start, trak.end);
  const mdia = findBox(boxes, "mdia");
  const tkhd = findBox(boxes, "tkhd");
  if (mdia === undefined || tkhd === undefined) return null;
  const media = await boxesIn(source, mdia.start, mdia.end);
  const hdlr = findBox(media, "hdlr");
  if (hdlr === undefined || asciiAt(await source.read(hdlr.start, 12), 8, 4) !== "vide") return null;
  const size = await readDisplaySize(source, tkhd);
  return size && { ...size, boxes, framesPerSecond: await readFrameRate(source, media) };
}

/** Width and height of the track header, turned by its matrix: rows a b, c d with a and d zero for a quarter turn. */
async function readDisplaySize(source: ByteSource, tkhd: Box): Promise<{ width: number; height: number } | null> {
  const view = viewOf(await source.read(tkhd.start, 96));
  const matrixAt = view.getUint8(0) === 0 ? 40 : 52;
  const a = Math.abs(view.getInt32(matrixAt));
  const b = Math.abs(view.getInt32(matrixAt + 4));
  const width = Math.round(view.getUint32(matrixAt + 36) / 65536);
  const height = Math.round(view.getUint32(matrixAt + 40) / 65536);
  if (width === 0 || height === 0) return null;
  return b > a ? { width: height, height: width } : { width, height };
}

/** Samples over the time they take: the average that ffprobe gives too. Null for a fragmented video, whose samples are elsewhere. */
async function readFrameRate(source: ByteSource, media: Box[]): Promise<number | null> {
  const mdhd = findBox(media, "mdhd");
  const minf = findBox(media, "minf");
  const stbl = minf && findBox(await boxesIn(source, minf.start, minf.end), "stbl");
  const tables = stbl === undefined ? [] : await boxesIn(source, stbl.start, stbl.end);
  const stts = findBox(tables, "stts");
  const stsz = findBox(tables, "stsz");
  if (mdhd === undefined || stts === undefined || stsz === undefined) return null;
  const { timescale, duration } = await readTimes(source, mdhd);
  const samples = viewOf(await source.read(stsz.start, 12)).getUint32(8);
  const ticks = (await sumOfDurations(source, stts)) ?? duration;
  const rate = (samples * timescale) / ticks;
  return Number.isFinite(rate) && rate > 0 && rate < 10_000 ? rate : null;
}

/** How long all samples last by the runs of `stts`; null where these are too many to be worth reading. */
async function sumOfDurations(source: ByteSource, stts: Box): Promise<number | null> {
  if (stts.end - stts.start > longestRunTableBytes) return null;
  const view = viewOf(await source.read(stts.start + 8, stts.end - stts.start - 8));
  let ticks = 0;
  for (let at = 0; at + 8 <= view.byteLength; at += 8) ticks += view.getUint32(at) * view.getUint32(at + 4);
  return ticks;
}
