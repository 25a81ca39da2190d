/** Reads the formats of video streams that AVI and Matroska have from Windows (BITMAPINFOHEADER). */
import { asciiAt, startsWith } from "../../bytes/bytes.ts";
import type { VideoCodec } from "./keyFrameTrack.ts";

/** Codecs by their codes in capitals; https://learn.microsoft.com/en-us/windows/win32/medfound/video-fourccs. */
const codecs = new Map<string, VideoCodec>(
  (
    [
      ["h264", ["H264", "X264", "AVC1", "DAVC", "VSSH"]],
      ["hevc", ["HEVC", "H265", "X265", "HVC1", "HEV1"]],
      ["av1", ["AV01"]],
      ["vp8", ["VP80"]],
      ["vp9", ["VP90"]],
      ["mjpeg", ["MJPG", "AVRN", "IJPG", "JPEG", "DMB1", "LJPG", "ACDV"]],
      ["prores", ["APCN", "APCS", "APCO", "APCH", "AP4H"]],
      ["mpeg4", ["XVID", "DIVX", "DX50", "FMP4", "MP4V", "MP4S", "M4S2", "3IV2", "RMP4"]],
      ["mpeg2", ["MPG2", "MP2V", "MPEG", "M2V1"]],
      ["mpeg1", ["MPG1", "M1V1"]],
      ["h263", ["H263", "S263", "U263"]],
    ] as const
  ).flatMap(([codec, codes]) => codes.map((code): [string, VideoCodec] => [code, codec])),
);

const CODE_AT = 16;
const HEADER_BYTES = 40;

export interface StreamFormat {
  codec: string;
  /** Configuration record. */
  configuration: Uint8Array;
  /** Parameter sets that belong in front of each key frame. */
  prefix: Uint8Array;
}

/** Parses a header of 40 bytes and the codec's data behind it. */
export function parseStreamFormat(bytes: Uint8Array): StreamFormat {
  const code = asciiAt(bytes, CODE_AT, 4);
  const codec = codecs.get(code.toUpperCase()) ?? code;
  const extra = bytes.subarray(HEADER_BYTES);
  const none = new Uint8Array();
  if (codec !== "h264" && codec !== "hevc") return { codec, configuration: none, prefix: none };
  const isByteStream = startsWith(extra, "\0\0\x01") || startsWith(extra, "\0\0\0\x01");
  return { codec, configuration: isByteStream ? none : extra, prefix: isByteStream ? extra : none };
}
