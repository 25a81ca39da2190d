/** Reads the sequence header of an elementary stream, for containers without size and frame rate. */
import { viewOf } from "../../bytes/bytes.ts";
import { startCodeUnits } from "./bitReader.ts";
import { parseH264Sps, parseH265Sps, type SequenceHeader } from "./sequenceParameterSet.ts";

export type Codec = "h264" | "h265" | "mpeg";

const H264_SPS = 7;
const H265_SPS = 33;
const MPEG_SEQUENCE_HEADER = 0xb3;
const MPEG_EXTENSION = 0xb5;
/** frame_rate_code of MPEG-1 and MPEG-2; the MPEG-2 extension may scale it. */
const mpegFrameRates = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];

/** Reads the first sequence header in `bytes`; null if it is missing or truncated. */
export function readSequenceHeader(codec: Codec, bytes: Uint8Array): SequenceHeader | null {
  try {
    if (codec === "mpeg") return readMpegSequence(bytes);
    for (const unit of startCodeUnits(bytes)) {
      const firstByte = unit[0] ?? 0;
      if (codec === "h264" && (firstByte & 0x1f) === H264_SPS) return parseH264Sps(unit.subarray(1));
      if (codec === "h265" && firstByte >> 1 === H265_SPS) return parseH265Sps(unit.subarray(2));
    }
  } catch {
    // The header breaks off.
  }
  return null;
}

/** Reads 12 bits of width, 12 of height and the frame rate code; MPEG-2 adds a sequence extension. */
function readMpegSequence(bytes: Uint8Array): SequenceHeader | null {
  let header: SequenceHeader | null = null;
  for (const unit of startCodeUnits(bytes)) {
    const view = viewOf(unit);
    if (header === null && unit[0] === MPEG_SEQUENCE_HEADER && unit.length >= 8) {
      const rate = mpegFrameRates[view.getUint8(4) & 15] ?? 0;
      const sides = view.getUint32(0) & 0xffffff;
      header = { width: sides >> 12, height: sides & 0xfff, framesPerSecond: rate > 0 ? rate : null };
    } else if (header !== null) {
      const isSequenceExtension = unit[0] === MPEG_EXTENSION && unit.length >= 7 && view.getUint8(1) >> 4 === 1;
      return isSequenceExtension ? applyExtension(header, view) : header;
    }
  }
  return header;
}

function applyExtension({ width, height, framesPerSecond }: SequenceHeader, view: DataView): SequenceHeader {
  const sides = view.getUint32(2);
  const multiplier = (view.getUint8(6) >> 5) & 3;
  const divisor = view.getUint8(6) & 31;
  return {
    width: width + ((sides >>> 23) & 3) * 4096,
    height: height + ((sides >>> 21) & 3) * 4096,
    framesPerSecond: framesPerSecond === null ? null : (framesPerSecond * (multiplier + 1)) / (divisor + 1),
  };
}
