import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import type { RgbaImage } from "../../rgbaImage.ts";

export type SampleResult = { kind: "image"; image: RgbaImage } | { kind: "unsupported"; reason: string };

/** Decodes key frames of a codec. */
export interface SampleDecoder {
  /** Name of the codec, for results and reasons. */
  name: string;
  /** Largest sample that is read. */
  maxSampleBytes: number;
  /** Decodes a sample of a track to an image whose longest edge is at most `edgePx`, as stored. */
  decode(sample: Uint8Array, track: KeyFrameTrack, edgePx: number): Promise<SampleResult>;
}
