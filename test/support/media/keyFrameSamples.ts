/** Decoders by the key frames of test/fixtures/keyFrames/ that have a picture. */
import { av1Sample } from "../../../src/media/transcode/video/samples/av1Sample.ts";
import { mjpegSample } from "../../../src/media/transcode/video/samples/mjpegSample.ts";
import { mpeg1Sample, mpeg2Sample, mpeg4Sample } from "../../../src/media/transcode/video/samples/mpegSample.ts";
import { proResSample } from "../../../src/media/transcode/video/samples/proResSample.ts";
import type { SampleDecoder } from "../../../src/media/transcode/video/samples/sampleDecoder.ts";
import { vp8Sample } from "../../../src/media/transcode/video/samples/vp8Sample.ts";
import { vp9Sample } from "../../../src/media/transcode/video/samples/vp9Sample.ts";

/** The largest mean difference of colours: libwebp, the JPEG decoder and ffmpeg interpolate chroma in their own ways. */
const [EXACT, INTERPOLATED] = [0.5, 7];

export const KEY_FRAME_SAMPLES: [string, SampleDecoder, number][] = [
  ["av1.ivf", av1Sample, EXACT],
  ["av1-odd.ivf", av1Sample, INTERPOLATED],
  ["av1-10-bits.ivf", av1Sample, EXACT],
  ["mjpeg.jpg", mjpegSample, INTERPOLATED],
  ["mjpeg-limited-range.jpg", mjpegSample, INTERPOLATED],
  ["mpeg1.m1v", mpeg1Sample, EXACT],
  ["mpeg2.m2v", mpeg2Sample, EXACT],
  ["mpeg2-interlaced.m2v", mpeg2Sample, EXACT],
  ["mpeg2-422.m2v", mpeg2Sample, EXACT],
  ["mpeg4.m4v", mpeg4Sample, EXACT],
  ["mpeg4-packets.m4v", mpeg4Sample, EXACT],
  ["mpeg4-interlaced.m4v", mpeg4Sample, EXACT],
  ["mpeg4-xvid.m4v", mpeg4Sample, EXACT],
  ["prores-proxy.prores", proResSample, EXACT],
  ["prores-interlaced.prores", proResSample, EXACT],
  ["vp8.ivf", vp8Sample, INTERPOLATED],
  ["vp8-odd.ivf", vp8Sample, INTERPOLATED],
  ["vp9.ivf", vp9Sample, EXACT],
  ["vp9-odd.ivf", vp9Sample, INTERPOLATED],
  ["vp9-444.ivf", vp9Sample, EXACT],
  ["vp9-full-range.ivf", vp9Sample, EXACT],
];
