/** What makers of cameras put into the user data of a movie in forms of their own: names of maker and model, dates, whole blocks of EXIF. */
import { type Box, boxesIn, findBox } from "../../bytes/bmffBoxes.ts";
import { section } from "../../bytes/boundedSource.ts";
import { asciiAt, startsWith } from "../../bytes/bytes.ts";
import { exifBlock } from "../../exif/exifBlock.ts";
import { readJpeg } from "../../containers/jpeg.ts";
import { emptyContent } from "../../containers/imageContent.ts";
import { tidyText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { parseExifDate } from "../../metadata/wallTime.ts";
import { bareDirectory } from "./headerlessIfd.ts";
import { readGoProModel } from "./goPro.ts";
import { nikonTexts } from "./nikonTags.ts";
import type { VideoFindings } from "../videoInfo.ts";

const longestBytes = 256 * 1024;

type Reader = (bytes: Uint8Array, facts: VideoFindings) => void;

const readers = new Map<string, Reader>([
  ["TAGS", readDigicam],
  ["MVTG", (bytes, { blocks }) => blocks.tiff.push(bareDirectory(bytes.subarray(16), 0, true))],
  ["QVMI", (bytes, { blocks }) => blocks.tiff.push(bareDirectory(bytes, 10, false))],
  ["RMKN", (bytes, { blocks }) => blocks.tiff.push(exifBlock(bytes.slice()))],
  ["RICO", (bytes, { blocks }) => blocks.tiff.push(exifBlock(bytes.slice(), 10))],
  ["PANA", readPanasonic],
  ["LEIC", readPanasonic],
  ["GPMF", (bytes, { metadata }) => (metadata.model ??= readGoProModel(bytes))],
]);

export async function readCameraData(source: ByteSource, box: Box, facts: VideoFindings): Promise<void> {
  const reader = readers.get(box.type);
  if (reader !== undefined) reader(await source.read(box.start, Math.min(box.end - box.start, longestBytes)), facts);
  else if (box.type === "CNTH") await readCanon(source, box, facts);
  else if (box.type === "NCDT") await readNikon(source, box, facts);
}

/** The maker in 24 letters, the model in up to 24 more. A maker that has its model elsewhere has a number there. */
function readDigicam(bytes: Uint8Array, { metadata }: VideoFindings): void {
  const make = tidyText(asciiAt(bytes, 0, 32)) ?? "";
  if (!/ DIGITAL CAMERA|^EASTMAN KODAK/.test(make)) return;
  metadata.make ??= make;
  const model = tidyText(asciiAt(bytes, make.startsWith("EASTMAN") ? 0x16 : 0x18, 24)) ?? "";
  if (!make.startsWith("PENTAX") && /^[\w -]{2,}$/.test(model)) metadata.model ??= model;
}

/** Leica has its name in front; Panasonic the model alone, at one of two places, or the EXIF of a JPEG. */
function readPanasonic(bytes: Uint8Array, { metadata, blocks }: VideoFindings): void {
  if (/^(?:LEICA|Panasonic)/.test(asciiAt(bytes, 0, 9))) {
    metadata.make ??= tidyText(asciiAt(bytes, 0, 22));
    metadata.model ??= tidyText(asciiAt(bytes, 0x16, 30));
    return;
  }
  const at = [0x04, 0x0c].find((place) => /^[\w-]{6}/.test(asciiAt(bytes, place, 6)));
  if (at !== undefined) metadata.model ??= tidyText(asciiAt(bytes, at, 16));
  if (startsWith(bytes, "\xff\xd8\xff\xe1", 0x10)) blocks.tiff.push(exifBlock(bytes.slice(), 0x10 + 12));
}

/** A small JPEG with the EXIF of a photo. */
async function readCanon(source: ByteSource, box: Box, { blocks }: VideoFindings): Promise<void> {
  const picture = findBox(await boxesIn(source, box.start, box.end, 8), "CNDA");
  if (picture === undefined) return;
  const content = emptyContent();
  await readJpeg(section(source, picture.start, picture.end - picture.start), content);
  blocks.tiff.push(...content.tiff);
}

async function readNikon(source: ByteSource, box: Box, { metadata }: VideoFindings): Promise<void> {
  const list = findBox(await boxesIn(source, box.start, box.end), "NCTG");
  if (list === undefined) return;
  const texts = nikonTexts(await source.read(list.start, Math.min(list.end - list.start, longestBytes)));
  metadata.make ??= texts.get(0x01) ?? null;
  metadata.model ??= texts.get(0x02) ?? null;
  metadata.lensModel ??= texts.get(0x110a434) ?? null;
  metadata.originalDatetime ??= parseExifDate(texts.get(0x12) ?? "");
}
