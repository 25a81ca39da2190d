/** Generates PNGs of any pixels, and JPEGs with an EXIF orientation. */
import { env } from "cloudflare:workers";
import { bytesOf } from "./buildImage.ts";
import { encodePng } from "./pngs.ts";

export type Rgba = [number, number, number, number];

/** `depth` is 8 or 16 bits per channel. */
export async function renderPng(
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
  return await encodePng({ width, height, colourType: 6, bitDepth: depth }, raw);
}

const colours: Record<string, Rgba> = {
  red: [255, 0, 0, 255],
  green: [0, 255, 0, 255],
  blue: [0, 0, 255, 255],
  white: [255, 255, 255, 255],
};

/** A PNG of four quadrants: red and green above blue and white. */
export async function quadrantPng(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const at = (x: number, y: number): Rgba => {
    const name = y < height / 2 ? (x < width / 2 ? "red" : "green") : x < width / 2 ? "blue" : "white";
    return colours[name] ?? [0, 0, 0, 0];
  };
  return await renderPng(width, height, at);
}

async function encodeJpeg(png: Uint8Array): Promise<Uint8Array> {
  const output = await env.IMAGES.input(new Blob([png]).stream()).output({ format: "image/jpeg" });
  return new Uint8Array(await output.response().arrayBuffer());
}

/** A JPEG whose EXIF has the orientation only. */
export async function jpegWithOrientation(png: Uint8Array, orientation: number): Promise<Uint8Array<ArrayBuffer>> {
  const jpeg = await encodeJpeg(png);
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const payload = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
  const app1 = Uint8Array.of(0xff, 0xe1, 0, payload.length + 2, ...payload);
  return bytesOf(jpeg.subarray(0, 2), app1, jpeg.subarray(2));
}

/** Returns the nearest of the four colours of `quadrantPng`. */
export function nearestColour(rgba: Uint8Array): string {
  const [r = 0, g = 0, b = 0] = rgba;
  if (r > 128 && g > 128 && b > 128) return "white";
  if (r > g && r > b) return "red";
  return g > b ? "green" : "blue";
}
