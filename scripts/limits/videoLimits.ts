/** Limits of the key frames of videos that the Worker decodes. */
import * as openKeyFrames from "../../src/media/inspect/video/keyFrames/openKeyFrames.ts";
import * as sampleTable from "../../src/media/inspect/video/keyFrames/mp4/sampleTable.ts";
import * as decodeKeyFrame from "../../src/media/transcode/h264/decodeKeyFrame.ts";
import * as decodeMpeg2 from "../../src/media/transcode/mpeg/decodeMpeg2.ts";
import * as mpegPicture from "../../src/media/transcode/mpeg/mpegPicture.ts";
import * as decodeProRes from "../../src/media/transcode/prores/decodeProRes.ts";
import * as proResSample from "../../src/media/transcode/video/samples/proResSample.ts";
import * as av1Sample from "../../src/media/transcode/video/samples/av1Sample.ts";
import * as hevcSample from "../../src/media/transcode/video/samples/hevcSample.ts";
import * as planesImage from "../../src/media/transcode/video/planesImage.ts";
import * as nalUnits from "../../src/media/transcode/h264/nalUnits.ts";
import * as sequenceParameters from "../../src/media/transcode/h264/sequenceParameters.ts";
import * as posterFrame from "../../src/media/transcode/video/posterFrame.ts";
import * as mjpegSample from "../../src/media/transcode/video/samples/mjpegSample.ts";
import * as vp8Sample from "../../src/media/transcode/video/samples/vp8Sample.ts";
import * as vp9Sample from "../../src/media/transcode/video/samples/vp9Sample.ts";
import { limit, type Section } from "./entry.ts";

const REASON = "no picture; the task has the reason";

export const videoSection: Section = {
  title: "Key frames of videos",
  limits: [
    limit(openKeyFrames, "MAX_FILM_READ_BYTES", "bytes", "everything that is read of a video for its poster", REASON),
    limit(
      openKeyFrames,
      "MAX_KEY_FRAME_SEARCH_BYTES",
      "bytes",
      "headers and tables of a video that are read for a key frame",
      REASON,
    ),
    limit(sampleTable, "MAX_CHUNK_TABLE_BYTES", "bytes", "table of an MP4's chunks", REASON),
    limit(sampleTable, "MAX_CHUNK_SAMPLES", "items", "samples of an MP4's chunk up to the key frame", REASON),
    limit(posterFrame, "MAX_POSTER_DECODER_BYTES", "bytes", "memory of making a poster", "uploads get less"),
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
    limit(hevcSample, "MAX_HEVC_SAMPLE_BYTES", "bytes", "HEVC key frame", REASON),
    limit(hevcSample, "MAX_HEVC_PIXELS", "pixels", "HEVC picture", REASON),
    limit(hevcSample, "MAX_HEVC_MEMORY_BYTES", "bytes", "WebAssembly memory of the HEVC decoder", REASON),
    limit(av1Sample, "MAX_AV1_SAMPLE_BYTES", "bytes", "AV1 key frame", REASON),
    limit(av1Sample, "MAX_AV1_SAMPLE_MEMORY_BYTES", "bytes", "WebAssembly memory of the AV1 decoder of films", REASON),
    limit(mjpegSample, "MAX_MJPEG_SAMPLE_BYTES", "bytes", "frame of Motion JPEG", REASON),
    limit(mpegPicture, "MAX_MPEG_SAMPLE_BYTES", "bytes", "MPEG-1, MPEG-2, MPEG-4 or H.263 key frame", REASON),
    limit(decodeMpeg2, "MAX_MPEG_UNITS", "items", "headers and slices of an MPEG-1 or MPEG-2 picture", REASON),
    limit(mpegPicture, "MAX_MPEG_PIXELS", "pixels", "MPEG-1, MPEG-2, MPEG-4 or H.263 picture", REASON),
    limit(mpegPicture, "MAX_MPEG_MEMORY_BYTES", "bytes", "memory of the MPEG decoder", REASON),
    limit(proResSample, "MAX_PRORES_SAMPLE_BYTES", "bytes", "ProRes frame", REASON),
    limit(decodeProRes, "MAX_PRORES_PIXELS", "pixels", "ProRes picture", REASON),
    limit(decodeProRes, "MAX_PRORES_MEMORY_BYTES", "bytes", "memory of the ProRes decoder", REASON),
    limit(vp8Sample, "MAX_VP8_SAMPLE_BYTES", "bytes", "VP8 key frame", REASON),
    limit(vp8Sample, "MAX_VP8_PIXELS", "pixels", "VP8 picture", REASON),
    limit(vp9Sample, "MAX_VP9_SAMPLE_BYTES", "bytes", "VP9 key frame", REASON),
    limit(vp9Sample, "MAX_VP9_PIXELS", "pixels", "VP9 picture", REASON),
    limit(vp9Sample, "MAX_VP9_MEMORY_BYTES", "bytes", "WebAssembly memory of the VP9 decoder", REASON),
    limit(planesImage, "MAX_KEY_FRAME_IMAGE_BYTES", "bytes", "memory of the small image of a key frame", REASON),
  ],
};
