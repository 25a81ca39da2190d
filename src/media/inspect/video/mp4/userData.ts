/** The user data of a movie or track (`udta`): texts under names of four letters, 3GPP's, places, and what cameras put there. */
import { type Box, boxesIn } from "../../bytes/bmffBoxes.ts";
import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import { longestBlockBytes } from "../../containers/imageContent.ts";
import { tidyText } from "../../metadata/normalize.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { readCameraData } from "../vendor/cameraData.ts";
import { readItemList } from "./itemList.ts";
import { type MovieTags, keepTag } from "../movieTags.ts";
import { movieText } from "./movieText.ts";
import type { VideoFindings } from "../videoInfo.ts";

const longestTagBytes = 4096;
/** 3GPP: version and flags, a language, the text. */
const boxes3gpp = ["dscp", "titl"];
/** Texts with nothing in front, but for Canon's six bytes. */
const plainBoxes = ["manu", "modl", "CNMN", "cmnm", "date", "IDIT", "@mak", "@mod", "@xyz", "@day"];
/** The least that two of them come to. */
const twoLetters = 0x2000;
const canonHead = /^\0{4}[^]{2}/;

export async function readUserData(
  source: ByteSource,
  udta: Box,
  tags: MovieTags,
  facts: VideoFindings,
): Promise<void> {
  const boxes = await boxesIn(source, udta.start, udta.end);
  for (const box of boxes) {
    if (box.type === "meta") continue;
    if (box.type === "loci") keepTag(tags, "loci", readLoci(await start(source, box)));
    else if (box.type === "XMP_") facts.blocks.xmp.push(await copied(source, box, longestBlockBytes));
    else if (box.type.startsWith("\xa9")) keepTag(tags, box.type, await internationalText(source, box));
    else if (boxes3gpp.includes(box.type)) keepTag(tags, box.type, movieText((await start(source, box)).subarray(6)));
    else if (plainBoxes.includes(box.type)) keepTag(tags, box.type, await plainText(source, box));
    else await readCameraData(source, box, facts);
  }
  // Players write their own values there; what the camera wrote counts before.
  for (const meta of boxes.filter(({ type }) => type === "meta")) await readItemList(source, meta, tags);
}

async function copied(source: ByteSource, { start: at, end }: Box, mostBytes: number): Promise<Uint8Array> {
  return (await source.read(at, Math.min(end - at, mostBytes))).slice();
}

function start(source: ByteSource, { start: at, end }: Box): Promise<Uint8Array> {
  return source.read(at, Math.min(end - at, longestTagBytes));
}

/** "©xyz" and its kin: a length, a language, the text. A maker of drones leaves out the first two: letters make no small number. */
async function internationalText(source: ByteSource, box: Box): Promise<string | null> {
  const bytes = await start(source, box);
  if (bytes.length < 4) return null;
  const length = viewOf(bytes).getUint16(0);
  if (length > bytes.length && length >= twoLetters) return movieText(bytes);
  return movieText(bytes.subarray(4, 4 + length), viewOf(bytes).getUint16(2));
}

export async function plainText(source: ByteSource, box: Box): Promise<string | null> {
  const bytes = await start(source, box);
  // Some of these are international texts in spite of their names.
  const isCounted = bytes.length > 4 && viewOf(bytes).getUint16(0) === bytes.length - 4;
  if (isCounted) return movieText(bytes.subarray(4), viewOf(bytes).getUint16(2));
  return tidyText(asciiAt(bytes, 0, bytes.length).replace(canonHead, ""));
}

/** 3GPP's location: version, language, a name that ends in NUL, a role, then longitude, latitude, altitude in 16.16. As QuickTime would write it. */
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
