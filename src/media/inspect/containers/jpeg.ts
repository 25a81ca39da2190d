/** JPEG: walks the segments, over those of no use without reading them, to where the picture's data begins. */
import { asciiAt, concatenated, startsWith, viewOf } from "../bytes/bytes.ts";
import { type ByteSource, memorySource } from "../bytes/byteSource.ts";
import { extendedXmp } from "../metadata/extendedXmp.ts";
import { joinedResources, photoshopIptc } from "../metadata/photoshop.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

/** Real files have some tens of segments; a large XMP or ICC block some tens more. */
const mostSegments = 400;

const xmpName = "http://ns.adobe.com/xap/1.0/\0";
const extendedXmpName = "http://ns.adobe.com/xmp/extension/\0";
const photoshopName = "Photoshop 3.0\0";
/** Its name is followed by eight bytes of unknown use. */
const oldPhotoshopName = "Adobe_Photoshop2.5:";
const iccName = "ICC_PROFILE\0";

/** Marker, length and enough of the body to know it by its name. */
const headerBytes = 80;
/** Between segments there should be nothing; so far a marker is looked for. */
const mostJunkBytes = 256 * 1024;

/** Blocks that come in pieces. */
interface Collected {
  exif: Uint8Array[];
  icc: Map<number, Uint8Array>;
  extendedXmp: Uint8Array[];
  photoshop: Uint8Array[];
  heldBytes: number;
}

export async function readJpeg(source: ByteSource, content: StillContent): Promise<void> {
  const collected: Collected = { exif: [], icc: new Map(), extendedXmp: [], photoshop: [], heldBytes: 0 };
  try {
    await walkSegments(source, content, collected);
  } finally {
    for (const block of collected.exif) content.tiff.push({ source: memorySource(block), firstDirectory: "image" });
    const icc = [...collected.icc].sort(([a], [b]) => a - b).map(([, part]) => part);
    if (icc.length > 0) content.icc = concatenated(icc);
    const rest = extendedXmp(collected.extendedXmp);
    if (rest !== null) content.xmp.push(rest);
    for (const block of joinedResources(collected.photoshop)) content.iptc.push(...photoshopIptc(block));
  }
}

/** Behind the frame header there may still be metadata: it ends where the scan begins. */
async function walkSegments(source: ByteSource, content: StillContent, collected: Collected): Promise<void> {
  let at: number | null = 2;
  for (let i = 0; i < mostSegments; i++) {
    at = await nextMarker(source, at);
    if (at === null) return;
    const header = await source.read(at, headerBytes);
    const marker = header[1] ?? 0xd9;
    if (marker === 0xd9 || marker === 0xda) return;
    const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    const length = standsAlone ? 0 : viewOf(header).getUint16(2);
    if (isFrame(marker) && content.rawWidth === 0) {
      content.rawHeight = viewOf(header).getUint16(5);
      content.rawWidth = viewOf(header).getUint16(7);
    } else if (length >= 2 && isWanted(marker, header.subarray(4)) && collected.heldBytes <= 2 * longestBlockBytes) {
      keepSegment(marker, await source.read(at + 4, length - 2), content, collected);
    }
    at += 2 + length;
  }
}

/** Where the next marker is: at `at`, or behind fill bytes and what else does not belong there. */
async function nextMarker(source: ByteSource, at: number): Promise<number | null> {
  if (markerIn(await source.read(at, 2)) === 0) return at;
  const windowBytes = 4096;
  for (let from = at; from < at + mostJunkBytes; from += windowBytes) {
    const bytes = await source.read(from, windowBytes + 1);
    const found = markerIn(bytes);
    if (found >= 0) return from + found;
    if (bytes.length <= windowBytes) return null;
  }
  return null;
}

function markerIn(bytes: Uint8Array): number {
  return bytes.findIndex((byte, i) => byte === 0xff && ![undefined, 0, 0xff].includes(bytes[i + 1]));
}

/** SOF0 to SOF15 without the three numbers among them that mean something else (DHT, JPG, DAC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Flash previews, depth maps and other pictures in APP1 and APP2 are stepped over. */
function isWanted(marker: number, body: Uint8Array): boolean {
  if (marker === 0xe1 && startsWith(body, extendedXmpName)) return isShortXmp(body);
  if (marker === 0xe1) return exifStart(body) !== null || startsWith(body, "http") || isBareXmp(body);
  if (marker === 0xe2) return startsWith(body, iccName);
  return marker === 0xed && [photoshopName, oldPhotoshopName].some((name) => startsWith(body, name));
}

/** Some cameras spell the name in other letters, or have up to four bytes in front of it. */
function exifStart(body: Uint8Array): number | null {
  const name = /^([^]{0,4}?)exif\0[^]/i.exec(asciiAt(body, 0, 10));
  return name?.[1] === undefined ? null : name[1].length + "Exif\0\0".length;
}

/** A depth map can make it megabytes: then its parts are not worth their reads. */
function isShortXmp(body: Uint8Array): boolean {
  const sizeAt = extendedXmpName.length + 32;
  return body.length >= sizeAt + 4 && viewOf(body).getUint32(sizeAt) <= longestBlockBytes;
}

function isBareXmp(body: Uint8Array): boolean {
  return startsWith(body, "XMP\0") || ["<?xpacket", "<x:xmpmeta", "<exif:"].some((text) => startsWith(body, text));
}

function keepSegment(marker: number, body: Uint8Array, content: StillContent, collected: Collected): void {
  collected.heldBytes += body.length;
  const start = marker === 0xe1 ? exifStart(body) : null;
  if (start !== null) {
    keepExif(body.slice(start), collected);
  } else if (marker === 0xe1 && startsWith(body, extendedXmpName)) {
    collected.extendedXmp.push(body.slice(extendedXmpName.length));
  } else if (marker === 0xe1) {
    content.xmp.push(body.slice(startsWith(body, xmpName) ? xmpName.length : 0));
  } else if (marker === 0xe2) {
    const number = body[iccName.length] ?? 0;
    const before = collected.icc.get(number) ?? new Uint8Array(0);
    // Writers that leave the numbers at zero put the pieces in order.
    collected.icc.set(number, concatenated([before, body.subarray(iccName.length + 2)]));
  } else {
    const isOld = startsWith(body, oldPhotoshopName);
    collected.photoshop.push(body.slice(isOld ? oldPhotoshopName.length + 8 : photoshopName.length));
  }
}

/** A block too long for one segment goes on in the next, which has the name again but no TIFF header. */
function keepExif(block: Uint8Array, collected: Collected): void {
  const last = collected.exif.at(-1);
  const isNew = ["II", "MM"].some((mark) => startsWith(block, mark));
  if (isNew || last === undefined) collected.exif.push(block);
  else collected.exif[collected.exif.length - 1] = concatenated([last, block]);
}
