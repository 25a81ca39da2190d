/** Huffman tables; T.81 annex C and §F.2.2.3. */
import { input, refill, skipBits } from "./input";

/** Codes up to this length are found by one lookup. */
export const LOOKUP_BITS: i32 = 10;
const LOOKUP_BYTES: usize = 4 << LOOKUP_BITS;

/**
 * A table in memory: an entry for each of the next 10 bits, symbol × 256 + code length, 0 if the code is longer; for AC
 * tables, an entry with the coefficient where its bits are among the 10: value × 65536 + zeros before it × 256 + length;
 * for each length, the first 16 bits beyond its codes and the index of its symbols; the symbols.
 */
const AC_AT: usize = LOOKUP_BYTES;
const LIMITS_AT: usize = 2 * LOOKUP_BYTES;
const OFFSETS_AT: usize = LIMITS_AT + 4 * 18;
const SYMBOLS_AT: usize = OFFSETS_AT + 4 * 18;

export function huffmanTableBytes(): i32 {
  return <i32>SYMBOLS_AT + 256;
}

/** An end-of-block code, as a run of zeros past the block. */
export const END_OF_BLOCK_RUN: i32 = 128;

/** Returns the entry with the coefficient whose code and bits begin the 10 bits of `lookup`; 0 if there are more. */
function coefficientEntry(lookup: i32, length: i32, symbol: i32): i32 {
  const run = symbol >> 4;
  const size = symbol & 15;
  if (size === 0) {
    if (run === 15) return (16 << 8) | length;
    // Shorter runs are end-of-band codes of progressive scans; their bits are read elsewhere.
    return run === 0 ? (END_OF_BLOCK_RUN << 8) | length : 0;
  }
  if (length + size > LOOKUP_BITS) return 0;
  let value = (lookup >> (LOOKUP_BITS - length - size)) & ((1 << size) - 1);
  if (value < 1 << (size - 1)) value -= (1 << size) - 1;
  return (value << 16) | (run << 8) | (length + size);
}

function fillEntries(table: usize, code: i32, length: i32, symbol: i32): void {
  if (length > LOOKUP_BITS) return;
  const first = code << (LOOKUP_BITS - length);
  const end = first + (1 << (LOOKUP_BITS - length));
  for (let lookup = first; lookup < end; lookup++) {
    store<i32>(table + ((<usize>lookup) << 2), (symbol << 8) | length);
    store<i32>(table + ((<usize>lookup) << 2), coefficientEntry(lookup, length, symbol), AC_AT);
  }
}

/** Builds a table from the content of a DHT segment after its class: 16 counts and the symbols. 0 if it is invalid. */
export function buildTable(table: usize, counts: usize, symbolCount: i32): i32 {
  memory.fill(table, 0, SYMBOLS_AT + 256);
  const symbols = counts + 16;
  memory.copy(table + SYMBOLS_AT, symbols, symbolCount);
  let code: i32 = 0;
  let index: i32 = 0;
  for (let length: i32 = 1; length <= 16; length++) {
    store<i32>(table + ((<usize>length) << 2), index - code, OFFSETS_AT);
    for (let left: i32 = load<u8>(counts + length - 1); left > 0; left--) {
      if (code >= 1 << length || index >= symbolCount) return 0;
      fillEntries(table, code, length, load<u8>(symbols + index));
      code++;
      index++;
    }
    store<i32>(table + ((<usize>length) << 2), code << (16 - length), LIMITS_AT);
    code <<= 1;
  }
  return 1;
}

/** Returns symbol × 256 + length of the code that begins `bits`. An unknown code marks the input as damaged. */
export function longCode(table: usize, bits: u64): i32 {
  const next = <i32>(bits >> 48);
  let length = LOOKUP_BITS + 1;
  while (length <= 16 && next >= load<i32>(table + ((<usize>length) << 2), LIMITS_AT)) length++;
  if (length > 16) {
    input.isDamaged = 1;
    return 16;
  }
  const index = (next >> (16 - length)) + load<i32>(table + ((<usize>length) << 2), OFFSETS_AT);
  return ((<i32>load<u8>(table + (index & 255), SYMBOLS_AT)) << 8) | length;
}

export function codeEntry(table: usize, bits: u64): i32 {
  const entry = load<i32>(table + ((<usize>(bits >> (64 - LOOKUP_BITS))) << 2));
  return entry !== 0 ? entry : longCode(table, bits);
}

export function coefficientAt(table: usize, bits: u64): i32 {
  return load<i32>(table + ((<usize>(bits >> (64 - LOOKUP_BITS))) << 2), AC_AT);
}

export function readSymbol(table: usize): i32 {
  if (input.count < 16) refill();
  const entry = codeEntry(table, input.bits);
  skipBits(entry & 255);
  return entry >> 8;
}
