/** Reads dates, camera names and EXIF and XMP blocks from the chunks that cameras and editors add to an AVI. */
import { asciiAt, startsWith, viewOf } from "../../bytes/bytes.ts";
import { MAX_BLOCK_BYTES } from "../../containers/imageContent.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type WallTime, parseExifDate } from "../../metadata/wallTime.ts";
import { headerlessIfd } from "../vendor/headerlessIfd.ts";
import { type RiffChunk, readRiffChunk, readRiffChunks } from "../../bytes/riff.ts";
import type { VideoDraft } from "../videoInfo.ts";

const MAX_CHUNK_BYTES = 64 * 1024;
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Olympus and Pentax store make and model at the same offsets. */
const CAMERA_BLOCK = /^(?:OLYM|PENT)Digital Camera/;
/** A FILETIME counts from 1601-01-01; this is the distance to 1970-01-01. */
const FILETIME_EPOCH_OFFSET_US = 11_644_473_600_000_000;
/** Tags of Nikon's `nctg` list. */
const nikonTag = { make: 3, model: 4, captured: 0x13 };

/**
 * Adds capture time, make, model, EXIF and XMP to `draft`. `chunks` are the top level, `headers` the content of `hdrl`.
 */
export async function readAviMetadata(
  source: ByteSource,
  chunks: RiffChunk[],
  headers: RiffChunk[],
  draft: VideoDraft,
): Promise<void> {
  const dates: (WallTime | null)[] = [];
  for (const chunk of [...headers, ...chunks]) {
    if (chunk.type === "IDIT") dates.push(parseRiffDate(await readText(source, chunk)));
    else if (chunk.type === "LIST:INFO" || chunk.type === "LIST:exif")
      dates.push(await readInfoList(source, chunk, draft));
    else if (chunk.type === "LIST:ncdt") await readNikonList(source, chunk, draft);
    else if (chunk.type === "LIST:strl") await readStreamData(source, chunk, draft);
    else if (chunk.type === "JUNK") readJunkChunk(await readRiffChunk(source, chunk, MAX_CHUNK_BYTES), draft);
    else if (chunk.type === "_PMX")
      draft.blocks.xmp.push((await readRiffChunk(source, chunk, MAX_BLOCK_BYTES)).slice());
  }
  const date = dates.find((one) => one !== null) ?? null;
  // A date in the AVI headers takes precedence over one in the vendor chunks.
  draft.metadata.originalDatetime = date ?? draft.metadata.originalDatetime;
  draft.captureTime = draft.metadata.originalDatetime;
}

async function readText(source: ByteSource, chunk: RiffChunk): Promise<string> {
  const bytes = await readRiffChunk(source, chunk, MAX_CHUNK_BYTES);
  return normalizeText(asciiAt(bytes, 0, bytes.length)) ?? "";
}

/**
 * Parses "Mon Mar 10 15:04:43 2003", the variants "2005/11/28/ 09:19", "2001/ 1/27 1:42PM" and "2002-12-16 15:35:01",
 * and a Windows FILETIME as two decimal halves. Returns null for other text.
 */
export function parseRiffDate(text: string): WallTime | null {
  const halves = /^(\d{1,10}) (\d{1,10})$/.exec(text.trim());
  if (halves !== null) return parseFiletime(Number(halves[1]), Number(halves[2]));
  const [, name = "", day = "", time = "", year = ""] = text.trim().split(/\s+/);
  const month = months.indexOf(name.toLowerCase()) + 1;
  if (month > 0) return parseExifDate(`${year}:${twoDigits(month)}:${twoDigits(day)} ${time}`);
  const match = /^(\d{4})[-/:]\s*(\d{1,2})[-/:]\s*(\d{1,2})\/?\s+(\d{1,2}):\s*(\d{1,2})(?::(\d{1,2}))?\s*(PM)?/i.exec(
    text,
  );
  if (match === null) return null;
  const [, isoYear, isoMonth, isoDay, hour, minute, second = 0, meridiem] = match;
  const pmHours = meridiem !== undefined && Number(hour) < 12 ? 12 : 0;
  return parseExifDate(
    `${isoYear}:${twoDigits(isoMonth)}:${twoDigits(isoDay)} ${twoDigits(Number(hour) + pmHours)}:${twoDigits(minute)}:${twoDigits(second)}`,
  );
}

/** A FILETIME counts 100 ns ticks. */
function parseFiletime(high: number, low: number): WallTime | null {
  const wallUs = Math.round((high * 2 ** 32 + low) / 10) - FILETIME_EPOCH_OFFSET_US;
  return wallUs > 0 && Number.isSafeInteger(wallUs) ? { wallUs, offsetMinutes: null } : null;
}

function twoDigits(value: string | number | undefined): string {
  return String(value).padStart(2, "0");
}

/** Reads RIFF's INFO list and the list that Exif defines for audio. A date without a time is ignored. */
async function readInfoList(source: ByteSource, list: RiffChunk, { metadata }: VideoDraft): Promise<WallTime | null> {
  let date: WallTime | null = null;
  for (const chunk of await readRiffChunks(source, list.start, list.end)) {
    if (chunk.type === "ecor") metadata.make ??= normalizeText(await readText(source, chunk));
    else if (chunk.type === "emdl") metadata.model ??= normalizeText(await readText(source, chunk));
    else if (["IDIT", "ICRD", "DTIM"].includes(chunk.type)) date ??= parseRiffDate(await readText(source, chunk));
  }
  return date;
}

/** Each record is a 16-bit tag, a 16-bit length and the value. */
async function readNikonList(source: ByteSource, list: RiffChunk, { metadata }: VideoDraft): Promise<void> {
  const chunk = (await readRiffChunks(source, list.start, list.end)).find(({ type }) => type === "nctg");
  if (chunk === undefined) return;
  const bytes = await readRiffChunk(source, chunk, MAX_CHUNK_BYTES);
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length; at += 4 + view.getUint16(at + 2, true)) {
    const tag = view.getUint16(at, true);
    const value = normalizeText(asciiAt(bytes, at + 4, view.getUint16(at + 2, true)));
    if (tag === nikonTag.make) metadata.make ??= value;
    else if (tag === nikonTag.model) metadata.model ??= value;
    else if (tag === nikonTag.captured) metadata.originalDatetime ??= parseExifDate(value ?? "");
  }
}

/** The EXIF directory starts 8 bytes after "AVIF"; its offsets count from itself. */
async function readStreamData(source: ByteSource, list: RiffChunk, draft: VideoDraft): Promise<void> {
  const chunk = (await readRiffChunks(source, list.start, list.end)).find(({ type }) => type === "strd");
  if (chunk === undefined) return;
  const bytes = await readRiffChunk(source, chunk, MAX_CHUNK_BYTES);
  if (startsWith(bytes, "AVIF")) draft.blocks.exif.push(headerlessIfd(bytes.subarray(8), 0, true));
}

function readJunkChunk(bytes: Uint8Array, draft: VideoDraft): void {
  if (CAMERA_BLOCK.test(asciiAt(bytes, 0, 32))) {
    draft.metadata.make ??= normalizeText(asciiAt(bytes, 0x12, 24));
    draft.metadata.model ??= normalizeText(asciiAt(bytes, 0x2c, 24));
  } else if (startsWith(bytes, "QVMI")) {
    draft.blocks.exif.push(headerlessIfd(bytes, 10, false));
  } else if (startsWith(bytes, "IIII\x01\0")) {
    draft.metadata.model ??= normalizeText(asciiAt(bytes, 0x0c, 32));
  }
}
