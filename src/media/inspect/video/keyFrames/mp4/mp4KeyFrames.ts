/** Finds the key frames of MP4 and QuickTime films. */
import { type Box, findBox, readBoxContent, readBoxes } from "../../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../../bytes/bytes.ts";
import type { ByteSource } from "../../../bytes/byteSource.ts";
import { findVideoTrack } from "../../mp4/videoTrack.ts";
import { openFragmentedSamples } from "./fragmentKeyFrames.ts";
import type { KeyFrameTrack, TrackColour } from "../keyFrameTrack.ts";
import { readSample } from "../readSample.ts";
import { readCodec } from "./sampleEntryCodec.ts";
import { openSampleTable } from "./sampleTable.ts";
import { combineTurns, NO_TURN, orientationOf, readTurn, type Turn } from "./trackOrientation.ts";

/** More than any configuration with parameter sets has. */
const MAX_CONFIGURATION_BYTES = 64 * 1024;
/** Fixed fields of a visual sample entry, before its boxes. */
const SAMPLE_ENTRY_BYTES = 78;
const MAX_ENTRY_BOXES = 32;

/** Configuration boxes by codec. */
const configurationTypes = new Map([
  ["h264", "avcC"],
  ["hevc", "hvcC"],
  ["av1", "av1C"],
  ["mpeg4", "esds"],
]);

async function childBoxes(source: ByteSource, boxes: Box[], type: string): Promise<Box[]> {
  const box = findBox(boxes, type);
  return box === undefined ? [] : await readBoxes(source, box.start, box.end);
}

/** `mvhd` and `tkhd` have times of 4 or 8 bytes in front of the matrix. */
async function readHeaderTurn(source: ByteSource, boxes: Box[], type: string, at: number): Promise<Turn> {
  const box = findBox(boxes, type);
  if (box === undefined) return NO_TURN;
  const view = viewOf(await readBoxContent(source, box, 120));
  if (view.byteLength === 0) return NO_TURN;
  return readTurn(view, view.getUint8(0) === 1 ? at + 12 : at);
}

async function readPixelAspect(source: ByteSource, boxes: Box[]): Promise<KeyFrameTrack["pixelAspect"]> {
  const box = findBox(boxes, "pasp");
  const view = box === undefined ? null : viewOf(await readBoxContent(source, box, 8));
  if (view === null || view.byteLength < 8) return null;
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  return width === 0 || height === 0 ? null : { width, height };
}

/** `colr` of the kinds nclx (ISO/IEC 14496-12 §12.1.5) and nclc (QuickTime), which lacks the range. */
async function readColour(source: ByteSource, boxes: Box[]): Promise<TrackColour | null> {
  const box = findBox(boxes, "colr");
  const bytes = box === undefined ? new Uint8Array() : await readBoxContent(source, box, 11);
  if (bytes.length < 10 || asciiAt(bytes, 0, 3) !== "ncl") return null;
  const view = viewOf(bytes);
  const hasRange = asciiAt(bytes, 0, 4) === "nclx" && bytes.length > 10;
  return {
    primaries: view.getUint16(4),
    transfer: view.getUint16(6),
    matrix: view.getUint16(8),
    isFullRange: hasRange ? view.getUint8(10) >> 7 === 1 : null,
  };
}

type Entry = Pick<KeyFrameTrack, "codec" | "configuration" | "pixelAspect" | "colour">;

/** Reads the first sample description. */
async function readEntry(source: ByteSource, tables: Box[]): Promise<Entry | null> {
  const stsd = findBox(tables, "stsd");
  const [entry] = stsd === undefined ? [] : await readBoxes(source, stsd.start + 8, stsd.end, 1);
  if (entry === undefined) return null;
  const boxes = await readBoxes(source, entry.start + SAMPLE_ENTRY_BYTES, entry.end, MAX_ENTRY_BOXES);
  const codec = await readCodec(source, entry.type, boxes);
  const box = findBox(boxes, configurationTypes.get(codec) ?? "");
  return {
    codec,
    configuration: box === undefined ? new Uint8Array() : await readBoxContent(source, box, MAX_CONFIGURATION_BYTES),
    pixelAspect: await readPixelAspect(source, boxes),
    colour: await readColour(source, boxes),
  };
}

/**
 * Opens the video track of a film. Returns null if it has none or if its headers are damaged. Reads boxes and tables
 * through `source`.
 */
export async function openMp4KeyFrames(file: ByteSource, source: ByteSource): Promise<KeyFrameTrack | null> {
  const top = await readBoxes(source, 0, source.sizeBytes);
  const movie = await childBoxes(source, top, "moov");
  const track = await findVideoTrack(source, movie);
  if (track === null) return null;
  const media = await childBoxes(source, track.boxes, "mdia");
  const tables = await childBoxes(source, await childBoxes(source, media, "minf"), "stbl");
  const entry = await readEntry(source, tables);
  const table = await openSampleTable(source, tables);
  const isFragmented = table === null || table.samples === 0;
  const samples = isFragmented ? await openFragmentedSamples(source, top, movie, track.trackId) : table;
  if (entry === null || samples.keyFrames === 0) return null;
  const trackTurn = await readHeaderTurn(source, track.boxes, "tkhd", 40);
  const movieTurn = await readHeaderTurn(source, movie, "mvhd", 36);
  const orientation = orientationOf(combineTurns(trackTurn, movieTurn));
  return {
    ...entry,
    orientation,
    keyFrames: samples.keyFrames,
    readKeyFrame: async (index, maxBytes) => await readSample(file, await samples.locate(index), maxBytes),
  };
}
