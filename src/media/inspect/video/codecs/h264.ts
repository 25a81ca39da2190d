/** H.264: the picture's size and pace from the sequence parameter set (ISO/IEC 14496-10, 7.3.2.1.1 and E.1.1). */
import { type BitReader, bitReader, unescaped } from "./bitReader.ts";
import type { CodedPicture } from "./codedPicture.ts";

/** Profiles that say how colour is sampled. */
const profilesWithChroma = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
const ownAspectRatio = 255;

/** The set without its one byte of head. */
export function readH264Sequence(unit: Uint8Array): CodedPicture {
  const bits = bitReader(unescaped(unit));
  const profile = bits.take(8);
  bits.skip(16);
  bits.golomb();
  const chroma = profilesWithChroma.includes(profile) ? readChroma(bits) : 1;
  skipOrder(bits);
  const across = (bits.golomb() + 1) * 16;
  const down = (bits.golomb() + 1) * 16;
  const isFrames = bits.flag();
  const fields = isFrames ? 1 : 2;
  bits.skip(isFrames ? 1 : 2);
  const [left = 0, right = 0, top = 0, bottom = 0] = bits.flag() ? [0, 0, 0, 0].map(() => bits.golomb()) : [];
  return {
    width: across - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: (down - (top + bottom) * (chroma === 1 ? 2 : 1)) * fields,
    framesPerSecond: bits.flag() ? readPace(bits) : null,
  };
}

function readChroma(bits: BitReader): number {
  const chroma = bits.golomb();
  if (chroma === 3) bits.skip(1);
  bits.golomb();
  bits.golomb();
  bits.skip(1);
  if (bits.flag()) for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) skipScalingList(bits, list < 6 ? 16 : 64);
  return chroma;
}

function skipScalingList(bits: BitReader, size: number): void {
  if (!bits.flag()) return;
  let next = 8;
  for (let i = 0; i < size && next !== 0; i++) next = (next + bits.signedGolomb() + 256) % 256;
}

/** How pictures are numbered and which refer to others. */
function skipOrder(bits: BitReader): void {
  bits.golomb();
  const orderType = bits.golomb();
  if (orderType === 0) bits.golomb();
  if (orderType === 1) {
    bits.skip(1);
    bits.golomb();
    bits.golomb();
    for (let left = Math.min(bits.golomb(), 255); left > 0; left--) bits.golomb();
  }
  bits.golomb();
  bits.skip(1);
}

/** Ticks are of fields, two of them a frame. */
function readPace(bits: BitReader): number | null {
  if (bits.flag() && bits.take(8) === ownAspectRatio) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.golomb();
    bits.golomb();
  }
  if (!bits.flag()) return null;
  const ticks = bits.take(32);
  const ticksPerSecond = bits.take(32);
  return ticks === 0 ? null : ticksPerSecond / (2 * ticks);
}
