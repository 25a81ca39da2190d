/** Decodes key frames of MPEG-1, MPEG-2, MPEG-4 part 2 and H.263 tracks. */
import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { keyFrameImage } from "../../h264/keyFrameImage.ts";
import { decodeMpeg2 } from "../../mpeg/decodeMpeg2.ts";
import { decodeH263, decodeMpeg4 } from "../../mpeg/decodeMpeg4.ts";
import { MAX_MPEG_SAMPLE_BYTES, type MpegPicture } from "../../mpeg/mpegPicture.ts";
import { decodeOrReason } from "./decodeOrReason.ts";
import { UNSPECIFIED_MATRIX } from "../planesImage.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";

type DecodePicture = (sample: Uint8Array, track: KeyFrameTrack) => Promise<MpegPicture>;

/** Takes from the container what the stream doesn't tell; its pixel aspect precedes that of the stream. */
function describedBy({ planes, pixelAspect }: MpegPicture, { colour, ...track }: KeyFrameTrack): MpegPicture {
  const isSpecified = planes.matrix !== UNSPECIFIED_MATRIX || colour === null;
  return {
    planes: isSpecified ? planes : { ...planes, matrix: colour.matrix },
    pixelAspect: track.pixelAspect ?? pixelAspect,
  };
}

function mpegDecoder(name: string, decodePicture: DecodePicture): SampleDecoder {
  return {
    name,
    maxSampleBytes: MAX_MPEG_SAMPLE_BYTES,
    decode: async (sample, track, edgePx) =>
      await decodeOrReason(name, async () => {
        const picture = await decodePicture(sample, track);
        return { kind: "image", image: await keyFrameImage(describedBy(picture, track), edgePx) };
      }),
  };
}

export const mpeg1Sample = mpegDecoder("MPEG-1", decodeMpeg2);
export const mpeg2Sample = mpegDecoder("MPEG-2", decodeMpeg2);
export const mpeg4Sample = mpegDecoder("MPEG-4", decodeMpeg4);
export const h263Sample = mpegDecoder("H.263", decodeH263);
