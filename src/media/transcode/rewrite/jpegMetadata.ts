/** Serializes preserved metadata as JPEG segments; preservation has cut it to fit. */
import { concat, viewOf } from "../../inspect/bytes/bytes.ts";
import { segment } from "../jpeg/jpegSegments.ts";
import type { ImageSize } from "./malformedImage.ts";
import type { PreservedMetadata } from "./preservedMetadata.ts";
import { writePreservedExif } from "./preservedExif.ts";

const APP1 = 0xe1;
const APP13 = 0xed;

function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Builds an unnamed Photoshop resource 0x0404 with IPTC data, padded to an even length. */
export function photoshopResource(iptc: Uint8Array): Uint8Array {
  const header = latin1Bytes("8BIM\x04\x04\0\0\0\0\0\0");
  viewOf(header).setUint32(8, iptc.length);
  return concat([header, iptc, new Uint8Array(iptc.length % 2)]);
}

/** Builds the segments in the order of exiftool. */
export function metadataSegments({ exif, xmp, iptc }: PreservedMetadata, size: ImageSize): Uint8Array[] {
  const segments: Uint8Array[] = [];
  if (exif !== null) segments.push(segment(APP1, concat([latin1Bytes("Exif\0\0"), writePreservedExif(exif, size)])));
  if (xmp !== null) segments.push(segment(APP1, concat([latin1Bytes("http://ns.adobe.com/xap/1.0/\0"), xmp])));
  if (iptc !== null) {
    segments.push(segment(APP13, concat([latin1Bytes("Photoshop 3.0\0"), photoshopResource(iptc)])));
  }
  return segments;
}
