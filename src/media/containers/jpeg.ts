/** JPEG: walks the segments, over those of no use without reading them, to the frame header. */
import { asciiAt, concatenated, startsWith, viewOf } from "../bytes.ts";
import { type ByteSource, memorySource } from "../source.ts";
import { extendedXmp } from "./jpegXmp.ts";
import { type StillContent, longestBlockBytes } from "./stillContent.ts";

/** Real files have some tens of segments; a large XMP or ICC block some tens more. */
const mostSegments = 400;

const exifName = "Exif\0\0";
const xmpName = "http://ns.adobe.com/xap/1.0/\0";
const extendedXmpName = "http://ns.adobe.com/xmp/extension/\0";
const photoshopName = "Photoshop 3.0\0";
const iccName = "ICC_PROFILE\0";

/** Marker, length and enough of the body to know it by its name. */
const headerBytes = 64;

interface Collected {
  icc: Map<number, Uint8Array>;
  extendedXmp: Uint8Array[];
  heldBytes: number;
}

export async function readJpeg(source: ByteSource, content: StillContent): Promise<void> {
  const collected: Collected = { icc: new Map(), extendedXmp: [], heldBytes: 0 };
  try {
    await walkSegments(source, content, collected);
  } finally {
    const icc = [...collected.icc].sort(([a], [b]) => a - b).map(([, part]) => part);
    if (icc.length > 0) content.icc = concatenated(icc);
    const rest = extendedXmp(collected.extendedXmp);
    if (rest !== null) content.xmp.push(rest);
  }
}

async function walkSegments(source: ByteSource, content: StillContent, collected: Collected): Promise<void> {
  let at = 2;
  for (let i = 0; i < mostSegments; i++) {
    const header = await source.read(at, headerBytes);
    if (header[0] !== 0xff) return;
    const marker = header[1] ?? 0xd9;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return;
    const standsAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (isFrame(marker)) {
      content.rawHeight = viewOf(header).getUint16(5);
      content.rawWidth = viewOf(header).getUint16(7);
      return;
    }
    const length = standsAlone ? 0 : viewOf(header).getUint16(2);
    if (!standsAlone && length >= 2 && isWanted(marker, header.subarray(4))) {
      await readSegment(marker, await source.read(at + 4, length - 2), content, collected);
    }
    at += 2 + length;
  }
}

/** SOF0 to SOF15 without the three numbers among them that mean something else (DHT, JPG, DAC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Flash previews, depth maps and other pictures in APP1 and APP2 are stepped over. */
function isWanted(marker: number, body: Uint8Array): boolean {
  if (marker === 0xe1) return [exifName, xmpName, extendedXmpName].some((name) => startsWith(body, name));
  if (marker === 0xe2) return startsWith(body, iccName);
  return marker === 0xed && startsWith(body, photoshopName);
}

async function readSegment(
  marker: number,
  body: Uint8Array,
  content: StillContent,
  collected: Collected,
): Promise<void> {
  collected.heldBytes += body.length;
  if (collected.heldBytes > 2 * longestBlockBytes) return;
  if (marker === 0xe1 && startsWith(body, exifName)) {
    content.tiff.push({ source: memorySource(body.slice(exifName.length)), firstDirectory: "image" });
  } else if (marker === 0xe1 && startsWith(body, xmpName)) {
    content.xmp.push(body.slice(xmpName.length));
  } else if (marker === 0xe1 && startsWith(body, extendedXmpName)) {
    collected.extendedXmp.push(body.slice(extendedXmpName.length));
  } else if (marker === 0xe2 && startsWith(body, iccName)) {
    collected.icc.set(body[iccName.length] ?? 0, body.slice(iccName.length + 2));
  } else if (marker === 0xed && startsWith(body, photoshopName)) {
    content.iptc.push(...photoshopIptc(body.subarray(photoshopName.length)));
  }
}

/** The IPTC blocks among Photoshop's "8BIM" resources. Names and data are padded to even lengths. */
export function photoshopIptc(resources: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const view = viewOf(resources);
  for (let at = 0; at + 12 <= resources.length && asciiAt(resources, at, 4) === "8BIM";) {
    const nameBytes = 1 + (resources[at + 6] ?? 0);
    const sizeAt = at + 6 + nameBytes + (nameBytes % 2);
    if (sizeAt + 4 > resources.length) break;
    const size = view.getUint32(sizeAt);
    if (view.getUint16(at + 4) === 0x0404) found.push(resources.slice(sizeAt + 4, sizeAt + 4 + size));
    at = sizeAt + 4 + size + (size % 2);
  }
  return found;
}
