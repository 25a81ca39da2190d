/** Limits of the key frames of videos that the Worker decodes. */
import * as decodeKeyFrame from "../../src/media/transcode/h264/decodeKeyFrame.ts";
import * as keyFrameImage from "../../src/media/transcode/h264/keyFrameImage.ts";
import * as nalUnits from "../../src/media/transcode/h264/nalUnits.ts";
import * as sequenceParameters from "../../src/media/transcode/h264/sequenceParameters.ts";
import { limit, type Section } from "./entry.ts";

const REASON = "no picture; the task has the reason";

export const videoSection: Section = {
  title: "Key frames of videos",
  limits: [
    limit(decodeKeyFrame, "MAX_KEY_FRAME_BYTES", "bytes", "H.264 key frame with its parameter sets", REASON),
    limit(decodeKeyFrame, "MAX_H264_MEMORY_BYTES", "bytes", "memory of the H.264 decoder", REASON),
    limit(sequenceParameters, "MAX_H264_EDGE_PX", "px", "longest side of an H.264 picture", REASON),
    limit(nalUnits, "MAX_NAL_UNITS", "items", "NAL units of an H.264 key frame", REASON),
    limit(
      sequenceParameters,
      "MAX_PARAMETER_SET_BYTES",
      "bytes",
      "part of an H.264 parameter set that is read",
      REASON,
    ),
    limit(keyFrameImage, "MAX_KEY_FRAME_IMAGE_BYTES", "bytes", "memory of the small image of a key frame", REASON),
  ],
};
