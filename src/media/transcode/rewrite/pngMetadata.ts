/** Carried metadata as the chunks of a PNG. */
import { concatenated, viewOf } from "../../inspect/bytes/bytes.ts";
import type { Size } from "./malformedImage.ts";
import type { CarriedMetadata } from "./preservedMetadata.ts";
import { writeCarriedExif } from "./preservedExif.ts";
import { photoshopResource } from "./jpegMetadata.ts";

/** PNG 3 annex D. */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(12 + content.length);
  const view = viewOf(whole);
  view.setUint32(0, content.length);
  whole.set(new TextEncoder().encode(type), 4);
  whole.set(content, 8);
  view.setUint32(8 + content.length, crc32(whole.subarray(4, 8 + content.length)));
  return whole;
}

/** Keyword, not deflated, no language, no translated keyword. */
const xmpHead = new TextEncoder().encode("XML:com.adobe.xmp\0\0\0\0\0");

/** PNG has no chunk for IPTC: ImageMagick's text of hexadecimal lines is what readers know. */
function rawProfile(iptc: Uint8Array): Uint8Array {
  const resource = photoshopResource(iptc);
  const digits = Array.from(resource, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const lines = digits.replaceAll(/.{72}/g, "$&\n");
  const length = String(resource.length).padStart(8, " ");
  return new TextEncoder().encode(`Raw profile type iptc\0\niptc\n${length}\n${lines}\n`);
}

export function pngMetadata({ exif, xmp, iptc }: CarriedMetadata, size: Size): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  if (exif !== null) chunks.push(chunk("eXIf", writeCarriedExif(exif, size)));
  if (xmp !== null) chunks.push(chunk("iTXt", concatenated([xmpHead, xmp])));
  if (iptc !== null) chunks.push(chunk("tEXt", rawProfile(iptc)));
  return chunks;
}
