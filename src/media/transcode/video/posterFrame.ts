/** Chooses and decodes the frame of a film that becomes its poster. */
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { KeyFrameTrack } from "../../inspect/video/keyFrames/keyFrameTrack.ts";
import { openKeyFrames } from "../../inspect/video/keyFrames/openKeyFrames.ts";
import { createLumaPlane } from "../quality/luma.ts";
import { measureTones } from "../quality/tones.ts";
import { resizeImage } from "../resize/resizeImage.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { orientImage } from "../scaled/orientImage.ts";
import { av1Sample } from "./samples/av1Sample.ts";
import { h264Sample } from "./samples/h264Sample.ts";
import { hevcSample } from "./samples/hevcSample.ts";
import { mjpegSample } from "./samples/mjpegSample.ts";
import { h263Sample, mpeg1Sample, mpeg2Sample, mpeg4Sample } from "./samples/mpegSample.ts";
import { proResSample } from "./samples/proResSample.ts";
import type { SampleDecoder, SampleResult } from "./samples/sampleDecoder.ts";
import { vp8Sample } from "./samples/vp8Sample.ts";
import { vp9Sample } from "./samples/vp9Sample.ts";

/** Places of the candidates among the key frames. */
const CANDIDATES = [0.1, 0.2, 0.3];

/** Longest edge of the image whose tones are measured. */
const MEASURED_EDGE_PX = 128;
/** Mean luma of a dark frame, of 1. */
const DARK_EXPOSURE = 0.06;
/** Standard deviation of the luma of a flat frame, of 1. */
const FLAT_CONTRAST = 0.03;

/**
 * Memory of finding a poster: the key frame, its decoder, the small image and a turned copy. A film of 4K takes
 * about 50 MB in H.264 and 90 MB in HEVC.
 */
export const MAX_POSTER_DECODER_BYTES = 104 * 1024 * 1024;

export type PosterFrame =
  | {
      kind: "frame";
      /** Upright. */
      image: RgbaImage;
      description: string;
    }
  | { kind: "unsupported"; reason: string };

/** Decoders by the `VideoCodec` of the track. */
export const decoders = new Map<string, SampleDecoder>([
  ["h264", h264Sample],
  ["hevc", hevcSample],
  ["av1", av1Sample],
  ["mjpeg", mjpegSample],
  ["mpeg1", mpeg1Sample],
  ["mpeg2", mpeg2Sample],
  ["mpeg4", mpeg4Sample],
  ["h263", h263Sample],
  ["prores", proResSample],
  ["vp8", vp8Sample],
  ["vp9", vp9Sample],
]);

function isDarkOrFlat(image: RgbaImage): boolean {
  const tones = measureTones(createLumaPlane(resizeImage(image, MEASURED_EDGE_PX)));
  return tones === null || tones.exposure < DARK_EXPOSURE || tones.contrast < FLAT_CONTRAST;
}

/** Indexes of the candidates, without repetitions. The first key frame is the last resort. */
function candidatesOf(keyFrames: number): number[] {
  return [...new Set([...CANDIDATES.map((place) => Math.floor(place * keyFrames)), 0])];
}

async function decodeCandidate(
  track: KeyFrameTrack,
  decoder: SampleDecoder,
  index: number,
  edgePx: number,
): Promise<SampleResult> {
  const sample = await track.readKeyFrame(index, decoder.maxSampleBytes);
  if (sample === null) return { kind: "unsupported", reason: "the tables of the video lead to no key frame" };
  if (sample === "too-large") return { kind: "unsupported", reason: `the ${decoder.name} key frame is too large` };
  return await decoder.decode(sample, track, edgePx);
}

/**
 * Decodes the first of up to four key frames that is neither dark nor flat, else the first of them. `edgePx` is the longest
 * edge of the image. Reads up to four key frames and the tables in front of them. Throws only what `file` throws.
 */
export async function findPosterFrame(file: ByteSource, edgePx: number): Promise<PosterFrame> {
  const track = await openKeyFrames(file);
  if (track === null) return { kind: "unsupported", reason: "no key frames were found in the video" };
  const decoder = decoders.get(track.codec);
  if (decoder === undefined)
    return { kind: "unsupported", reason: `no decoder for the video codec ${JSON.stringify(track.codec)}` };
  let [first, reason]: [RgbaImage | null, string] = [null, ""];
  for (const index of candidatesOf(track.keyFrames)) {
    const result = await decodeCandidate(track, decoder, index, edgePx);
    if (result.kind === "unsupported") reason ||= result.reason;
    else if (!isDarkOrFlat(result.image)) return frameOf(result.image, track, decoder);
    else first ??= result.image;
  }
  return first === null ? { kind: "unsupported", reason } : frameOf(first, track, decoder);
}

function frameOf(image: RgbaImage, track: KeyFrameTrack, decoder: SampleDecoder): PosterFrame {
  const description = `decoded a key frame of ${decoder.name}`;
  return { kind: "frame", image: orientImage(image, track.orientation), description };
}
