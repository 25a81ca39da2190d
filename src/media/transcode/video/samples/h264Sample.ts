/** Decodes key frames of H.264 tracks. */
import { startsWith } from "../../../inspect/bytes/bytes.ts";
import type { KeyFrameTrack } from "../../../inspect/video/keyFrames/keyFrameTrack.ts";
import { toneMap } from "../../colour/toneMap.ts";
import { decodeKeyFrame, MAX_KEY_FRAME_BYTES, type H264Picture } from "../../h264/decodeKeyFrame.ts";
import { keyFrameImage } from "../../h264/keyFrameImage.ts";
import { annexBUnits, lengthPrefixedUnits, parseAvcConfiguration } from "../../h264/nalUnits.ts";
import type { SampleDecoder } from "./sampleDecoder.ts";
import { mergeColour } from "../streamColour.ts";

/** Takes from the container what the stream doesn't tell; its pixel aspect precedes that of the stream. */
function describedBy(picture: H264Picture, { pixelAspect, colour }: KeyFrameTrack): H264Picture {
  const merged = { ...picture, ...mergeColour(picture, colour), isFullRange: picture.isFullRange };
  const planes = { ...picture.planes, matrix: merged.matrix };
  return { ...merged, pixelAspect: pixelAspect ?? picture.pixelAspect, planes };
}

/** Returns the parameter sets and the units of a sample; null if the configuration is damaged. */
function unitsOf(sample: Uint8Array, configuration: Uint8Array): Uint8Array[] | null {
  if (configuration.length === 0) return annexBUnits(sample);
  const parsed = parseAvcConfiguration(configuration);
  if (parsed === null) return null;
  // Some programs copy a byte stream beside a configuration; no unit has a length of 1.
  const isByteStream = startsWith(sample, "\0\0\0\x01");
  const units = isByteStream ? annexBUnits(sample) : lengthPrefixedUnits(sample, parsed.lengthBytes);
  return [...parsed.parameterSets, ...units];
}

export const h264Sample: SampleDecoder = {
  name: "H.264",
  maxSampleBytes: MAX_KEY_FRAME_BYTES,
  decode: async (sample, track, edgePx) => {
    const units = unitsOf(sample, track.configuration);
    if (units === null) return { kind: "unsupported", reason: "the H.264 configuration is damaged" };
    const result = await decodeKeyFrame(units);
    if (result.kind === "unsupported") return result;
    const picture = describedBy(result.picture, track);
    const image = await keyFrameImage(picture, edgePx);
    toneMap(image, picture);
    return { kind: "image", image };
  },
};
