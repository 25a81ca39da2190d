/** Reads the bits of entropy-coded data; T.81 §F.2.2.5. */

@unmanaged
export class Input {
  /** The next bits, left-aligned. Bits after the first `count` may be set: they are those that follow. */
  bits: u64;
  count: i32;
  /** Zero bits at the end of `bits` that stand for missing data. Consuming one means that the data is damaged. */
  padding: i32;
  position: usize;
  end: usize;
  /** A code that the table lacks. */
  isDamaged: i32;
}

export const input = changetype<Input>(memory.data(offsetof<Input>(), 16));

/** The lowest and the highest bit of each byte. */
export const LOW_BITS: u64 = ((<u64>0x01010101) << 32) | 0x01010101;
const HIGH_BITS: u64 = LOW_BITS << 7;

/** Whether a byte of the word is 0xff. */
function hasMarkerByte(word: u64): bool {
  const inverted = ~word;
  return ((inverted - LOW_BITS) & ~inverted & HIGH_BITS) !== 0;
}

/** 0xff followed by 0 is a data byte; followed by anything else it is a marker, which ends the data. */
function refillByBytes(): void {
  while (input.count <= 56) {
    let at = input.position;
    let byte: u64 = 0;
    let size: usize = 0;
    if (at < input.end) {
      byte = load<u8>(at);
      size = 1;
      if (byte === 0xff) size = at + 1 < input.end && load<u8>(at, 1) === 0 ? 2 : 0;
    }
    if (size === 0) {
      byte = 0;
      input.padding += 8;
    }
    input.bits |= byte << (56 - input.count);
    input.count += 8;
    input.position = at + size;
  }
}

/** Buffers at least 56 bits, zeros after the end of the data. */
export function refill(): void {
  const at = input.position;
  if (at + 8 <= input.end) {
    const word = load<u64>(at);
    if (!hasMarkerByte(word)) {
      const bytes = (63 - input.count) >> 3;
      input.bits |= bswap<u64>(word) >> input.count;
      input.position = at + bytes;
      input.count += bytes << 3;
      return;
    }
  }
  refillByBytes();
}

/** Consumes buffered bits. */
export function skipBits(length: i32): void {
  input.bits <<= length;
  input.count -= length;
}

/** Reads up to 16 bits. */
export function readBits(length: i32): i32 {
  if (length === 0) return 0;
  if (input.count < length) refill();
  const value = <i32>(input.bits >> (64 - length));
  skipBits(length);
  return value;
}

/** Reads a number of `length` bits; one whose first bit is 0 is negative; T.81 §F.2.2.1. */
export function readNumber(length: i32): i32 {
  const value = readBits(length);
  return length > 0 && value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
}

export function resetInput(): void {
  input.bits = 0;
  input.count = 0;
  input.padding = 0;
}

/** Whether more bits were consumed than there are, or a code was invalid. */
export function isExhausted(): bool {
  return input.count < input.padding || input.isDamaged !== 0;
}

/** Skips to the end of the restart marker with this number, 0 to 7; false if another marker or nothing follows. */
export function skipRestartMarker(number: i32): bool {
  resetInput();
  for (let at = input.position; at + 1 < input.end; at++) {
    const code: i32 = load<u8>(at, 1);
    // Stuffed bytes and fill bytes precede the marker in damaged and in padded data.
    if (load<u8>(at) !== 0xff || code === 0 || code === 0xff) continue;
    input.position = at + 2;
    return code === (0xd0 | number);
  }
  return false;
}

/** Results of `resynchronize`. */
export const FOUND: i32 = 0;
export const NEEDS_MORE: i32 = 1;
export const LOST: i32 = 2;

/** Moves to the next marker: 0xff followed by neither a stuffed nor a fill byte; false if there is none. */
function seekMarker(): bool {
  let at = input.position;
  for (; at + 1 < input.end; at++) {
    const code: i32 = load<u8>(at, 1);
    if (load<u8>(at) === 0xff && code !== 0 && code !== 0xff) break;
  }
  input.position = at;
  return at + 1 < input.end;
}

/**
 * Continues after damage at the restart marker with this number, 0 to 7. `LOST`: the interval has no data, because one of
 * the two next markers follows, or another segment, which stays in the input. Other restart markers are those of damaged
 * intervals.
 */
export function resynchronize(number: i32): i32 {
  resetInput();
  while (seekMarker()) {
    const code: i32 = load<u8>(input.position, 1);
    const ahead = (code - number) & 7;
    const isRestart = code >= 0xd0 && code <= 0xd7;
    if ((!isRestart && code >= 0xc0) || (isRestart && (ahead === 1 || ahead === 2))) return LOST;
    input.position += 2;
    // The two markers before belong to intervals that are over; codes below 0xc0 are damage.
    if (isRestart && ahead < 6) return FOUND;
  }
  return NEEDS_MORE;
}
