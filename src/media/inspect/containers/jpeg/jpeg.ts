import { asciiAt, concat, startsWith, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { exifBlockOf } from "../../exif/exifBlock.ts";
import { joinExtendedXmp } from "../../metadata/xmp.ts";
import { joinResources, iptcBlocksIn } from "../../metadata/photoshop.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "../imageContent.ts";
import { findLineCount } from "./jpegLineCount.ts";

/** Real files have tens of segments, and tens more for a large XMP or ICC block. */
const MAX_SEGMENTS = 400;

const XMP_NAME = "http://ns.adobe.com/xap/1.0/\0";
const EXTENDED_XMP_NAME = "http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP_NAME = "Photoshop 3.0\0";
/** Eight undocumented bytes follow the name. */
const OLD_PHOTOSHOP_NAME = "Adobe_Photoshop2.5:";
const ICC_NAME = "ICC_PROFILE\0";

/** Marker, length and enough of the body to identify it by name. */
const SEGMENT_HEADER_BYTES = 80;
/** Limit of the search for the next marker: some files have junk between segments. */
const MAX_JUNK_BYTES = 256 * 1024;

/** Blocks that may be split over several segments. */
interface CollectedBlocks {
  /** The parts of each block. */
  exif: Uint8Array[][];
  icc: Map<number, Uint8Array[]>;
  extendedXmp: Uint8Array[];
  photoshop: Uint8Array[];
  totalBytes: number;
}

/** Reads the frame size of a JPEG (ITU-T T.81) and its EXIF, XMP, IPTC and ICC segments, up to the first scan. */
export async function readJpeg(source: ByteSource, content: ImageContent): Promise<void> {
  const collected: CollectedBlocks = { exif: [], icc: new Map(), extendedXmp: [], photoshop: [], totalBytes: 0 };
  try {
    await readSegments(source, content, collected);
  } finally {
    for (const parts of collected.exif) content.exif.push(exifBlockOf(concat(parts)));
    const icc = [...collected.icc].sort(([a], [b]) => a - b).flatMap(([, parts]) => parts);
    if (icc.length > 0) content.icc = concat(icc);
    const extendedXmp = joinExtendedXmp(collected.extendedXmp);
    if (extendedXmp !== null) content.xmp.push(extendedXmp);
    for (const block of joinResources(collected.photoshop)) content.iptc.push(...iptcBlocksIn(block));
  }
}

/** Reads the segments up to the start of the scan; metadata may follow the frame header. */
async function readSegments(source: ByteSource, content: ImageContent, collected: CollectedBlocks): Promise<void> {
  let at: number | null = 2;
  for (let i = 0; i < MAX_SEGMENTS; i++) {
    at = await findMarker(source, at);
    if (at === null) return;
    const header = await source.read(at, SEGMENT_HEADER_BYTES);
    const marker = header[1] ?? 0xd9;
    if (marker === 0xda && content.rawWidth > 0 && content.rawHeight === 0) {
      content.rawHeight = (await findLineCount(source, at)) ?? 0;
    }
    if (marker === 0xd9 || marker === 0xda) return;
    const isStandalone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    const length = isStandalone ? 0 : viewOf(header).getUint16(2);
    if (isFrame(marker) && content.rawWidth === 0) {
      content.rawHeight = viewOf(header).getUint16(5);
      content.rawWidth = viewOf(header).getUint16(7);
    } else if (length >= 2 && isMetadata(marker, header.subarray(4)) && collected.totalBytes <= 2 * MAX_BLOCK_BYTES) {
      collectSegment(marker, await source.read(at + 4, length - 2), content, collected);
    }
    at += 2 + length;
  }
}

/** Returns the offset of the next marker, after any fill bytes or junk; null without one. */
export async function findMarker(source: ByteSource, at: number): Promise<number | null> {
  if (indexOfMarker(await source.read(at, 2)) === 0) return at;
  const windowBytes = 4096;
  for (let from = at; from < at + MAX_JUNK_BYTES; from += windowBytes) {
    const bytes = await source.read(from, windowBytes + 1);
    const index = indexOfMarker(bytes);
    if (index >= 0) return from + index;
    if (bytes.length <= windowBytes) return null;
  }
  return null;
}

function indexOfMarker(bytes: Uint8Array): number {
  for (let at = 0; at + 1 < bytes.length; at++) {
    if (bytes[at] === 0xff && bytes[at + 1] !== 0 && bytes[at + 1] !== 0xff) return at;
  }
  return -1;
}

/** SOF0 to SOF15, except DHT, JPG and DAC in the same range. */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Previews, depth maps and other images in APP1 and APP2 are skipped. */
function isMetadata(marker: number, body: Uint8Array): boolean {
  if (marker === 0xe1 && startsWith(body, EXTENDED_XMP_NAME)) return isExtendedXmpWithinLimit(body);
  if (marker === 0xe1) return exifHeaderBytes(body) !== null || startsWith(body, "http") || isXmpWithoutName(body);
  if (marker === 0xe2) return startsWith(body, ICC_NAME);
  return marker === 0xed && [PHOTOSHOP_NAME, OLD_PHOTOSHOP_NAME].some((name) => startsWith(body, name));
}

/** Returns the length of the name "Exif\0\0"; some cameras vary its case or put up to four bytes before it. */
function exifHeaderBytes(body: Uint8Array): number | null {
  const name = /^([^]{0,4}?)exif\0[^]/i.exec(asciiAt(body, 0, 10));
  return name?.[1] === undefined ? null : name[1].length + "Exif\0\0".length;
}

/** A depth map can take megabytes. */
function isExtendedXmpWithinLimit(body: Uint8Array): boolean {
  const sizeAt = EXTENDED_XMP_NAME.length + 32;
  return body.length >= sizeAt + 4 && viewOf(body).getUint32(sizeAt) <= MAX_BLOCK_BYTES;
}

function isXmpWithoutName(body: Uint8Array): boolean {
  return startsWith(body, "XMP\0") || ["<?xpacket", "<x:xmpmeta", "<exif:"].some((text) => startsWith(body, text));
}

function collectSegment(marker: number, body: Uint8Array, content: ImageContent, collected: CollectedBlocks): void {
  collected.totalBytes += body.length;
  const start = marker === 0xe1 ? exifHeaderBytes(body) : null;
  if (start !== null) {
    collectExif(body.slice(start), collected);
  } else if (marker === 0xe1 && startsWith(body, EXTENDED_XMP_NAME)) {
    collected.extendedXmp.push(body.slice(EXTENDED_XMP_NAME.length));
  } else if (marker === 0xe1) {
    content.xmp.push(body.slice(startsWith(body, XMP_NAME) ? XMP_NAME.length : 0));
  } else if (marker === 0xe2) {
    const number = body[ICC_NAME.length] ?? 0;
    const previous = collected.icc.get(number) ?? [];
    previous.push(body.slice(ICC_NAME.length + 2));
    // Some writers number all parts 0 and store them in order.
    collected.icc.set(number, previous);
  } else {
    const isOld = startsWith(body, OLD_PHOTOSHOP_NAME);
    collected.photoshop.push(body.slice(isOld ? OLD_PHOTOSHOP_NAME.length + 8 : PHOTOSHOP_NAME.length));
  }
}

/** A block too long for one segment continues in the next, after the name and without a TIFF header. */
function collectExif(block: Uint8Array, collected: CollectedBlocks): void {
  const last = collected.exif.at(-1);
  const isNew = ["II", "MM"].some((mark) => startsWith(block, mark));
  if (isNew || last === undefined) collected.exif.push([block]);
  else last.push(block);
}
