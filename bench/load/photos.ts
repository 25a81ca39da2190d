/** The input: a photo of 12 megapixels and about 4 MB with a camera's EXIF, and distinct copies of it. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import sharp from "sharp";
import { PHOTO_PATH } from "./photoPath.ts";

const WIDTH_PX = 4000;
const HEIGHT_PX = 3000;
const TARGET_BYTES = 4_000_000;
/** The file is accepted within this share of its target size. */
const TOLERANCE = 0.05;
const SOURCE = "samples/prairie_falcon.jpg";

/** Grain like a sensor's, from a fixed seed, so that every run has the same input. */
function grain(amplitude: number): Buffer {
  const pixels = Buffer.alloc(WIDTH_PX * HEIGHT_PX * 3);
  let state = 12_345;
  for (let i = 0; i < pixels.length; i += 3) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels.fill(128 + (((state >>> 16) & 0xff) - 128) * amplitude, i, i + 3);
  }
  return pixels;
}

const exif = {
  IFD0: { Make: "Tintype", Model: "Benchmark", DateTime: "2024:05:06 07:08:09" },
  IFD2: {
    DateTimeOriginal: "2024:05:06 07:08:09",
    OffsetTimeOriginal: "+02:00",
    FNumber: "18/10",
    ISOSpeedRatings: "100",
  },
  IFD3: {
    GPSLatitudeRef: "N",
    GPSLatitude: "48/1 8/1 13/1",
    GPSLongitudeRef: "E",
    GPSLongitude: "11/1 34/1 30/1",
  },
};

async function encode(amplitude: number, quality: number): Promise<Buffer> {
  const noise = await sharp(grain(amplitude), { raw: { width: WIDTH_PX, height: HEIGHT_PX, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return await sharp(await readFile(SOURCE))
    .resize(WIDTH_PX, HEIGHT_PX, { fit: "cover" })
    .composite([{ input: noise, blend: "soft-light" }])
    .withExif(exif)
    .jpeg({ quality })
    .toBuffer();
}

/** Searches the quality at which the photo has its size. */
async function makePhoto(): Promise<Buffer> {
  let [low, high] = [30, 98];
  let photo = Buffer.alloc(0);
  while (low <= high) {
    const quality = Math.floor((low + high) / 2);
    photo = await encode(0.35, quality);
    if (Math.abs(photo.length - TARGET_BYTES) <= TARGET_BYTES * TOLERANCE) break;
    if (photo.length > TARGET_BYTES) high = quality - 1;
    else low = quality + 1;
  }
  return photo;
}

/** Reads the photo of an earlier run, or makes it. */
export async function loadPhoto(): Promise<Buffer> {
  if (existsSync(PHOTO_PATH)) return await readFile(PHOTO_PATH);
  const photo = await makePhoto();
  await mkdir(dirname(PHOTO_PATH), { recursive: true });
  await writeFile(PHOTO_PATH, photo);
  return photo;
}

let serial = 0;

/**
 * The chunks of a copy with bytes that no other copy has: a JPEG comment after the start marker. The photo itself is
 * shared.
 */
export function distinctCopy(photo: Buffer): Buffer[] {
  serial += 1;
  const text = Buffer.from(`copy ${process.pid}-${serial}`);
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, text.length + 2]), text]);
  return [photo.subarray(0, 2), comment, photo.subarray(2)];
}
