/** Carried metadata as the segments of a JPEG. What is too long for a segment was cut to fit before: carried.ts. */
import { concatenated, viewOf } from "../../inspect/bytes/bytes.ts";
import { segment } from "../jpeg/jpegSegments.ts";
import type { Size } from "./malformedImage.ts";
import type { CarriedMetadata } from "./preservedMetadata.ts";
import { writeCarriedExif } from "./preservedExif.ts";

const app1 = 0xe1;
const app13 = 0xed;

function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One resource of Photoshop's, number 0x0404, without a name; its data padded to an even length. */
export function photoshopResource(iptc: Uint8Array): Uint8Array {
  const head = latin("8BIM\x04\x04\0\0\0\0\0\0");
  viewOf(head).setUint32(8, iptc.length);
  return concatenated([head, iptc, new Uint8Array(iptc.length % 2)]);
}

/** In the order in which exiftool writes them. */
export function jpegMetadata({ exif, xmp, iptc }: CarriedMetadata, size: Size): Uint8Array[] {
  const segments: Uint8Array[] = [];
  if (exif !== null) segments.push(segment(app1, concatenated([latin("Exif\0\0"), writeCarriedExif(exif, size)])));
  if (xmp !== null) segments.push(segment(app1, concatenated([latin("http://ns.adobe.com/xap/1.0/\0"), xmp])));
  if (iptc !== null) {
    segments.push(segment(app13, concatenated([latin("Photoshop 3.0\0"), photoshopResource(iptc)])));
  }
  return segments;
}
