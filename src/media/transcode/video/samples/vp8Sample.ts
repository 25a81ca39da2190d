/** Decodes key frames of VP8 tracks, which are the content of lossy WebP files (RFC 6386, RFC 9649 §2.5). */
import { asciiAt, concat, viewOf } from "../../../inspect/bytes/bytes.ts";
import type { TrackColour } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { recodeColour } from "../../colour/recodeColour.ts";
import type { Size } from "../../resize/scaledSize.ts";
import { resizeToSize } from "../../resize/resizeImage.ts";
import { decodeWebp } from "../../webp/decodeWebp.ts";
import type { RgbaImage } from "../../rgbaImage.ts";
import { displayedSize, UNSPECIFIED_MATRIX } from "../planesImage.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";

/** It is in memory three times: as read, in the WebP and in WebAssembly. */
export const MAX_VP8_SAMPLE_BYTES = 6 * 1024 * 1024;

/** libwebp returns all pixels: a picture of 4K takes 50 MB of WebAssembly memory, and 33 MB outside of it. */
export const MAX_VP8_PIXELS = 3840 * 2160;

/** Frame tag, start code, width and height; RFC 6386 §9.1. */
const HEAD_BYTES = 10;
const INTER_FRAME = 0x01;
const SHOW_FRAME = 0x10;
/** The two bits above each side ask players to enlarge the picture, which ffmpeg and browsers don't. */
const SIDE_MASK = 0x3fff;
const SQUARE = { width: 1, height: 1 };
const WEBP_CODING = { matrix: 6, isFullRange: false };

/** Size of a key frame; null for other frames and damaged ones. */
function readSize(frame: Uint8Array): Size | null {
  if (frame.length < HEAD_BYTES || ((frame[0] ?? 0) & INTER_FRAME) !== 0) return null;
  if (asciiAt(frame, 3, 3) !== "\x9d\x01\x2a") return null;
  const view = viewOf(frame);
  return { width: view.getUint16(6, true) & SIDE_MASK, height: view.getUint16(8, true) & SIDE_MASK };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}

/** A WebP file of the frame, marked as shown: libwebp refuses others. */
function webpOf(frame: Uint8Array): Uint8Array {
  const text = (value: string) => new TextEncoder().encode(value);
  const padding = new Uint8Array(frame.length % 2);
  const bytes = 12 + frame.length + padding.length;
  const file = concat([text("RIFF"), u32(bytes), text("WEBPVP8 "), u32(frame.length), frame, padding]);
  const tagAt = file.length - padding.length - frame.length;
  file[tagAt] = (file[tagAt] ?? 0) | SHOW_FRAME;
  return file;
}

/** libwebp converts with BT.601 and the limited range. Browsers record with others, which the container tells. */
function applyColour(image: RgbaImage, colour: TrackColour | null): void {
  const matrix = colour === null || colour.matrix === UNSPECIFIED_MATRIX ? WEBP_CODING.matrix : colour.matrix;
  const coding = { matrix, isFullRange: colour?.isFullRange ?? false };
  if (coding.isFullRange || coding.matrix !== WEBP_CODING.matrix) recodeColour(image, WEBP_CODING, coding);
}

export const vp8Sample: SampleDecoder = {
  name: "VP8",
  maxSampleBytes: MAX_VP8_SAMPLE_BYTES,
  decode: async (sample, track, edgePx) => {
    const { pixelAspect, colour } = track;
    const size = readSize(sample);
    if (size === null) return { kind: "unsupported", reason: "the VP8 sample begins with no key frame" };
    const { width, height } = size;
    if (width * height > MAX_VP8_PIXELS)
      return { kind: "unsupported", reason: `VP8 of ${width} × ${height} pixels is too large to decode` };
    try {
      const decoded = await decodeWebp(webpOf(sample), MAX_VP8_PIXELS, track);
      const image = resizeToSize(decoded, displayedSize(decoded, pixelAspect ?? SQUARE, edgePx));
      applyColour(image, colour);
      return { kind: "image", image };
    } catch {
      return { kind: "unsupported", reason: "the VP8 key frame is damaged" };
    }
  },
};
