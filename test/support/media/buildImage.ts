/** Builds small image files byte by byte. */
import { Buffer } from "node:buffer";

export type Part = number[] | string | Uint8Array;

/** Concatenates bytes and Latin-1 strings. */
export function bytesOf(...parts: Part[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part)))),
  );
}

export function u16(value: number, littleEndian = false): number[] {
  const bytes = [(value >> 8) & 0xff, value & 0xff];
  return littleEndian ? bytes.reverse() : bytes;
}

export function u32(value: number, littleEndian = false): number[] {
  const bytes = [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
  return littleEndian ? bytes.reverse() : bytes;
}

/** An ISO base media box. */
export function box(type: string, ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  return bytesOf(u32(8 + body.length), type, body);
}

/** A RIFF chunk, padded to an even length. */
export function chunk(type: string, ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  return bytesOf(type, u32(body.length, true), body, body.length % 2 === 1 ? [0] : []);
}

export interface Tag {
  tag: number;
  type: number;
  count: number;
  value: Part;
}

export function ascii(tag: number, text: string): Tag {
  return { tag, type: 2, count: text.length, value: text };
}

export function short(tag: number, value: number): Tag {
  return { tag, type: 3, count: 1, value: u16(value) };
}

export function long(tag: number, value: number): Tag {
  return { tag, type: 4, count: 1, value: u32(value) };
}

export function rationals(tag: number, ...values: [number, number][]): Tag {
  return { tag, type: 5, count: values.length, value: values.flatMap(([a, b]) => [...u32(a), ...u32(b)]) };
}

/** A big-endian TIFF directory at offset `at`, followed by its values. */
export function directory(at: number, tags: Tag[], next = 0): Uint8Array {
  const entries: Part[] = [];
  const values: Uint8Array[] = [];
  let valueAt = at + 2 + tags.length * 12 + 4;
  for (const { tag, type, count, value } of tags) {
    const bytes = bytesOf(value);
    entries.push(u16(tag), u16(type), u32(count));
    if (bytes.length <= 4) {
      entries.push(bytes, new Uint8Array(4 - bytes.length));
    } else {
      entries.push(u32(valueAt));
      values.push(bytes);
      valueAt += bytes.length;
    }
  }
  return bytesOf(u16(tags.length), ...entries, u32(next), ...values);
}

export interface TiffTags {
  image?: Tag[];
  exif?: Tag[];
  gps?: Tag[];
}

/** A big-endian TIFF with its EXIF and GPS directories. */
export function tiff({ image = [], exif = [], gps = [] }: TiffTags, magic = "MM\0*"): Uint8Array {
  const exifAt = 8 + directory(8, [...image, long(0x8769, 0), long(0x8825, 0)]).length;
  const gpsAt = exifAt + directory(exifAt, exif).length;
  return bytesOf(
    magic,
    u32(8),
    directory(8, [...image, long(0x8769, exifAt), long(0x8825, gpsAt)]),
    directory(exifAt, exif),
    directory(gpsAt, gps),
  );
}

/** A JPEG segment. */
export function segment(marker: number, ...content: Part[]): Uint8Array {
  const body = bytesOf(...content);
  return bytesOf([0xff, marker], u16(body.length + 2), body);
}

/** A JPEG up to its frame header. */
export function jpeg(width: number, height: number, ...segments: Uint8Array[]): Uint8Array {
  const frame = segment(0xc2, [8], u16(height), u16(width), [3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
  return bytesOf([0xff, 0xd8], ...segments, frame, [0xff, 0xda]);
}

export function exifSegment(tags: TiffTags): Uint8Array {
  return segment(0xe1, "Exif\0\0", tiff(tags));
}

export function xmpSegment(properties: string): Uint8Array {
  return segment(0xe1, "http://ns.adobe.com/xap/1.0/\0", xmpPacket(properties));
}

export function xmpPacket(properties: string): Uint8Array {
  const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/">${properties}
    </rdf:Description></rdf:RDF></x:xmpmeta>`;
  return new TextEncoder().encode(packet);
}
