/** Small pictures made on the spot: PNGs of any pixels, and JPEGs with an EXIF orientation. */
import { env } from "cloudflare:workers";

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export type Rgba = [number, number, number, number];

/** `depth` 8 or 16 bits a channel. */
export async function pngOf(
  width: number,
  height: number,
  colour: (x: number, y: number) => Rgba,
  depth: 8 | 16 = 8,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = depth / 8;
  const raw = new Uint8Array(height * (1 + width * 4 * bytes));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      colour(x, y).forEach((value, i) => {
        raw[y * (1 + width * 4 * bytes) + 1 + (x * 4 + i) * bytes] = value;
      });
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, 6, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return joined([signature, chunk("IHDR", header), chunk("IDAT", await deflate(raw)), chunk("IEND", new Uint8Array())]);
}

const colours: Record<string, Rgba> = {
  red: [255, 0, 0, 255],
  green: [0, 255, 0, 255],
  blue: [0, 0, 255, 255],
  white: [255, 255, 255, 255],
};

/** Red and green above blue and white. */
export async function quarters(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const at = (x: number, y: number): Rgba => {
    const name = y < height / 2 ? (x < width / 2 ? "red" : "green") : x < width / 2 ? "blue" : "white";
    return colours[name] ?? [0, 0, 0, 0];
  };
  return await pngOf(width, height, at);
}

async function jpegOf(png: Uint8Array): Promise<Uint8Array> {
  const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format: "image/jpeg" });
  return new Uint8Array(await output.response().arrayBuffer());
}

/** A JPEG whose EXIF has this orientation and nothing else. */
export async function jpegWithOrientation(png: Uint8Array, orientation: number): Promise<Uint8Array<ArrayBuffer>> {
  const jpeg = await jpegOf(png);
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const payload = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const app1 = Uint8Array.of(0xff, 0xe1, 0, payload.length + 2, ...payload);
  return joined([jpeg.subarray(0, 2), app1, jpeg.subarray(2)]);
}

/** Names the nearest of the four colours of `quarters`. */
export function colourName(rgba: Uint8Array): string {
  const [r = 0, g = 0, b = 0] = rgba;
  if (r > 128 && g > 128 && b > 128) return "white";
  if (r > g && r > b) return "red";
  return g > b ? "green" : "blue";
}
