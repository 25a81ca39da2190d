/** The header of a coded picture inside a stretch of its stream: for containers that say nothing of the picture themselves. */
import { viewOf } from "../../bytes/bytes.ts";
import { unitsIn } from "./bitReader.ts";
import type { CodedPicture } from "./codedPicture.ts";
import { readH264Sequence } from "./h264.ts";
import { readH265Sequence } from "./h265.ts";

export type Codec = "h264" | "h265" | "mpeg";

const h264Sequence = 7;
const h265Sequence = 33;
const mpegSequence = 0xb3;
const mpegExtension = 0xb5;
/** By the code in the header; MPEG-2 may multiply. */
const mpegRates = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];

/** From the first header in a stretch of an elementary stream; null where there is none or it breaks off. */
export function readCodedPicture(codec: Codec, bytes: Uint8Array): CodedPicture | null {
  try {
    if (codec === "mpeg") return readMpegSequence(bytes);
    for (const unit of unitsIn(bytes)) {
      const head = unit[0] ?? 0;
      if (codec === "h264" && (head & 0x1f) === h264Sequence) return readH264Sequence(unit.subarray(1));
      if (codec === "h265" && head >> 1 === h265Sequence) return readH265Sequence(unit.subarray(2));
    }
  } catch {
    // The header breaks off.
  }
  return null;
}

/** MPEG-1 and MPEG-2 video: twelve bits a side, then the code of the rate; MPEG-2 says the rest in an extension. */
function readMpegSequence(bytes: Uint8Array): CodedPicture | null {
  let picture: CodedPicture | null = null;
  for (const unit of unitsIn(bytes)) {
    const view = viewOf(unit);
    if (picture === null && unit[0] === mpegSequence && unit.length >= 8) {
      const rate = mpegRates[view.getUint8(4) & 15] ?? 0;
      const sides = view.getUint32(0) & 0xffffff;
      picture = { width: sides >> 12, height: sides & 0xfff, framesPerSecond: rate > 0 ? rate : null };
    } else if (picture !== null) {
      const isSequence = unit[0] === mpegExtension && unit.length >= 7 && view.getUint8(1) >> 4 === 1;
      return isSequence ? extended(picture, view) : picture;
    }
  }
  return picture;
}

function extended({ width, height, framesPerSecond }: CodedPicture, view: DataView): CodedPicture {
  const sides = view.getUint32(2);
  const times = (view.getUint8(6) >> 5) & 3;
  const over = view.getUint8(6) & 31;
  return {
    width: width + ((sides >>> 23) & 3) * 4096,
    height: height + ((sides >>> 21) & 3) * 4096,
    framesPerSecond: framesPerSecond === null ? null : (framesPerSecond * (times + 1)) / (over + 1),
  };
}
