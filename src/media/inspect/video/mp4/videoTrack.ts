/** Reads the video track: displayed size, sample times and projection. Sample tables of many megabytes are skipped. */
import { type Box, readBoxes, findBox } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { isQuarterRotation, readMediaTimes } from "./movieHeader.ts";

const MAX_TRACKS = 32;
/** An entry of `stts` takes 8 bytes: enough for 8,000 changes of the frame duration. */
const MAX_TIME_TABLE_BYTES = 64 * 1024;
/** Fixed fields of a visual sample entry, before its boxes. */
const SAMPLE_ENTRY_BYTES = 78;
const MAX_HANDLER_BYTES = 64;
const TRACK_ENABLED = 1;
const imageCodecs = ["jpeg", "png ", "mjpa"];

export interface VideoTrack {
  trackId: number;
  /** Displayed size before rotation; 0 if unknown. */
  width: number;
  height: number;
  isRotated: boolean;
  /** Samples listed in `moov`, excluding fragments, and their total duration. */
  samples: number;
  ticks: number;
  timescale: number;
  seconds: number;
  created: number;
  projectionType: string | null;
  /** The name of the component that wrote the track; empty if unknown. */
  handlerName: string;
  boxes: Box[];
}

interface Candidate extends VideoTrack {
  /** A disabled track, or one with a single image: cover art or chapter images. */
  isSecondary: boolean;
}

/** Returns the first enabled video track, else the first disabled one. */
export async function findVideoTrack(source: ByteSource, movie: Box[]): Promise<VideoTrack | null> {
  let secondary: VideoTrack | null = null;
  for (const box of movie.filter(({ type }) => type === "trak").slice(0, MAX_TRACKS)) {
    const track = await readTrack(source, box).catch(() => null);
    if (track !== null && !track.isSecondary) return track;
    secondary ??= track;
  }
  return secondary;
}

async function readTrack(source: ByteSource, trak: Box): Promise<Candidate | null> {
  const boxes = await readBoxes(source, trak.start, trak.end);
  const mdia = findBox(boxes, "mdia");
  const tkhd = findBox(boxes, "tkhd");
  if (mdia === undefined || tkhd === undefined) return null;
  const media = await readBoxes(source, mdia.start, mdia.end);
  const minf = findBox(media, "minf");
  const information = minf === undefined ? [] : await readBoxes(source, minf.start, minf.end);
  const handler = await readHandler(source, findBox(media, "hdlr"));
  // Some MOV files lack the handler; `vmhd` marks a video track too.
  if (handler === null ? findBox(information, "vmhd") === undefined : handler.type !== "vide") return null;
  const stbl = findBox(information, "stbl");
  const tables = stbl === undefined ? [] : await readBoxes(source, stbl.start, stbl.end);
  const header = await readTrackHeader(source, tkhd);
  const description = await readSampleDescription(source, tables);
  const times = await readMediaTimes(source, media);
  const { samples, ticks } = await readSampleTimes(source, tables);
  return {
    trackId: header.trackId,
    width: header.width || description.width,
    height: header.height || description.height,
    isRotated: header.isRotated,
    samples,
    ticks: ticks ?? times.duration,
    timescale: times.timescale,
    seconds: times.timescale > 0 ? times.duration / times.timescale : 0,
    created: header.created || times.created,
    projectionType: description.projectionType,
    handlerName: handler?.name ?? "",
    boxes,
    isSecondary: !header.isEnabled || (imageCodecs.includes(description.codec) && samples === 1),
  };
}

/** Version and flags, a component type, the handler type, twelve reserved bytes, the name. */
async function readHandler(source: ByteSource, hdlr: Box | undefined): Promise<{ type: string; name: string } | null> {
  if (hdlr === undefined) return null;
  const bytes = await source.read(hdlr.start, Math.min(hdlr.end - hdlr.start, MAX_HANDLER_BYTES));
  return { type: asciiAt(bytes, 8, 4), name: asciiAt(bytes, 24, MAX_HANDLER_BYTES) };
}

/** Width and height are stored before rotation. */
async function readTrackHeader(source: ByteSource, tkhd: Box) {
  const view = viewOf(await source.read(tkhd.start, 96));
  const is64Bit = view.getUint8(0) === 1;
  const matrixAt = is64Bit ? 52 : 40;
  return {
    isEnabled: (view.getUint32(0) & TRACK_ENABLED) !== 0,
    created: is64Bit ? Number(view.getBigUint64(4)) : view.getUint32(4),
    trackId: view.getUint32(is64Bit ? 20 : 12),
    isRotated: isQuarterRotation(view, matrixAt),
    width: Math.round(view.getUint32(matrixAt + 36) / 65536),
    height: Math.round(view.getUint32(matrixAt + 40) / 65536),
  };
}

interface SampleDescription {
  codec: string;
  width: number;
  height: number;
  projectionType: string | null;
}

/** Reads the first sample description. */
async function readSampleDescription(source: ByteSource, tables: Box[]): Promise<SampleDescription> {
  const stsd = findBox(tables, "stsd");
  const [entry] = stsd === undefined ? [] : await readBoxes(source, stsd.start + 8, stsd.end, 1);
  const head = entry === undefined ? new Uint8Array(0) : await source.read(entry.start, SAMPLE_ENTRY_BYTES);
  if (entry === undefined || head.length < SAMPLE_ENTRY_BYTES) {
    return { codec: "", width: 0, height: 0, projectionType: null };
  }
  const view = viewOf(head);
  const boxes = await readBoxes(source, entry.start + SAMPLE_ENTRY_BYTES, entry.end, 32);
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

/** Spherical Video V2: `sv3d` contains `proj`, which contains a box named after the projection. */
async function readProjection(source: ByteSource, boxes: Box[]): Promise<string | null> {
  const spherical = findBox(boxes, "sv3d");
  const proj = spherical && findBox(await readBoxes(source, spherical.start, spherical.end, 8), "proj");
  const parts = proj === undefined ? [] : await readBoxes(source, proj.start, proj.end, 8);
  return parts.map(({ type }) => projections.get(type)).find((name) => name !== undefined) ?? null;
}

/** Counts samples and sums their durations; `ticks` is null if the `stts` table is too long to read. */
async function readSampleTimes(source: ByteSource, tables: Box[]): Promise<{ samples: number; ticks: number | null }> {
  const stts = findBox(tables, "stts");
  const sizes = findBox(tables, "stsz") ?? findBox(tables, "stz2");
  const sampleCount = sizes === undefined ? 0 : viewOf(await source.read(sizes.start, 12)).getUint32(8);
  if (stts === undefined || stts.end - stts.start > MAX_TIME_TABLE_BYTES) return { samples: sampleCount, ticks: null };
  const view = viewOf(await source.read(stts.start + 8, stts.end - stts.start - 8));
  let [samples, ticks] = [0, 0];
  for (let at = 0; at + 8 <= view.byteLength; at += 8) {
    samples += view.getUint32(at);
    ticks += view.getUint32(at) * view.getUint32(at + 4);
  }
  return { samples, ticks };
}
