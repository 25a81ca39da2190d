/** Images of four quadrants that carry orientation 6 in every way that a file can: stored 80 × 40, displayed 40 × 80. */
import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";
import { createChunk } from "../../../src/media/transcode/rewrite/pngRewrite.ts";
import { box, bytesOf, chunk, segment, u16, u32, xmpSegment, type Part } from "./buildImage.ts";
import { quadrantPng } from "./images.ts";

export const STORED = { width: 80, height: 40 } as const;

export interface Carrier {
  name: string;
  fileName: string;
  bytes: Uint8Array;
}

const types = {
  byte: { type: 1, value: () => [6] },
  ascii: { type: 2, value: () => "6\0" },
  short: { type: 3, value: (little: boolean) => u16(6, little) },
  long: { type: 4, value: (little: boolean) => u32(6, little) },
  rational: { type: 5, value: (little: boolean) => [...u32(6, little), ...u32(1, little)] },
  signedByte: { type: 6, value: () => [6] },
  undefined: { type: 7, value: () => [6] },
  signedShort: { type: 8, value: (little: boolean) => u16(6, little) },
  signedLong: { type: 9, value: (little: boolean) => u32(6, little) },
  float: { type: 11, value: (little: boolean) => floatBytes(4, little) },
  double: { type: 12, value: (little: boolean) => floatBytes(8, little) },
} as const;
type TypeName = keyof typeof types;

function floatBytes(size: 4 | 8, little: boolean): number[] {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, 6, little);
  else view.setFloat64(0, 6, little);
  return [...new Uint8Array(view.buffer)];
}

interface ExifOptions {
  little?: boolean;
  /** Offset of the directory. */
  at?: number;
}

/** An EXIF block with the orientation as the given type; the value follows the directory if it is longer than four bytes. */
function exif(typeName: TypeName = "short", { little = false, at = 8 }: ExifOptions = {}): Uint8Array {
  const { type, value } = types[typeName];
  const bytes = bytesOf(value(little));
  const count = typeName === "ascii" ? 2 : 1;
  const field = bytes.length <= 4 ? bytesOf(bytes, new Uint8Array(4 - bytes.length)) : bytesOf(u32(at + 18, little));
  const header = bytesOf(little ? "II*\0" : "MM\0*", u32(at, little), new Uint8Array(at - 8));
  const entry = bytesOf(u16(0x112, little), u16(type, little), u32(count, little), field);
  return bytesOf(header, u16(1, little), entry, u32(0, little), bytes.length > 4 ? bytes : []);
}

/** A block without orientation: only a resolution unit. */
const otherExif = bytesOf("MM\0*", u32(8), u16(1), u16(0x128), u16(3), u32(1), u16(2), u16(0), u32(0));

async function encode(png: Uint8Array, format: "image/jpeg" | "image/webp"): Promise<Uint8Array> {
  const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format });
  return new Uint8Array(await output.response().arrayBuffer());
}

function insert(bytes: Uint8Array, at: number, ...parts: Part[]): Uint8Array {
  return bytesOf(bytes.subarray(0, at), ...parts, bytes.subarray(at));
}

function app1(...parts: Part[]): Uint8Array {
  return segment(0xe1, ...parts);
}

function jpegCarriers(jpeg: Uint8Array): [string, Uint8Array][] {
  const front = (...parts: Part[]) => insert(jpeg, 2, ...parts);
  const named = (block: Uint8Array) => app1("Exif\0\0", block);
  const block = exif();
  const frameAt = jpeg.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(jpeg[i + 1] ?? 0));
  const afterFrame = frameAt + 2 + (jpeg[frameAt + 2] ?? 0) * 256 + (jpeg[frameAt + 3] ?? 0);
  const ofType = Object.keys(types).map((name): [string, Uint8Array] => {
    return [`of type ${name}`, front(named(exif(name as TypeName)))];
  });
  return [
    ...ofType,
    ["little-endian", front(named(exif("short", { little: true })))],
    ["little-endian LONG", front(named(exif("long", { little: true })))],
    ["in a directory at offset 64", front(named(exif("short", { at: 64 })))],
    ["in a second EXIF segment", front(named(otherExif), named(block))],
    ["after XMP", front(xmpSegment(""), named(block))],
    ["after the frame header", insert(jpeg, afterFrame, named(block))],
    ["in a segment named exif", front(app1("exif\0\0", block))],
    ["in a segment named EXIF", front(app1("EXIF\0\0", block))],
    ["in a segment with bytes before its name", front(app1([0, 0], "Exif\0\0", block))],
    ["in a segment whose name ends in 0xff", front(app1("Exif\0", [0xff], block))],
    ["after junk between segments", front(named(otherExif), [1, 2, 3, 4, 5], named(block))],
    ["after fill bytes", front([0xff, 0xff, 0xff], named(block))],
    ["split over two segments", front(app1("Exif\0\0", block.subarray(0, 20)), app1("Exif\0\0", block.subarray(20)))],
    ["after other application segments", front(segment(0xe2, "MPF\0", new Uint8Array(40_000)), named(block))],
  ];
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** ImageMagick's text form of a block. */
function rawProfile(name: string, block: Uint8Array): Uint8Array {
  const digits = Array.from(block, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytesOf(`\n${name}\n${String(block.length).padStart(8)}\n${digits}\n`);
}

async function pngCarriers(png: Uint8Array): Promise<[string, Uint8Array][]> {
  const afterHeader = (...parts: Part[]) => insert(png, 33, ...parts);
  const block = exif();
  const named = bytesOf("Exif\0\0", block);
  const compressed = await deflate(rawProfile("exif", named));
  return [
    ["in eXIf", afterHeader(createChunk("eXIf", block))],
    ["in little-endian eXIf", afterHeader(createChunk("eXIf", exif("short", { little: true })))],
    ["in eXIf after the pixels", insert(png, png.length - 12, createChunk("eXIf", block))],
    ["in eXIf that begins with Exif", afterHeader(createChunk("eXIf", named))],
    [
      "in the text profile exif",
      afterHeader(createChunk("tEXt", bytesOf("Raw profile type exif\0", rawProfile("exif", named)))),
    ],
    [
      "in the text profile APP1",
      afterHeader(createChunk("tEXt", bytesOf("Raw profile type APP1\0", rawProfile("APP1", named)))),
    ],
    [
      "in the compressed text profile exif",
      afterHeader(createChunk("zTXt", bytesOf("Raw profile type exif\0\0", compressed))),
    ],
    [
      "in the international text profile exif",
      afterHeader(createChunk("iTXt", bytesOf("Raw profile type exif\0\0\0\0\0", rawProfile("exif", named)))),
    ],
  ];
}

/** A WebP with a VP8X header of the given flags, its image, and an EXIF chunk. */
function extendedWebp(webp: Uint8Array, flags: number, block: Uint8Array): Uint8Array {
  const header = chunk("VP8X", [flags, 0, 0, 0, STORED.width - 1, 0, 0, STORED.height - 1, 0, 0]);
  const body = bytesOf("WEBP", header, webp.subarray(12), chunk("EXIF", block));
  return bytesOf("RIFF", u32(body.length, true), body);
}

function webpCarriers(webp: Uint8Array): [string, Uint8Array][] {
  const block = exif();
  const bare = bytesOf("WEBP", webp.subarray(12), chunk("EXIF", block));
  return [
    ["in EXIF", extendedWebp(webp, 0x08, block)],
    ["in little-endian EXIF", extendedWebp(webp, 0x08, exif("short", { little: true }))],
    ["in EXIF that begins with Exif", extendedWebp(webp, 0x08, bytesOf("Exif\0\0", block))],
    ["in EXIF without its flag", extendedWebp(webp, 0, block)],
    ["in EXIF without an extended header", bytesOf("RIFF", u32(bare.length, true), bare)],
  ];
}

const colours = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] };

function quadrantRgb(): number[] {
  const { width, height } = STORED;
  return Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (y < height / 2) return x < width / 2 ? colours.red : colours.green;
    return x < width / 2 ? colours.blue : colours.white;
  }).flat();
}

/** An uncompressed RGB TIFF in one strip. */
export function quadrantTiff(typeName: TypeName | null, little = false): Uint8Array {
  const entry = (tag: number, type: number, count: number, value: number[]) =>
    bytesOf(u16(tag, little), u16(type, little), u32(count, little), bytesOf(value, new Uint8Array(4 - value.length)));
  const short = (tag: number, value: number) => entry(tag, 3, 1, u16(value, little));
  const long = (tag: number, value: number) => entry(tag, 4, 1, u32(value, little));
  const pixels = quadrantRgb();
  const carried =
    typeName === null ? [] : [entry(0x112, types[typeName].type, 1, [...bytesOf(types[typeName].value(little))])];
  const count = 9 + carried.length;
  const bitsAt = 8 + 2 + 12 * count + 4;
  const entries = [
    long(0x100, STORED.width),
    long(0x101, STORED.height),
    entry(0x102, 3, 3, u32(bitsAt, little)),
    short(0x103, 1),
    short(0x106, 2),
    long(0x111, bitsAt + 6),
    ...carried,
    short(0x115, 3),
    long(0x116, STORED.height),
    long(0x117, pixels.length),
  ];
  const bits = [8, 8, 8].flatMap((value) => u16(value, little));
  return bytesOf(
    little ? "II*\0" : "MM\0*",
    u32(8, little),
    u16(count, little),
    ...entries,
    u32(0, little),
    bits,
    pixels,
  );
}

function tiffCarriers(): [string, Uint8Array][] {
  return [
    ["of type short", quadrantTiff("short")],
    ["of type long", quadrantTiff("long")],
    ["of type byte", quadrantTiff("byte")],
    ["little-endian", quadrantTiff("short", true)],
  ];
}

/** Each orientation in carriers that local mode does not understand. */
export async function unusualCarriers(orientation: number): Promise<Carrier[]> {
  const png = await quadrantPng(STORED.width, STORED.height);
  const jpeg = await encode(png, "image/jpeg");
  const text = bytesOf("MM\0*", u32(8), u16(1), u16(0x112), u16(2), u32(2), String(orientation), [0, 0, 0], u32(0));
  const number = bytesOf("MM\0*", u32(8), u16(1), u16(0x112), u16(3), u32(1), u16(orientation), [0, 0], u32(0));
  const carriers: [string, Uint8Array][] = [
    ["jpg", insert(jpeg, 2, app1("Exif\0\0", text))],
    ["png", insert(png, png.length - 12, createChunk("eXIf", number))],
    ["webp", extendedWebp(await encode(png, "image/webp"), 0, number)],
  ];
  return carriers.map(([extension, bytes]) => ({
    name: `${orientation} in a ${extension}`,
    fileName: `turned.${extension}`,
    bytes,
  }));
}

/** All carriers, grouped by format. */
export async function orientationCarriers(): Promise<Carrier[]> {
  const png = await quadrantPng(STORED.width, STORED.height);
  const groups: [string, [string, Uint8Array][]][] = [
    ["jpg", jpegCarriers(await encode(png, "image/jpeg"))],
    ["png", await pngCarriers(png)],
    ["webp", webpCarriers(await encode(png, "image/webp"))],
    ["tif", tiffCarriers()],
  ];
  return groups.flatMap(([extension, carriers]) =>
    carriers.map(([name, bytes], i) => ({ name: `${extension}: ${name}`, fileName: `${i}.${extension}`, bytes })),
  );
}

/** Adds a box to a HEIF's properties and to those of its image, and moves the data that `iloc` locates. */
function withProperty(file: Uint8Array, property: Uint8Array): Uint8Array {
  const at = (type: string) => {
    const index = Buffer.from(file).indexOf(type, 0, "latin1");
    if (index < 0) throw new Error(`no ${type}`);
    return index - 4;
  };
  const [meta, iloc, iprp, ipco, ipma, pitm] = ["meta", "iloc", "iprp", "ipco", "ipma", "pitm"].map(at) as Six;
  const grown = property.length + 1;
  const view = new DataView(file.slice().buffer);
  const grow = (offset: number, bytes: number) => view.setUint32(offset, view.getUint32(offset) + bytes);
  for (const parent of [meta, iprp]) grow(parent, grown);
  grow(ipco, property.length);
  grow(ipma, 1);
  // Version 0: sizes of the fields, number of items; item id, data reference, base offset, extents, offset, length.
  const items = view.getUint16(iloc + 14);
  for (let i = 0, item = iloc + 16; i < items; i++, item += 18) grow(item + 4, grown);
  let index = 1;
  for (let next = ipco + 8; next < ipma; next += view.getUint32(next)) index += 1;
  const primary = view.getUint16(pitm + 12);
  let entry = ipma + 16;
  while (view.getUint16(entry) !== primary) entry += 3 + view.getUint8(entry + 2);
  const associations = view.getUint8(entry + 2);
  view.setUint8(entry + 2, associations + 1);
  const end = entry + 3 + associations;
  const bytes = new Uint8Array(view.buffer);
  return bytesOf(bytes.subarray(0, ipma), property, bytes.subarray(ipma, end), [0x80 | index], bytes.subarray(end));
}
type Six = [number, number, number, number, number, number];

/** An AVIF that its container turns by 90° clockwise: `irot` counts anticlockwise. */
export async function turnedAvif(): Promise<Uint8Array> {
  const png = await quadrantPng(STORED.width, STORED.height);
  const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format: "image/avif" });
  return withProperty(new Uint8Array(await output.response().arrayBuffer()), box("irot", [3]));
}

/** Codes of three bits; a clear code before each pixel keeps their size. */
function lzwBytes(indexes: number[]): number[] {
  const bytes: number[] = [];
  let [buffer, bits] = [0, 0];
  const add = (code: number) => {
    buffer |= code << bits;
    for (bits += 3; bits >= 8; bits -= 8, buffer >>= 8) bytes.push(buffer & 255);
  };
  for (const index of indexes) {
    add(4);
    add(index);
  }
  add(5);
  if (bits > 0) bytes.push(buffer & 255);
  return bytes;
}

/** A GIF whose frame is the quadrants, and whose logical screen has the given size. */
export function quadrantGif(screenWidth: number, screenHeight: number, left = 0, top = 0): Uint8Array {
  const { width, height } = STORED;
  const indexes = Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return (y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1);
  });
  const data = lzwBytes(indexes);
  const blocks: number[] = [];
  for (let at = 0; at < data.length; at += 255) {
    const block = data.slice(at, at + 255);
    blocks.push(block.length, ...block);
  }
  const palette = [colours.red, colours.green, colours.blue, colours.white].flat();
  const screen = [...u16(screenWidth, true), ...u16(screenHeight, true), 0x91, 0, 0];
  const frame = [left, top, width, height].flatMap((value) => u16(value, true));
  return bytesOf("GIF89a", screen, palette, [0x2c], frame, [0, 2], blocks, [0, 0x3b]);
}

/** A JPEG whose frame header has height 0: the segment after the scan has it. */
export async function jpegWithLineCount(padding = 0): Promise<Uint8Array> {
  const jpeg = await encode(await quadrantPng(STORED.width, STORED.height), "image/jpeg");
  const frameAt = jpeg.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc2].includes(jpeg[i + 1] ?? 0));
  jpeg.set([0, 0], frameAt + 5);
  const lines = bytesOf([0xff, 0xdc], u16(4), u16(STORED.height));
  return bytesOf(jpeg.subarray(0, -2), lines, [0xff, 0xd9], new Uint8Array(padding));
}
