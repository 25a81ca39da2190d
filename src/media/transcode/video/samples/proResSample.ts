/** Decodes frames of Apple ProRes tracks. */
import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { toneMap } from "../../colour/toneMap.ts";
import { keyFrameImage } from "../../h264/keyFrameImage.ts";
import { decodeProRes, type ProResPlanes } from "../../prores/decodeProRes.ts";
import { decodeOrReason } from "./decodeOrReason.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";

/** Largest frame: HQ of 4K at 60 frames a second has 4 MB. */
export const MAX_PRORES_SAMPLE_BYTES = 12 * 1024 * 1024;

const SQUARE = { width: 1, height: 1 };
/** Some encoders write 0, which is the matrix of RGB, for unspecified. */
const UNSPECIFIED_CODES = [0, 2];

/** Takes from the container what the frame doesn't tell. */
function describedBy(planes: ProResPlanes, { colour }: KeyFrameTrack): ProResPlanes {
  if (colour === null) return { ...planes, matrix: planes.matrix === 0 ? 2 : planes.matrix };
  const specified = (own: number, told: number) => (UNSPECIFIED_CODES.includes(own) ? told : own);
  return {
    ...planes,
    matrix: specified(planes.matrix, colour.matrix),
    primaries: specified(planes.primaries, colour.primaries),
    transfer: specified(planes.transfer, colour.transfer),
  };
}

export const proResSample: SampleDecoder = {
  name: "ProRes",
  maxSampleBytes: MAX_PRORES_SAMPLE_BYTES,
  decode: async (sample, track, edgePx) =>
    await decodeOrReason("ProRes", async () => {
      const planes = describedBy(await decodeProRes(sample, track), track);
      const image = await keyFrameImage({ planes, pixelAspect: track.pixelAspect ?? SQUARE }, edgePx);
      toneMap(image, planes);
      return { kind: "image", image };
    }),
};
