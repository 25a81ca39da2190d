/** The labelled pictures as the recognizer gets them: decoded upright, at most 1,440 pixels a side. */
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { encodePreviewJpeg } from "../../../src/media/transcode/display/previewJpeg.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import { decodeScaled } from "../../../src/media/transcode/scaled/decodeScaled.ts";
import { orientImage } from "../../../src/media/transcode/scaled/orientImage.ts";
import type { FaceBox, FaceImage } from "../../../src/providers/faces/faceRecognizer.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { bytesOf, exifSegment, short } from "../media/buildImage.ts";
import type { PixelBox } from "./scoreDetections.ts";

const PREVIEW_EDGE_PX = 1440;
const ORIENTATION_TAG = 0x112;
/** Turning by 90° is undone by turning by 270°; every other orientation undoes itself. */
const INVERSE_ORIENTATIONS: Record<number, number> = { 6: 8, 8: 6 };

/** The bytes of a file of boxes.json or identities.json. */
export async function pictureBytes(file: string): Promise<Uint8Array> {
  return await sampleBytes(new URL(file, "file:///test/fixtures/faces/").pathname.slice(1));
}

/** Decodes a JPEG as the Worker makes its preview. Throws if it can't. */
export async function decodePicture(jpeg: Uint8Array): Promise<RgbaImage> {
  const decoded = await decodeScaled(memorySource(jpeg), "jpeg", PREVIEW_EDGE_PX);
  if (decoded.kind === "unsupported") throw new Error(decoded.reason);
  return decoded.image;
}

export async function faceImage(jpeg: Uint8Array): Promise<FaceImage> {
  const pixels = await decodePicture(jpeg);
  const { width, height } = pixels;
  return {
    width,
    height,
    mimeType: "image/jpeg",
    bytes: () => Promise.resolve(jpeg),
    pixels: () => Promise.resolve(pixels),
  };
}

/** Stores an upright image turned or mirrored, with the EXIF orientation that shows it upright again. */
export function orientedJpeg(upright: RgbaImage, orientation: number): Uint8Array<ArrayBuffer> {
  const stored = orientImage(upright, INVERSE_ORIENTATIONS[orientation] ?? orientation);
  const jpeg = encodePreviewJpeg(stored);
  return bytesOf(jpeg.subarray(0, 2), exifSegment({ image: [short(ORIENTATION_TAG, orientation)] }), jpeg.subarray(2));
}

/** Turns fractions of a picture into pixels. */
export function pixelBox({ x, y, w, h }: FaceBox, { width, height }: { width: number; height: number }): PixelBox {
  return { x: x * width, y: y * height, w: w * width, h: h * height };
}
