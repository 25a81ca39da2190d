/** Variable length codes of coefficients; ITU-T H.264 Tables 9-5 to 9-10. */

/** Length and value of coeff_token for 0 ≤ nC < 2, 2 ≤ nC < 4, 4 ≤ nC < 8: four numbers of trailing ones per total. */
// prettier-ignore
const TOKEN_LENGTHS: usize = memory.data<u8>([
  1, 0, 0, 0, 6, 2, 0, 0, 8, 6, 3, 0, 9, 8, 7, 5, 10, 9, 8, 6, 11, 10, 9, 7, 13, 11, 10, 8, 13, 13, 11, 9, 13, 13, 13,
  10, 14, 14, 13, 11, 14, 14, 14, 13, 15, 15, 14, 14, 15, 15, 15, 14, 16, 15, 15, 15, 16, 16, 16, 15, 16, 16, 16, 16,
  16, 16, 16, 16,
  2, 0, 0, 0, 6, 2, 0, 0, 6, 5, 3, 0, 7, 6, 6, 4, 8, 6, 6, 4, 8, 7, 7, 5, 9, 8, 8, 6, 11, 9, 9, 6, 11, 11, 11, 7, 12,
  11, 11, 9, 12, 12, 12, 11, 12, 12, 12, 11, 13, 13, 13, 12, 13, 13, 13, 13, 13, 14, 13, 13, 14, 14, 14, 13, 14, 14, 14,
  14,
  4, 0, 0, 0, 6, 4, 0, 0, 6, 5, 4, 0, 6, 5, 5, 4, 7, 5, 5, 4, 7, 5, 5, 4, 7, 6, 6, 4, 7, 6, 6, 4, 8, 7, 7, 5, 8, 8, 7,
  6, 9, 8, 8, 7, 9, 9, 8, 8, 9, 9, 9, 8, 10, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
]);
// prettier-ignore
const TOKEN_CODES: usize = memory.data<u8>([
  1, 0, 0, 0, 5, 1, 0, 0, 7, 4, 1, 0, 7, 6, 5, 3, 7, 6, 5, 3, 7, 6, 5, 4, 15, 6, 5, 4, 11, 14, 5, 4, 8, 10, 13, 4, 15,
  14, 9, 4, 11, 10, 13, 12, 15, 14, 9, 12, 11, 10, 13, 8, 15, 1, 9, 12, 11, 14, 13, 8, 7, 10, 9, 12, 4, 6, 5, 8,
  3, 0, 0, 0, 11, 2, 0, 0, 7, 7, 3, 0, 7, 10, 9, 5, 7, 6, 5, 4, 4, 6, 5, 6, 7, 6, 5, 8, 15, 6, 5, 4, 11, 14, 13, 4, 15,
  10, 9, 4, 11, 14, 13, 12, 8, 10, 9, 8, 15, 14, 13, 12, 11, 10, 9, 12, 7, 11, 6, 8, 9, 8, 10, 1, 7, 6, 5, 4,
  15, 0, 0, 0, 15, 14, 0, 0, 11, 15, 13, 0, 8, 12, 14, 12, 15, 10, 11, 11, 11, 8, 9, 10, 9, 14, 13, 9, 8, 10, 9, 8, 15,
  14, 13, 13, 11, 14, 10, 12, 15, 10, 13, 12, 11, 14, 9, 12, 8, 10, 13, 8, 13, 7, 9, 12, 9, 12, 11, 10, 5, 8, 7, 6, 1, 4,
  3, 2,
]);
/** coeff_token for nC = -1, chroma DC of 4:2:0. */
const DC_TOKEN_LENGTHS: usize = memory.data<u8>([2, 0, 0, 0, 6, 1, 0, 0, 6, 6, 3, 0, 6, 7, 7, 6, 6, 8, 8, 7]);
const DC_TOKEN_CODES: usize = memory.data<u8>([1, 0, 0, 0, 7, 1, 0, 0, 4, 6, 1, 0, 3, 3, 2, 5, 2, 3, 2, 0]);

/** total_zeros for 1 to 15 coefficients: 16 - i codes each; Tables 9-7 and 9-8. */
// prettier-ignore
const ZEROS_LENGTHS: usize = memory.data<u8>([
  1, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 9,
  3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 6, 6,
  4, 3, 3, 3, 4, 4, 3, 3, 4, 5, 5, 6, 5, 6,
  5, 3, 4, 4, 3, 3, 3, 4, 3, 4, 5, 5, 5,
  4, 4, 4, 3, 3, 3, 3, 3, 4, 5, 4, 5,
  6, 5, 3, 3, 3, 3, 3, 3, 4, 3, 6,
  6, 5, 3, 3, 3, 2, 3, 4, 3, 6,
  6, 4, 5, 3, 2, 2, 3, 3, 6,
  6, 6, 4, 2, 2, 3, 2, 5,
  5, 5, 3, 2, 2, 2, 4,
  4, 4, 3, 3, 1, 3,
  4, 4, 2, 1, 3,
  3, 3, 1, 2,
  2, 2, 1,
  1, 1,
]);
// prettier-ignore
const ZEROS_CODES: usize = memory.data<u8>([
  1, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 1,
  7, 6, 5, 4, 3, 5, 4, 3, 2, 3, 2, 3, 2, 1, 0,
  5, 7, 6, 5, 4, 3, 4, 3, 2, 3, 2, 1, 1, 0,
  3, 7, 5, 4, 6, 5, 4, 3, 3, 2, 2, 1, 0,
  5, 4, 3, 7, 6, 5, 4, 3, 2, 1, 1, 0,
  1, 1, 7, 6, 5, 4, 3, 2, 1, 1, 0,
  1, 1, 5, 4, 3, 3, 2, 1, 1, 0,
  1, 1, 1, 3, 3, 2, 2, 1, 0,
  1, 0, 1, 3, 2, 1, 1, 1,
  1, 0, 1, 3, 2, 1, 1,
  0, 1, 1, 2, 1, 3,
  0, 1, 1, 1, 1,
  0, 1, 1, 1,
  0, 1, 1,
  0, 1,
]);
/** total_zeros of chroma DC for 1 to 3 coefficients: 5 - i codes each; Table 9-9 (a). */
const DC_ZEROS_LENGTHS: usize = memory.data<u8>([1, 2, 3, 3, 1, 2, 2, 1, 1]);
const DC_ZEROS_CODES: usize = memory.data<u8>([1, 1, 1, 0, 1, 1, 0, 1, 0]);

/** run_before for 1 to 6 zeros left: i + 1 codes each; Table 9-10. */
// prettier-ignore
const RUN_LENGTHS: usize = memory.data<u8>([
  1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 2, 2, 3, 3, 3, 3, 2, 3, 3, 3, 3, 3, 3,
]);
// prettier-ignore
const RUN_CODES: usize = memory.data<u8>([
  1, 0, 1, 1, 0, 3, 2, 1, 0, 3, 2, 1, 1, 0, 3, 2, 3, 2, 1, 0, 3, 0, 1, 3, 2, 5, 4,
]);

/**
 * coeff_token by leading zeros (at most 15) and the three bits behind the first one: length, 5 bits of the total, 2 bits
 * of trailing ones. The fourth table is that of chroma DC. A length of 0 is an invalid code.
 */
const tokens: usize = memory.data(4 * 128 * 2, 16);

/** Values by the next 9 bits, or 3 bits in the other tables: length × 16 + value. */
const zeros: usize = memory.data(15 * 512, 16);
const dcZeros: usize = memory.data(3 * 8);
const runs: usize = memory.data(6 * 8);

const ZEROS_BITS: i32 = 9;
const SHORT_BITS: i32 = 3;

function fillToken(table: usize, length: i32, code: i32, total: i32, ones: i32): void {
  const codeBits = 32 - <i32>clz<i32>(code);
  const leadingZeros = length - codeBits;
  // Bits of the code behind its first one.
  const known = max(0, codeBits - 1);
  const rest = code === 0 ? 0 : code - (1 << known);
  const free = 3 - known;
  for (let i: i32 = 0; i < 1 << free; i++) {
    const index: usize = (leadingZeros << 3) | (rest << free) | i;
    store<u16>(table + (index << 1), <u16>((length << 8) | (total << 2) | ones));
  }
}

function fillTokens(table: usize, lengths: usize, codes: usize, largest: i32): void {
  for (let total: i32 = 0; total <= largest; total++)
    for (let ones: i32 = 0; ones <= min(3, total); ones++) {
      const at: usize = total * 4 + ones;
      fillToken(table, load<u8>(lengths + at), load<u8>(codes + at), total, ones);
    }
}

function fillCodes(table: usize, tableBits: i32, lengths: usize, codes: usize, count: i32): void {
  for (let value: i32 = 0; value < count; value++) {
    const length: i32 = load<u8>(lengths + value);
    const free = tableBits - length;
    const first: i32 = (<i32>load<u8>(codes + value)) << free;
    memory.fill(table + first, <u8>((length << 4) | value), 1 << free);
  }
}

export function buildCodes(): void {
  for (let i: usize = 0; i < 3; i++) fillTokens(tokens + i * 256, TOKEN_LENGTHS + i * 68, TOKEN_CODES + i * 68, 16);
  fillTokens(tokens + 3 * 256, DC_TOKEN_LENGTHS, DC_TOKEN_CODES, 4);
  let at: usize = 0;
  for (let i: i32 = 1; i <= 15; at += 17 - i, i++)
    fillCodes(zeros + <usize>((i - 1) << ZEROS_BITS), ZEROS_BITS, ZEROS_LENGTHS + at, ZEROS_CODES + at, 17 - i);
  at = 0;
  for (let i: i32 = 1; i <= 3; at += 5 - i, i++)
    fillCodes(dcZeros + <usize>((i - 1) << 3), SHORT_BITS, DC_ZEROS_LENGTHS + at, DC_ZEROS_CODES + at, 5 - i);
  at = 0;
  for (let i: i32 = 1; i <= 6; i++) {
    fillCodes(runs + <usize>((i - 1) << 3), SHORT_BITS, RUN_LENGTHS + at, RUN_CODES + at, i + 1);
    at += i + 1;
  }
}

/** The entry of coeff_token for the next bits. `table` is 3 for chroma DC. */
export function tokenOf(table: i32, word: u32): i32 {
  // The longest code of chroma DC is seven zeros, which more may follow.
  const leadingZeros = min(table === 3 ? 7 : 15, <i32>clz<u32>(word));
  const rest = <i32>((word << leadingZeros) >>> 28) & 7;
  return load<u16>(tokens + ((<usize>table) << 8) + ((<usize>((leadingZeros << 3) | rest)) << 1));
}

/** The entry of total_zeros for a number of coefficients below 16, or below 4 of chroma DC. */
export function zerosOf(count: i32, isDc: bool, word: u32): i32 {
  if (isDc) return load<u8>(dcZeros + <usize>((count - 1) << 3) + (word >>> (32 - SHORT_BITS)));
  return load<u8>(zeros + <usize>((count - 1) << ZEROS_BITS) + (word >>> (32 - ZEROS_BITS)));
}

/** The entry of run_before for 1 to 6 zeros left. */
export function runOf(zerosLeft: i32, word: u32): i32 {
  return load<u8>(runs + <usize>((zerosLeft - 1) << 3) + (word >>> (32 - SHORT_BITS)));
}
