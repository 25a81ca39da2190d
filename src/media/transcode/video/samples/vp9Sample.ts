/** Decodes key frames of VP9 tracks. */
import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { toneMap } from "../../colour/toneMap.ts";
import { keyFrameImage } from "../../h264/keyFrameImage.ts";
import type { Plane, Planes } from "../../heif/planes.ts";
import { startVp9Decoder, type DecodedFrame, type Vp9Decoder } from "../../vp9/libvpx.ts";
import { parseVp9KeyFrame, type Vp9Frame } from "../../vp9/vp9Frame.ts";
import { decodeOrReason } from "./decodeOrReason.ts";
import { UNSPECIFIED_MATRIX } from "../planesImage.ts";
import type { SampleDecoder, SampleResult } from "./sampleDecoder.ts";

/** WebAssembly memory of the decoder: 17 MB for 1080p, 29 MB for 4K and 52 MB after a second picture of 4K. */
export const MAX_VP9_MEMORY_BYTES = 64 * 1024 * 1024;

/** It is in memory twice, in JavaScript and in WebAssembly. */
export const MAX_VP9_SAMPLE_BYTES = 8 * 1024 * 1024;

/** Larger pictures than 4K exceed the memory. */
export const MAX_VP9_PIXELS = 4096 * 2304;

const SQUARE = { width: 1, height: 1 };

/** One decoder for the key frames of a film: a WebAssembly memory is freed only with its instance. */
const decoders = new WeakMap<KeyFrameTrack, Vp9Decoder>();

/** Decodes a frame. A decoder that failed is dropped: its memory may be inconsistent, and it refuses later frames. */
async function decodeFrame(frame: Vp9Frame, track: KeyFrameTrack): Promise<DecodedFrame | null> {
  const decoder = decoders.get(track) ?? (await startVp9Decoder(MAX_VP9_MEMORY_BYTES));
  decoders.delete(track);
  const decoded = decoder.decode(frame.bytes);
  if (decoded !== null) decoders.set(track, decoder);
  return decoded;
}

/** Takes from the container what the stream doesn't tell. */
function planesOf(decoded: DecodedFrame, frame: Vp9Frame, { colour }: KeyFrameTrack): Planes {
  const [luma, blue, red] = decoded.planes.map(({ address, strideBytes }): Plane => ({
    bytes: decoded.memory.subarray(address),
    strideBytes,
  }));
  if (luma === undefined || blue === undefined || red === undefined) throw new Error("libvpx returned no planes");
  const { bits, xShift, yShift, matrix, isFullRange } = frame;
  return {
    width: decoded.width,
    height: decoded.height,
    bits,
    luma,
    chroma: { blue, red, xShift, yShift },
    matrix: matrix === UNSPECIFIED_MATRIX ? (colour?.matrix ?? matrix) : matrix,
    isFullRange,
  };
}

/** Returns why a picture of this kind isn't decoded; null if it is. */
function refusalOf({ width, height, bits, isRgb }: Vp9Frame): string | null {
  if (bits > 8) return `VP9 with ${bits} bits a sample`;
  if (isRgb) return "VP9 of RGB";
  return width * height > MAX_VP9_PIXELS ? `VP9 of ${width} × ${height} pixels is too large to decode` : null;
}

async function decode(sample: Uint8Array, track: KeyFrameTrack, edgePx: number): Promise<SampleResult> {
  const frame = parseVp9KeyFrame(sample);
  if (frame === null) return { kind: "unsupported", reason: "the VP9 sample begins with no key frame" };
  const refusal = refusalOf(frame);
  if (refusal !== null) return { kind: "unsupported", reason: refusal };
  const decoded = await decodeFrame(frame, track);
  if (decoded === null) return { kind: "unsupported", reason: "the VP9 key frame is damaged" };
  const picture = { planes: planesOf(decoded, frame, track), pixelAspect: track.pixelAspect ?? SQUARE };
  const image = await keyFrameImage(picture, edgePx);
  if (track.colour !== null) toneMap(image, track.colour);
  return { kind: "image", image };
}

export const vp9Sample: SampleDecoder = {
  name: "VP9",
  maxSampleBytes: MAX_VP9_SAMPLE_BYTES,
  decode: async (sample, track, edgePx) => await decodeOrReason("VP9", async () => await decode(sample, track, edgePx)),
};
