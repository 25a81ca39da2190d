/** MP4, QuickTime and 3GP: what the movie's few telling boxes say, wherever in the file the movie box is. */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { indexedSeconds, readFragments } from "./fragments.ts";
import { metaBoxes, readItemList } from "./itemList.ts";
import { type MovieTags, applyMovieTags, keepTag } from "../movieTags.ts";
import { clockTime, readMovieHeader } from "./mp4Times.ts";
import { type PictureTrack, findPictureTrack } from "./mp4Track.ts";
import { readSonyXml } from "../vendor/sonyXml.ts";
import { plainText, readUserData } from "./userData.ts";
import { readUuidBoxes } from "./uuidBoxes.ts";
import { type VideoFindings, frameRate } from "../videoInfo.ts";

const longestXmlBytes = 64 * 1024;

export async function readMp4(source: ByteSource, facts: VideoFindings): Promise<void> {
  const top = await boxesIn(source, 0, source.sizeBytes);
  const moov = findBox(top, "moov");
  if (moov === undefined) return;
  const movie = await boxesIn(source, moov.start, moov.end);
  const header = await readMovieHeader(source, movie);
  facts.durationSeconds = header.seconds;
  facts.writtenAt = header.writtenAt;
  const track = await findPictureTrack(source, movie);
  if (track !== null) {
    const isTurned = track.isTurned !== header.isTurned;
    facts.width = isTurned ? track.height : track.width;
    facts.height = isTurned ? track.width : track.height;
    facts.metadata.projectionType = track.projectionType;
    facts.durationSeconds ??= track.seconds;
    facts.writtenAt ??= clockTime(track.created);
    await readPace(source, top, movie, track, facts);
  }
  await readTags(source, top, movie, track, facts);
}

/** Where there are fragments, the movie's own header tells of none of them, or of the first alone. */
async function readPace(
  source: ByteSource,
  top: Box[],
  movie: Box[],
  track: PictureTrack,
  facts: VideoFindings,
): Promise<void> {
  const defaults = findBox(movie, "mvex");
  const own = { ticks: track.ticks, samples: track.samples, endTicks: track.ticks };
  const run = defaults === undefined ? own : await readFragments(source, top, defaults, track);
  facts.metadata.fps = frameRate(run.samples, run.ticks / track.timescale);
  if (defaults === undefined || track.timescale === 0) return;
  const seconds = (await indexedSeconds(source, top)) ?? run.endTicks / track.timescale;
  facts.durationSeconds = Math.max(facts.durationSeconds ?? 0, seconds);
}

/** The movie's before its track's: iPhones keep the lens with the track, the rest with the movie. */
async function readTags(
  source: ByteSource,
  top: Box[],
  movie: Box[],
  track: PictureTrack | null,
  facts: VideoFindings,
): Promise<void> {
  const tags: MovieTags = new Map();
  for (const boxes of [movie, track?.boxes ?? [], top]) {
    const meta = findBox(boxes, "meta");
    if (meta !== undefined) await readItemList(source, meta, tags);
    const udta = findBox(boxes, "udta");
    if (udta !== undefined) await readUserData(source, udta, tags, facts);
    await readUuidBoxes(source, boxes, facts);
  }
  const date = findBox(top, "IDIT");
  if (date !== undefined) keepTag(tags, "IDIT", await plainText(source, date));
  applyMovieTags(tags, facts);
  for (const boxes of [top, movie]) await readXml(source, findBox(boxes, "meta"), facts);
}

async function readXml(source: ByteSource, meta: Box | undefined, facts: VideoFindings): Promise<void> {
  const xml = meta && findBox(await metaBoxes(source, meta), "xml ");
  if (xml === undefined) return;
  // Version and flags stand before the text.
  const bytes = await source.read(xml.start + 4, Math.min(xml.end - xml.start - 4, longestXmlBytes));
  if (asciiAt(bytes, 0, 1000).includes("NonRealTimeMeta")) readSonyXml(bytes, facts);
}
