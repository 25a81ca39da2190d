/** Reads MP4, QuickTime and 3GP files. */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { segmentIndexSeconds, readFragments } from "./fragments.ts";
import { readMetaBoxes, readItemList } from "./itemList.ts";
import { type MovieTags, applyMovieTags, addTag } from "../movieTags.ts";
import { parseMacTime, readMovieHeader } from "./movieHeader.ts";
import { type VideoTrack, findVideoTrack } from "./videoTrack.ts";
import { hasLocalClock, withoutOffset } from "../vendor/localClock.ts";
import { readSonyXml } from "../vendor/sonyXml.ts";
import { readPlainText, readUserData } from "./userData.ts";
import { readUuidBoxes } from "./uuidBoxes.ts";
import { type VideoDraft, frameRate } from "../videoInfo.ts";

const MAX_XML_BYTES = 64 * 1024;

/** Fills `draft` from `moov`, wherever it is in the file. */
export async function readMp4(source: ByteSource, draft: VideoDraft): Promise<void> {
  const top = await readBoxes(source, 0, source.sizeBytes);
  const moov = findBox(top, "moov");
  if (moov === undefined) return;
  const movie = await readBoxes(source, moov.start, moov.end);
  const header = await readMovieHeader(source, movie);
  draft.durationSeconds = header.seconds;
  draft.createdAt = header.createdAt;
  const track = await findVideoTrack(source, movie);
  if (track !== null) {
    const isRotated = track.isRotated !== header.isRotated;
    draft.width = isRotated ? track.height : track.width;
    draft.height = isRotated ? track.width : track.height;
    draft.metadata.projectionType = track.projectionType;
    draft.durationSeconds ??= track.seconds;
    draft.createdAt ??= parseMacTime(track.created);
    await readFrameRate(source, top, movie, track, draft);
  }
  await readTags(source, top, movie, track, draft);
  if (hasLocalClock(track?.handlerName ?? "", draft.metadata.make)) draft.createdAt = withoutOffset(draft.createdAt);
}

/** A fragmented movie's header covers at most the first fragment. */
async function readFrameRate(
  source: ByteSource,
  top: Box[],
  movie: Box[],
  track: VideoTrack,
  draft: VideoDraft,
): Promise<void> {
  const defaults = findBox(movie, "mvex");
  const movieTotals = { ticks: track.ticks, samples: track.samples, endTicks: track.ticks };
  const totals = defaults === undefined ? movieTotals : await readFragments(source, top, defaults, track);
  draft.metadata.fps = frameRate(totals.samples, totals.ticks / track.timescale);
  if (defaults === undefined || track.timescale === 0) return;
  const seenSeconds = totals.ticks / track.timescale;
  const endSeconds = totals.endTicks === null ? null : totals.endTicks / track.timescale;
  const seconds = (await segmentIndexSeconds(source, top)) ?? endSeconds;
  const headerSeconds = draft.durationSeconds ?? 0;
  // A header that covers more than the fragments read so far covers all of them.
  if (seconds !== null) draft.durationSeconds = Math.max(headerSeconds, seconds);
  else if (headerSeconds <= seenSeconds) draft.durationSeconds = null;
}

/** Movie tags take precedence over track tags. iPhones store the lens with the track, the rest with the movie. */
async function readTags(
  source: ByteSource,
  top: Box[],
  movie: Box[],
  track: VideoTrack | null,
  draft: VideoDraft,
): Promise<void> {
  const tags: MovieTags = new Map();
  for (const boxes of [movie, track?.boxes ?? [], top]) {
    const meta = findBox(boxes, "meta");
    if (meta !== undefined) await readItemList(source, meta, tags);
    const udta = findBox(boxes, "udta");
    if (udta !== undefined) await readUserData(source, udta, tags, draft);
    await readUuidBoxes(source, boxes, draft);
  }
  const date = findBox(top, "IDIT");
  if (date !== undefined) addTag(tags, "IDIT", await readPlainText(source, date));
  applyMovieTags(tags, draft);
  for (const boxes of [top, movie]) await readXmlBox(source, findBox(boxes, "meta"), draft);
}

async function readXmlBox(source: ByteSource, meta: Box | undefined, draft: VideoDraft): Promise<void> {
  const xml = meta && findBox(await readMetaBoxes(source, meta), "xml ");
  if (xml === undefined) return;
  // Version and flags precede the XML.
  const bytes = await source.read(xml.start + 4, Math.min(xml.end - xml.start - 4, MAX_XML_BYTES));
  if (asciiAt(bytes, 0, 1000).includes("NonRealTimeMeta")) readSonyXml(bytes, draft);
}
