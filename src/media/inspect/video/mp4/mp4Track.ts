/**
 * The track of pictures of an MP4 or QuickTime movie: its size as shown, its pace, how it lies on a sphere.
 * The tables of samples, megabytes in a long video, are stepped over.
 */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readMediaTimes } from "./mp4Times.ts";
import { isQuarterTurn } from "./mp4Rotation.ts";

const mostTracks = 32;
/** A run of equal durations takes 8 bytes: enough for 8,000 changes of pace. */
const longestRunTableBytes = 64 * 1024;
/** Of an entry that describes pictures: what stands in front of the boxes in it. */
const pictureEntryBytes = 78;
const isEnabled = 1;
const still = ["jpeg", "png ", "mjpa"];

export interface PictureTrack {
  trackId: number;
  /** As shown but for the turn; 0 where unknown. */
  width: number;
  height: number;
  isTurned: boolean;
  /** Pictures told of by the movie itself, not by fragments behind it, and the ticks they take. */
  samples: number;
  ticks: number;
  timescale: number;
  seconds: number;
  created: number;
  projectionType: string | null;
  boxes: Box[];
}

interface Candidate extends PictureTrack {
  /** A track that is switched off, or one of a single still: the cover, or the pictures of chapters. */
  isAside: boolean;
}

/** The first track with a picture that is meant to be seen. */
export async function findPictureTrack(source: ByteSource, movie: Box[]): Promise<PictureTrack | null> {
  let aside: PictureTrack | null = null;
  for (const box of movie.filter(({ type }) => type === "trak").slice(0, mostTracks)) {
    const track = await readTrack(source, box).catch(() => null);
    if (track !== null && !track.isAside) return track;
    aside ??= track;
  }
  return aside;
}

async function readTrack(source: ByteSource, trak: Box): Promise<Candidate | null> {
  const boxes = await boxesIn(source, trak.start, trak.end);
  const mdia = findBox(boxes, "mdia");
  const tkhd = findBox(boxes, "tkhd");
  if (mdia === undefined || tkhd === undefined) return null;
  const media = await boxesIn(source, mdia.start, mdia.end);
  const hdlr = findBox(media, "hdlr");
  if (hdlr === undefined || asciiAt(await source.read(hdlr.start, 12), 8, 4) !== "vide") return null;
  const minf = findBox(media, "minf");
  const stbl = minf && findBox(await boxesIn(source, minf.start, minf.end), "stbl");
  const tables = stbl === undefined ? [] : await boxesIn(source, stbl.start, stbl.end);
  const header = await readTrackHeader(source, tkhd);
  const coded = await readDescription(source, tables);
  const times = await readMediaTimes(source, media);
  const { samples, ticks } = await readPace(source, tables);
  return {
    trackId: header.trackId,
    width: header.width || coded.width,
    height: header.height || coded.height,
    isTurned: header.isTurned,
    samples,
    ticks: ticks ?? times.duration,
    timescale: times.timescale,
    seconds: times.timescale > 0 ? times.duration / times.timescale : 0,
    created: header.created || times.created,
    projectionType: coded.projectionType,
    boxes,
    isAside: !header.isEnabled || (still.includes(coded.codec) && samples === 1),
  };
}

/** Width and height are those before the turn. */
async function readTrackHeader(source: ByteSource, tkhd: Box) {
  const view = viewOf(await source.read(tkhd.start, 96));
  const isLong = view.getUint8(0) === 1;
  const matrixAt = isLong ? 52 : 40;
  return {
    isEnabled: (view.getUint32(0) & isEnabled) !== 0,
    created: isLong ? Number(view.getBigUint64(4)) : view.getUint32(4),
    trackId: view.getUint32(isLong ? 20 : 12),
    isTurned: isQuarterTurn(view, matrixAt),
    width: Math.round(view.getUint32(matrixAt + 36) / 65536),
    height: Math.round(view.getUint32(matrixAt + 40) / 65536),
  };
}

interface Description {
  codec: string;
  width: number;
  height: number;
  projectionType: string | null;
}

/** How the pictures are coded; the first description, where there are several. */
async function readDescription(source: ByteSource, tables: Box[]): Promise<Description> {
  const stsd = findBox(tables, "stsd");
  const [entry] = stsd === undefined ? [] : await boxesIn(source, stsd.start + 8, stsd.end, 1);
  const head = entry === undefined ? new Uint8Array(0) : await source.read(entry.start, pictureEntryBytes);
  if (entry === undefined || head.length < pictureEntryBytes) {
    return { codec: "", width: 0, height: 0, projectionType: null };
  }
  const view = viewOf(head);
  const boxes = await boxesIn(source, entry.start + pictureEntryBytes, entry.end, 32);
  return {
    codec: entry.type,
    width: view.getUint16(24),
    height: view.getUint16(26),
    projectionType: await readProjection(source, boxes),
  };
}

const projections = new Map([
  ["equi", "equirectangular"],
  ["cbmp", "cubemap"],
  ["mshp", "mesh"],
]);

/** Spherical Video V2: "sv3d" holds "proj", which holds a box named by the projection. */
async function readProjection(source: ByteSource, boxes: Box[]): Promise<string | null> {
  const sphere = findBox(boxes, "sv3d");
  const proj = sphere && findBox(await boxesIn(source, sphere.start, sphere.end, 8), "proj");
  const parts = proj === undefined ? [] : await boxesIn(source, proj.start, proj.end, 8);
  return parts.map(({ type }) => projections.get(type)).find((name) => name !== undefined) ?? null;
}

/** How many pictures there are and how long all of them last; null ticks where the runs are too many to be worth reading. */
async function readPace(source: ByteSource, tables: Box[]): Promise<{ samples: number; ticks: number | null }> {
  const stts = findBox(tables, "stts");
  const sizes = findBox(tables, "stsz") ?? findBox(tables, "stz2");
  const counted = sizes === undefined ? 0 : viewOf(await source.read(sizes.start, 12)).getUint32(8);
  if (stts === undefined || stts.end - stts.start > longestRunTableBytes) return { samples: counted, ticks: null };
  const view = viewOf(await source.read(stts.start + 8, stts.end - stts.start - 8));
  let [samples, ticks] = [0, 0];
  for (let at = 0; at + 8 <= view.byteLength; at += 8) {
    samples += view.getUint32(at);
    ticks += view.getUint32(at) * view.getUint32(at + 4);
  }
  return { samples, ticks };
}
