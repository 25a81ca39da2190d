/** Reads the bits of a slice; ITU-T H.264 §7.2 and §9.1. */
import { current } from "./state";

@unmanaged
class Bits {
  start: usize;
  /** Address behind the last byte; eight zero bytes follow. */
  end: usize;
  /** Next bit, counted from `start`. */
  position: i32;
  /** Position of the stop bit; §7.3.2.11. */
  stop: i32;
}

export const bits = changetype<Bits>(memory.data(offsetof<Bits>(), 16));

/** Zero bytes that the caller reserves behind a slice. */
const PADDING: usize = 8;

/**
 * Removes the emulation prevention bytes (00 00 03) of a NAL unit in place and returns the new end; H.264 §7.4.1.
 */
function removeEmulationPrevention(start: usize, end: usize): usize {
  let to = start;
  let zeros: i32 = 0;
  for (let from = start; from < end; from++) {
    const byte = load<u8>(from);
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    store<u8>(to++, byte);
  }
  return to;
}

/** Starts at a bit of the NAL unit between two addresses, counted without emulation prevention. */
export function openBits(start: usize, end: usize, position: i32): void {
  let last = removeEmulationPrevention(start, end);
  while (last > start && load<u8>(last - 1) === 0) last--;
  memory.fill(last, 0, PADDING);
  bits.start = start;
  bits.end = last;
  bits.position = position;
  bits.stop = last === start ? 0 : <i32>(((last - start) << 3) - 1 - ctz<i32>(load<u8>(last - 1)));
}

/** The next 32 bits; zeros follow the end. */
export function peekBits(): u32 {
  const at = min(bits.start + <usize>(bits.position >> 3), bits.end);
  return <u32>((bswap<u64>(load<u64>(at)) << (bits.position & 7)) >> 32);
}

export function skipBits(count: i32): void {
  bits.position += count;
}

/** Reads 1 to 25 bits. */
export function readBits(count: i32): i32 {
  const value = <i32>(peekBits() >>> (32 - count));
  bits.position += count;
  return value;
}

/** Reads ue(v) up to 65,534; H.264 §9.1. No syntax element of a macroblock is larger. */
export function readUnsigned(): i32 {
  const word = peekBits();
  const zeros = <i32>clz<u32>(word);
  if (zeros > 15) {
    current.isDamaged = true;
    return 0;
  }
  bits.position += 2 * zeros + 1;
  return <i32>(word >>> (31 - 2 * zeros)) - 1;
}

/** Reads se(v); H.264 §9.1.1. */
export function readSigned(): i32 {
  const code = readUnsigned();
  return code & 1 ? (code + 1) >> 1 : -(code >> 1);
}

/** more_rbsp_data of H.264 §7.2. */
export function hasMoreData(): bool {
  return bits.position < bits.stop;
}
