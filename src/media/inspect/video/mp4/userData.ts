/** Reads user data boxes (`udta`): four-letter text tags, 3GPP tags, locations and vendor boxes. */
import { type Box, readBoxContent, readBoxes } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { MAX_BLOCK_BYTES } from "../../containers/imageContent.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readCameraData } from "../vendor/cameraData.ts";
import { readItemList } from "./itemList.ts";
import { type MovieTags, addTag } from "../movieTags.ts";
import { decodeMovieText } from "./movieText.ts";
import type { VideoDraft } from "../videoInfo.ts";

const MAX_TAG_BYTES = 4096;
/** 3GPP text: version and flags, a language, the text. */
const boxes3gpp = ["dscp", "titl"];
/** Text without a header, except for Canon's six bytes. */
const plainTextBoxes = ["manu", "modl", "CNMN", "cmnm", "date", "IDIT", "@mak", "@mod", "@xyz", "@day"];
/** The smallest value of two ASCII letters read as a 16-bit length. */
const MIN_TWO_LETTERS = 0x2000;
const CANON_HEADER = /^\0{4}[^]{2}/;

/** Adds the texts of `udta` to `tags` and vendor metadata to `draft`. */
export async function readUserData(source: ByteSource, udta: Box, tags: MovieTags, draft: VideoDraft): Promise<void> {
  const boxes = await readBoxes(source, udta.start, udta.end);
  for (const box of boxes) {
    if (box.type === "meta") continue;
    if (box.type === "loci") addTag(tags, "loci", readLoci(await readBoxContent(source, box, MAX_TAG_BYTES)));
    else if (box.type === "XMP_") draft.blocks.xmp.push((await readBoxContent(source, box, MAX_BLOCK_BYTES)).slice());
    else if (box.type.startsWith("\xa9")) addTag(tags, box.type, await readInternationalText(source, box));
    else if (boxes3gpp.includes(box.type))
      addTag(tags, box.type, decodeMovieText((await readBoxContent(source, box, MAX_TAG_BYTES)).subarray(6)));
    else if (plainTextBoxes.includes(box.type)) addTag(tags, box.type, await readPlainText(source, box));
    else await readCameraData(source, box, draft);
  }
  // Players write to the item list; the camera's tags take precedence.
  for (const meta of boxes.filter(({ type }) => type === "meta")) await readItemList(source, meta, tags);
}

/**
 * Reads "©xyz" tags: length, language, text. DJI drones omit length and language, which shows as an impossible length.
 */
async function readInternationalText(source: ByteSource, box: Box): Promise<string | null> {
  const bytes = await readBoxContent(source, box, MAX_TAG_BYTES);
  if (bytes.length < 4) return null;
  const length = viewOf(bytes).getUint16(0);
  if (length > bytes.length && length >= MIN_TWO_LETTERS) return decodeMovieText(bytes);
  return decodeMovieText(bytes.subarray(4, 4 + length), viewOf(bytes).getUint16(2));
}

/** Reads a text box without version and flags; null if empty. */
export async function readPlainText(source: ByteSource, box: Box): Promise<string | null> {
  const bytes = await readBoxContent(source, box, MAX_TAG_BYTES);
  // Some of these boxes contain international text despite their type.
  const isInternational = bytes.length > 4 && viewOf(bytes).getUint16(0) === bytes.length - 4;
  if (isInternational) return decodeMovieText(bytes.subarray(4), viewOf(bytes).getUint16(2));
  return normalizeText(asciiAt(bytes, 0, bytes.length).replace(CANON_HEADER, ""));
}

/**
 * Converts 3GPP's `loci` to ISO 6709: version, language, a NUL-terminated name, a role, then longitude, latitude and
 * altitude in 16.16 fixed point.
 */
function readLoci(bytes: Uint8Array): string | null {
  const nameEnd = bytes.indexOf(0, 6);
  if (nameEnd < 0 || nameEnd + 14 > bytes.length) return null;
  const view = viewOf(bytes);
  const signed = (at: number) => {
    const value = view.getInt32(at) / 65536;
    return (value < 0 ? "" : "+") + value.toFixed(6);
  };
  return `${signed(nameEnd + 6)}${signed(nameEnd + 2)}${signed(nameEnd + 10)}/`;
}
