/** What cameras and editors note in an AVI: the date, the camera, blocks of EXIF and XMP. Each maker has another place for it. */
import { asciiAt, startsWith, viewOf } from "../../bytes/bytes.ts";
import { longestBlockBytes } from "../../containers/imageContent.ts";
import { tidyText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type WallTime, parseExifDate } from "../../metadata/wallTime.ts";
import { bareDirectory } from "../vendor/headerlessIfd.ts";
import { type Chunk, bytesOf, chunksIn } from "../../bytes/riff.ts";
import type { VideoFindings } from "../videoInfo.ts";

const longestNoteBytes = 64 * 1024;
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Olympus and Pentax name maker and model at the same places of a block of theirs. */
const cameraBlock = /^(?:OLYM|PENT)Digital Camera/;
/** From 1601-01-01, where Windows' clock starts, to 1970-01-01. */
const microsecondsTo1970 = 11_644_473_600_000_000;
/** The tags of Nikon's own list. */
const nikonTags = { make: 3, model: 4, captured: 0x13 };

export async function readAviNotes(
  source: ByteSource,
  chunks: Chunk[],
  headers: Chunk[],
  facts: VideoFindings,
): Promise<void> {
  const dates: (WallTime | null)[] = [];
  for (const chunk of [...headers, ...chunks]) {
    if (chunk.type === "IDIT") dates.push(parseRiffDate(await text(source, chunk)));
    else if (chunk.type === "LIST:INFO" || chunk.type === "LIST:exif") dates.push(await readInfo(source, chunk, facts));
    else if (chunk.type === "LIST:ncdt") await readNikon(source, chunk, facts);
    else if (chunk.type === "LIST:strl") await readStreamData(source, chunk, facts);
    else if (chunk.type === "JUNK") readCameraBlock(await bytesOf(source, chunk, longestNoteBytes), facts);
    else if (chunk.type === "_PMX") facts.blocks.xmp.push((await bytesOf(source, chunk, longestBlockBytes)).slice());
  }
  const date = dates.find((one) => one !== null) ?? null;
  // What makers note besides counts after.
  facts.metadata.originalDatetime = date ?? facts.metadata.originalDatetime;
  facts.captureTime = facts.metadata.originalDatetime;
}

async function text(source: ByteSource, chunk: Chunk): Promise<string> {
  const bytes = await bytesOf(source, chunk, longestNoteBytes);
  return tidyText(asciiAt(bytes, 0, bytes.length)) ?? "";
}

/** "Mon Mar 10 15:04:43 2003", or one of the cameras' own: "2005/11/28/ 09:19", "2001/ 1/27  1:42PM", "2002-12-16  15:35:01", or two halves of Windows' count. */
export function parseRiffDate(written: string): WallTime | null {
  const halves = /^(\d{1,10}) (\d{1,10})$/.exec(written.trim());
  if (halves !== null) return windowsTime(Number(halves[1]), Number(halves[2]));
  const [, name = "", day = "", time = "", year = ""] = written.trim().split(/\s+/);
  const month = months.indexOf(name.toLowerCase()) + 1;
  if (month > 0) return parseExifDate(`${year}:${two(month)}:${two(day)} ${time}`);
  const match = /^(\d{4})[-/:]\s*(\d{1,2})[-/:]\s*(\d{1,2})\/?\s+(\d{1,2}):\s*(\d{1,2})(?::(\d{1,2}))?\s*(PM)?/i.exec(
    written,
  );
  if (match === null) return null;
  const [, ownYear, ownMonth, ownDay, hour, minute, second = 0, isLate] = match;
  const late = isLate !== undefined && Number(hour) < 12 ? 12 : 0;
  return parseExifDate(
    `${ownYear}:${two(ownMonth)}:${two(ownDay)} ${two(Number(hour) + late)}:${two(minute)}:${two(second)}`,
  );
}

/** Ten million to the second, from 1601. */
function windowsTime(high: number, low: number): WallTime | null {
  const wallUs = Math.round((high * 2 ** 32 + low) / 10) - microsecondsTo1970;
  return wallUs > 0 && Number.isSafeInteger(wallUs) ? { wallUs, offsetMinutes: null } : null;
}

function two(value: string | number | undefined): string {
  return String(value).padStart(2, "0");
}

/** INFO of RIFF itself, and the list that Exif defines for sound. The date of INFO counts only with a time. */
async function readInfo(source: ByteSource, list: Chunk, { metadata }: VideoFindings): Promise<WallTime | null> {
  let date: WallTime | null = null;
  for (const chunk of await chunksIn(source, list.start, list.end)) {
    if (chunk.type === "ecor") metadata.make ??= tidyText(await text(source, chunk));
    else if (chunk.type === "emdl") metadata.model ??= tidyText(await text(source, chunk));
    else if (["IDIT", "ICRD", "DTIM"].includes(chunk.type)) date ??= parseRiffDate(await text(source, chunk));
  }
  return date;
}

/** Tags and lengths of 16 bits each, then the value. */
async function readNikon(source: ByteSource, list: Chunk, { metadata }: VideoFindings): Promise<void> {
  const chunk = (await chunksIn(source, list.start, list.end)).find(({ type }) => type === "nctg");
  if (chunk === undefined) return;
  const bytes = await bytesOf(source, chunk, longestNoteBytes);
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length; at += 4 + view.getUint16(at + 2, true)) {
    const tag = view.getUint16(at, true);
    const value = tidyText(asciiAt(bytes, at + 4, view.getUint16(at + 2, true)));
    if (tag === nikonTags.make) metadata.make ??= value;
    else if (tag === nikonTags.model) metadata.model ??= value;
    else if (tag === nikonTags.captured) metadata.originalDatetime ??= parseExifDate(value ?? "");
  }
}

/** "AVIF" and four bytes more, then a directory of EXIF whose offsets count from itself. */
async function readStreamData(source: ByteSource, list: Chunk, facts: VideoFindings): Promise<void> {
  const chunk = (await chunksIn(source, list.start, list.end)).find(({ type }) => type === "strd");
  if (chunk === undefined) return;
  const bytes = await bytesOf(source, chunk, longestNoteBytes);
  if (startsWith(bytes, "AVIF")) facts.blocks.tiff.push(bareDirectory(bytes.subarray(8), 0, true));
}

function readCameraBlock(bytes: Uint8Array, facts: VideoFindings): void {
  if (cameraBlock.test(asciiAt(bytes, 0, 32))) {
    facts.metadata.make ??= tidyText(asciiAt(bytes, 0x12, 24));
    facts.metadata.model ??= tidyText(asciiAt(bytes, 0x2c, 24));
  } else if (startsWith(bytes, "QVMI")) {
    facts.blocks.tiff.push(bareDirectory(bytes, 10, false));
  } else if (startsWith(bytes, "IIII\x01\0")) {
    facts.metadata.model ??= tidyText(asciiAt(bytes, 0x0c, 32));
  }
}
