/** Key frames of test/fixtures/keyFrames/ and the pictures that ffmpeg decodes from them. */
import type { KeyFrameTrack } from "../../../src/media/inspect/video/keyFrames/keyFrameTrack.ts";
import type { RgbaImage } from "../../../src/media/transcode/rgbaImage.ts";
import type { SampleDecoder } from "../../../src/media/transcode/video/samples/sampleDecoder.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { decodePng } from "./decodePng.ts";

const FOLDER = "test/fixtures/keyFrames";
/** Headers of an IVF file and of its first frame. */
const IVF_HEAD_BYTES = 32 + 12;

/** Returns the first frame of a file: its content without the headers of IVF. */
export async function keyFrame(name: string): Promise<Uint8Array> {
  const file = await sampleBytes(`${FOLDER}/${name}`);
  return name.endsWith(".ivf") ? file.subarray(IVF_HEAD_BYTES) : file;
}

/** ffmpeg's picture of the first frame of a file. */
export async function expectedPicture(name: string): Promise<RgbaImage> {
  return await decodePng(await sampleBytes(`${FOLDER}/${name.replace(/\.\w+$/, ".png")}`));
}

/** A track of a film without colours and pixel aspect. */
export function trackOf(parts: Partial<KeyFrameTrack> = {}): KeyFrameTrack {
  return {
    codec: "",
    configuration: new Uint8Array(),
    orientation: 1,
    pixelAspect: null,
    colour: null,
    keyFrames: 1,
    readKeyFrame: async () => await Promise.resolve(null),
    ...parts,
  };
}

/** Decodes a sample in full size. Throws the reason if it can't be decoded. */
export async function decodeFrame(
  decoder: SampleDecoder,
  sample: Uint8Array,
  parts: Partial<KeyFrameTrack> = {},
  edgePx = 4096,
): Promise<RgbaImage> {
  const result = await decoder.decode(sample, trackOf(parts), edgePx);
  if (result.kind === "unsupported") throw new Error(result.reason);
  return result.image;
}

/** Returns why a sample can't be decoded; empty if it can. */
export async function refusalOf(decoder: SampleDecoder, sample: Uint8Array): Promise<string> {
  const result = await decoder.decode(sample, trackOf(), 100);
  return result.kind === "unsupported" ? result.reason : "";
}

/** Mean difference of the colours of two images of the same size, of 255. */
export function meanDifference(actual: RgbaImage, expected: RgbaImage): number {
  if (actual.rgba.length !== expected.rgba.length) throw new Error("the images differ in size");
  const sum = actual.rgba.reduce((total, value, i) => total + Math.abs(value - (expected.rgba[i] ?? 0)), 0);
  // The fourth byte of each pixel is the same.
  return sum / ((actual.rgba.length * 3) / 4);
}
