/** Reads the user data boxes in which camera makers store names, dates and EXIF in their own formats. */
import { type Box, findBox, readBoxContent, readBoxes } from "../../bytes/bmffBoxes.ts";
import { subSource } from "../../bytes/boundedSource.ts";
import { asciiAt, startsWith } from "../../bytes/bytes.ts";
import { toExifBlock } from "../../exif/exifBlock.ts";
import { readJpeg } from "../../containers/jpeg/jpeg.ts";
import { emptyContent } from "../../containers/imageContent.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { parseExifDate } from "../../metadata/wallTime.ts";
import { headerlessIfd } from "./headerlessIfd.ts";
import { readGoProModel } from "./goPro.ts";
import { readNikonTexts } from "./nikonTags.ts";
import type { VideoDraft } from "../videoInfo.ts";

const MAX_BOX_BYTES = 256 * 1024;

type Reader = (bytes: Uint8Array, draft: VideoDraft) => void;

const readers = new Map<string, Reader>([
  ["TAGS", readTagsBox],
  ["MVTG", (bytes, { blocks }) => blocks.exif.push(headerlessIfd(bytes.subarray(16), 0, true))],
  ["QVMI", (bytes, { blocks }) => blocks.exif.push(headerlessIfd(bytes, 10, false))],
  ["RMKN", (bytes, { blocks }) => blocks.exif.push(toExifBlock(bytes.slice()))],
  ["RICO", (bytes, { blocks }) => blocks.exif.push(toExifBlock(bytes.slice(), 10))],
  ["PANA", readPanasonic],
  ["LEIC", readPanasonic],
  ["GPMF", (bytes, { metadata }) => (metadata.model ??= readGoProModel(bytes))],
]);

/** Reads a vendor box into `draft`; unknown types are ignored. */
export async function readCameraData(source: ByteSource, box: Box, draft: VideoDraft): Promise<void> {
  const reader = readers.get(box.type);
  if (reader !== undefined) reader(await readBoxContent(source, box, MAX_BOX_BYTES), draft);
  else if (box.type === "CNTH") await readCanon(source, box, draft);
  else if (box.type === "NCDT") await readNikon(source, box, draft);
}

/**
 * The make has up to 24 letters, the model follows in 24. Makers that store the model elsewhere have a number there.
 */
function readTagsBox(bytes: Uint8Array, { metadata }: VideoDraft): void {
  const make = normalizeText(asciiAt(bytes, 0, 32)) ?? "";
  if (!/ DIGITAL CAMERA|^EASTMAN KODAK/.test(make)) return;
  metadata.make ??= make;
  const model = normalizeText(asciiAt(bytes, make.startsWith("EASTMAN") ? 0x16 : 0x18, 24)) ?? "";
  if (!make.startsWith("PENTAX") && /^[\w -]{2,}$/.test(model)) metadata.model ??= model;
}

/** Leica stores its name first; Panasonic stores only the model, at one of two offsets, or a JPEG with EXIF. */
function readPanasonic(bytes: Uint8Array, { metadata, blocks }: VideoDraft): void {
  if (/^(?:LEICA|Panasonic)/.test(asciiAt(bytes, 0, 9))) {
    metadata.make ??= normalizeText(asciiAt(bytes, 0, 22));
    metadata.model ??= normalizeText(asciiAt(bytes, 0x16, 30));
    return;
  }
  const at = [0x04, 0x0c].find((place) => /^[\w-]{6}/.test(asciiAt(bytes, place, 6)));
  if (at !== undefined) metadata.model ??= normalizeText(asciiAt(bytes, at, 16));
  if (startsWith(bytes, "\xff\xd8\xff\xe1", 0x10)) blocks.exif.push(toExifBlock(bytes.slice(), 0x10 + 12));
}

/** Canon stores a small JPEG with EXIF. */
async function readCanon(source: ByteSource, box: Box, { blocks }: VideoDraft): Promise<void> {
  const jpeg = findBox(await readBoxes(source, box.start, box.end, 8), "CNDA");
  if (jpeg === undefined) return;
  const content = emptyContent(blocks.budget);
  await readJpeg(subSource(source, jpeg.start, jpeg.end - jpeg.start), content);
  blocks.exif.push(...content.exif);
}

async function readNikon(source: ByteSource, box: Box, { metadata }: VideoDraft): Promise<void> {
  const list = findBox(await readBoxes(source, box.start, box.end), "NCTG");
  if (list === undefined) return;
  const texts = readNikonTexts(await readBoxContent(source, list, MAX_BOX_BYTES));
  metadata.make ??= texts.get(0x01) ?? null;
  metadata.model ??= texts.get(0x02) ?? null;
  metadata.lensModel ??= texts.get(0x110a434) ?? null;
  metadata.originalDatetime ??= parseExifDate(texts.get(0x12) ?? "");
}
