/** H.265: the picture's size from the sequence parameter set (ISO/IEC 23008-2, 7.3.2.2). The pace stands far behind much else there and is counted instead. */
import { type BitReader, bitReader, unescaped } from "./bitReader.ts";
import type { CodedPicture } from "./codedPicture.ts";

/** The set without its two bytes of head. */
export function readH265Sequence(unit: Uint8Array): CodedPicture {
  const bits = bitReader(unescaped(unit));
  bits.skip(4);
  const subLayers = bits.take(3);
  bits.skip(1);
  skipProfile(bits, subLayers);
  bits.golomb();
  const chroma = bits.golomb();
  if (chroma === 3) bits.skip(1);
  const across = bits.golomb();
  const down = bits.golomb();
  const [left = 0, right = 0, top = 0, bottom = 0] = bits.flag() ? [0, 0, 0, 0].map(() => bits.golomb()) : [];
  return {
    width: across - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: down - (top + bottom) * (chroma === 1 ? 2 : 1),
    framesPerSecond: null,
  };
}

/** 88 bits of profile and 8 of level, then those of each layer below that has its own. */
function skipProfile(bits: BitReader, subLayers: number): void {
  bits.skip(96);
  const present = Array.from({ length: subLayers }, () => ({ profile: bits.flag(), level: bits.flag() }));
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
}
