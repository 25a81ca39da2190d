/** Reads the bits of a picture, the most significant first. */

@unmanaged
class Bits {
  start: usize;
  /** Address behind the last byte; eight zero bytes follow. */
  end: usize;
  /** Next bit, counted from `start`. */
  position: i32;
}

export const bits = changetype<Bits>(memory.data(offsetof<Bits>(), 16));

/** Starts at a bit of the bytes between two addresses. */
export function openBits(start: usize, end: usize, position: i32): void {
  bits.start = start;
  bits.end = end;
  bits.position = position;
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

/** Reads a two's complement number of 1 to 25 bits. */
export function readSignedBits(count: i32): i32 {
  const value = <i32>peekBits() >> (32 - count);
  bits.position += count;
  return value;
}

export function isPastEnd(): bool {
  return bits.start + <usize>((bits.position + 7) >> 3) > bits.end;
}
