/** Decodes key frames of AV1 tracks. */
import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { openAv1Decoder, type Av1Decoder, type Av1Frame } from "../../av1/decodeAv1Frame.ts";
import { toneMap } from "../../colour/toneMap.ts";
import { decoderMemory } from "../../decoderMemory.ts";
import { keyFrameImage } from "../../h264/keyFrameImage.ts";
import { decodeOrReason } from "./decodeOrReason.ts";
import { UNSPECIFIED_MATRIX } from "../planesImage.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";

/** WebAssembly memory of the decoder, beside the sample and the small image. */
export const MAX_AV1_SAMPLE_MEMORY_BYTES = 80 * 1024 * 1024;

/** It is in memory twice, in JavaScript and in WebAssembly. */
export const MAX_AV1_SAMPLE_BYTES = 8 * 1024 * 1024;

/** Fixed fields of av1C, before the sequence header; AV1 in ISOBMFF §2.3.3. */
const CONFIGURATION_HEAD_BYTES = 4;
const SQUARE = { width: 1, height: 1 };

/** One decoder for the key frames of a film: a WebAssembly memory is freed only with its instance. */
const decoders = new WeakMap<KeyFrameTrack, Av1Decoder>();

async function decodeFrame(sample: Uint8Array, track: KeyFrameTrack): Promise<Av1Frame> {
  const decoder = decoders.get(track) ?? (await openAv1Decoder(decoderMemory(MAX_AV1_SAMPLE_MEMORY_BYTES)));
  decoders.set(track, decoder);
  return decoder.decode([track.configuration.subarray(CONFIGURATION_HEAD_BYTES), sample]);
}

/** Takes from the container what the stream doesn't tell. */
function describedBy(frame: Av1Frame, { colour }: KeyFrameTrack): Av1Frame {
  if (colour === null) return frame;
  const specified = (own: number, told: number) => (own === UNSPECIFIED_MATRIX ? told : own);
  return {
    ...frame,
    matrix: specified(frame.matrix, colour.matrix),
    primaries: specified(frame.primaries, colour.primaries),
    transfer: specified(frame.transfer, colour.transfer),
  };
}

export const av1Sample: SampleDecoder = {
  name: "AV1",
  maxSampleBytes: MAX_AV1_SAMPLE_BYTES,
  decode: async (sample, track, edgePx) =>
    await decodeOrReason("AV1", async () => {
      const planes = describedBy(await decodeFrame(sample, track), track);
      const image = await keyFrameImage({ planes, pixelAspect: track.pixelAspect ?? SQUARE }, edgePx);
      toneMap(image, planes);
      return { kind: "image", image };
    }),
};
