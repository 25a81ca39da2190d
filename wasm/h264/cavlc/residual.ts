/** Parses blocks of coefficients with variable length codes; ITU-T H.264 §7.3.5.3.2 and §9.2. */
import { peekBits, readBits, skipBits } from "../bits";
import { runOf, tokenOf, zerosOf } from "./tables";
import { storeLevel } from "../dequantizer";
import { current } from "../state";

/** nC of the DC coefficients of chroma. */
export const CHROMA_DC_CONTEXT: i32 = -1;

/** level_prefix of damaged data: longer ones need more than 8 bit video has. */
const MAX_LEVEL_PREFIX: i32 = 25;

const levels: usize = memory.data(16 * 4, 16);

function damage(): i32 {
  current.isDamaged = true;
  return 0;
}

/** Reads coeff_token: total × 4 + trailing ones; H.264 §9.2.1. */
function readToken(context: i32): i32 {
  if (context >= 8) {
    const code = readBits(6);
    return code === 3 ? 0 : code + 4;
  }
  const table = context < 0 ? 3 : context < 2 ? 0 : context < 4 ? 1 : 2;
  const token = tokenOf(table, peekBits());
  if (token === 0) return damage();
  skipBits(token >> 8);
  return token & 255;
}

/** Reads levelCode of H.264 §9.2.2.1. */
function readLevelCode(suffixLength: i32): i32 {
  const prefix = <i32>clz<u32>(peekBits());
  if (prefix > MAX_LEVEL_PREFIX) return damage();
  skipBits(prefix + 1);
  const isEscape = prefix >= 15;
  const suffixSize = isEscape ? prefix - 3 : prefix === 14 && suffixLength === 0 ? 4 : suffixLength;
  let code = min(15, prefix) << suffixLength;
  if (suffixSize > 0) code += readBits(suffixSize);
  if (isEscape && suffixLength === 0) code += 15;
  if (prefix >= 16) code += (1 << (prefix - 3)) - 4096;
  return code;
}

/** Reads the levels from the highest frequency down. */
function readLevels(total: i32, ones: i32): void {
  let suffixLength: i32 = total > 10 && ones < 3 ? 1 : 0;
  for (let i: i32 = 0; i < ones; i++) store<i32>(levels + ((<usize>i) << 2), readBits(1) ? -1 : 1);
  for (let i = ones; i < total; i++) {
    let code = readLevelCode(suffixLength);
    if (i === ones && ones < 3) code += 2;
    const level = code & 1 ? (-code - 1) >> 1 : (code + 2) >> 1;
    store<i32>(levels + ((<usize>i) << 2), level);
    if (suffixLength === 0) suffixLength = 1;
    if (abs(level) > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength++;
  }
}

function readTotalZeros(total: i32, size: i32): i32 {
  if (total === size) return 0;
  const entry = zerosOf(total, size === 4, peekBits());
  if (entry === 0) return damage();
  skipBits(entry >> 4);
  const value = entry & 15;
  return total + value > size ? damage() : value;
}

/** run_before; H.264 §9.2.3. Codes for more than 6 zeros left have up to 11 bits. */
function readRun(zerosLeft: i32): i32 {
  const word = peekBits();
  if (zerosLeft <= 6) {
    const entry = runOf(zerosLeft, word);
    skipBits(entry >> 4);
    return entry & 15;
  }
  const three = <i32>(word >>> 29);
  if (three > 0) {
    skipBits(3);
    return 7 - three;
  }
  const leadingZeros = <i32>clz<u32>(word);
  skipBits(leadingZeros + 1);
  return leadingZeros + 4;
}

/**
 * Reads the coefficients of a block of at most `size`. `context` is nC of H.264 §9.2.1. Returns how many aren't zero.
 */
export function readCavlcBlock(context: i32, size: i32, scan: usize, block: usize): i32 {
  const token = readToken(context);
  const total = token >> 2;
  if (total === 0) return 0;
  const ones = token & 3;
  if (total > size || ones > total) return damage();
  readLevels(total, ones);
  let zerosLeft = readTotalZeros(total, size);
  let index = total + zerosLeft - 1;
  for (let i: i32 = 0; i < total; i++) {
    storeLevel(block, load<u8>(scan + index), load<i32>(levels + ((<usize>i) << 2)));
    if (zerosLeft > 0 && i + 1 < total) {
      const run = readRun(zerosLeft);
      if (run > zerosLeft) return damage();
      zerosLeft -= run;
      index -= run;
    }
    index--;
  }
  return total;
}
