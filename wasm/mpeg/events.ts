/**
 * Variable length codes of coefficients; ISO/IEC 13818-2 Tables B-14 and B-15, ISO/IEC 14496-2 Tables B-16 and B-17. The
 * latter is that of ITU-T H.263. Each event is a length, a run and a level, in the order of the codes, of which each
 * follows from the one before. Runs of last coefficients have bit 7 set.
 */
import { peekBits, skipBits } from "./bits";

/** In place of a run. */
export const END_OF_BLOCK: i32 = 64;
const ESCAPE_1_2: i32 = 65;
const UNUSED: i32 = 66;
const ESCAPE_4: i32 = 64;
const LAST: i32 = 128;

/** Bits of the longest codes of the tables with and without an end-of-block code. */
const LONG_BITS: i32 = 16;
const SHORT_BITS: i32 = 12;

/** Table B-14. */
// prettier-ignore
const ZERO: usize = memory.data<u8>([
  16, 1, 18, 16, 1, 17, 16, 1, 16, 16, 1, 15, 16, 6, 3, 16, 16, 2, 16, 15, 2, 16, 14, 2, 16, 13, 2, 16, 12, 2, 16, 11,
  2, 16, 31, 1, 16, 30, 1, 16, 29, 1, 16, 28, 1, 16, 27, 1, 15, 0, 40, 15, 0, 39, 15, 0, 38, 15, 0, 37, 15, 0, 36, 15,
  0, 35, 15, 0, 34, 15, 0, 33, 15, 0, 32, 15, 1, 14, 15, 1, 13, 15, 1, 12, 15, 1, 11, 15, 1, 10, 15, 1, 9, 15, 1, 8,
  14, 0, 31, 14, 0, 30, 14, 0, 29, 14, 0, 28, 14, 0, 27, 14, 0, 26, 14, 0, 25, 14, 0, 24, 14, 0, 23, 14, 0, 22, 14, 0,
  21, 14, 0, 20, 14, 0, 19, 14, 0, 18, 14, 0, 17, 14, 0, 16, 13, 10, 2, 13, 9, 2, 13, 5, 3, 13, 3, 4, 13, 2, 5, 13, 1,
  7, 13, 1, 6, 13, 0, 15, 13, 0, 14, 13, 0, 13, 13, 0, 12, 13, 26, 1, 13, 25, 1, 13, 24, 1, 13, 23, 1, 13, 22, 1, 12,
  0, 11, 12, 8, 2, 12, 4, 3, 12, 0, 10, 12, 2, 4, 12, 7, 2, 12, 21, 1, 12, 20, 1, 12, 0, 9, 12, 19, 1, 12, 18, 1, 12,
  1, 5, 12, 3, 3, 12, 0, 8, 12, 6, 2, 12, 17, 1, 10, 16, 1, 10, 5, 2, 10, 0, 7, 10, 2, 3, 10, 1, 4, 10, 15, 1, 10, 14,
  1, 10, 4, 2, 6, 65, 0, 7, 2, 2, 7, 9, 1, 7, 0, 4, 7, 8, 1, 6, 7, 1, 6, 6, 1, 6, 1, 2, 6, 5, 1, 8, 13, 1, 8, 0, 6, 8,
  12, 1, 8, 11, 1, 8, 3, 2, 8, 1, 3, 8, 0, 5, 8, 10, 1, 5, 0, 3, 5, 4, 1, 5, 3, 1, 4, 0, 2, 4, 2, 1, 3, 1, 1, 2, 64,
  0, 2, 0, 1,
]);

/** Table B-15, whose codes leave some out. */
// prettier-ignore
const ONE: usize = memory.data<u8>([
  16, 1, 18, 16, 1, 17, 16, 1, 16, 16, 1, 15, 16, 6, 3, 16, 16, 2, 16, 15, 2, 16, 14, 2, 16, 13, 2, 16, 12, 2, 16, 11,
  2, 16, 31, 1, 16, 30, 1, 16, 29, 1, 16, 28, 1, 16, 27, 1, 15, 0, 40, 15, 0, 39, 15, 0, 38, 15, 0, 37, 15, 0, 36, 15,
  0, 35, 15, 0, 34, 15, 0, 33, 15, 0, 32, 15, 1, 14, 15, 1, 13, 15, 1, 12, 15, 1, 11, 15, 1, 10, 15, 1, 9, 15, 1, 8,
  14, 0, 31, 14, 0, 30, 14, 0, 29, 14, 0, 28, 14, 0, 27, 14, 0, 26, 14, 0, 25, 14, 0, 24, 14, 0, 23, 14, 0, 22, 14, 0,
  21, 14, 0, 20, 14, 0, 19, 14, 0, 18, 14, 0, 17, 14, 0, 16, 13, 10, 2, 13, 9, 2, 13, 5, 3, 13, 3, 4, 13, 2, 5, 13, 1,
  7, 13, 1, 6, 13, 66, 0, 13, 66, 0, 13, 66, 0, 13, 66, 0, 13, 26, 1, 13, 25, 1, 13, 24, 1, 13, 23, 1, 13, 22, 1, 12,
  66, 0, 12, 8, 2, 12, 4, 3, 12, 66, 0, 12, 66, 0, 12, 7, 2, 12, 21, 1, 12, 20, 1, 12, 66, 0, 12, 19, 1, 12, 18, 1,
  12, 66, 0, 12, 3, 3, 12, 66, 0, 12, 6, 2, 12, 17, 1, 9, 5, 2, 9, 14, 1, 10, 2, 4, 10, 16, 1, 9, 15, 1, 6, 65, 0, 7,
  7, 1, 7, 8, 1, 7, 6, 1, 7, 2, 2, 6, 0, 7, 6, 0, 6, 6, 4, 1, 6, 5, 1, 8, 1, 5, 8, 11, 1, 8, 0, 11, 8, 0, 10, 8, 13,
  1, 8, 12, 1, 8, 3, 2, 8, 1, 4, 5, 2, 1, 5, 1, 2, 5, 3, 1, 3, 1, 1, 4, 64, 0, 4, 0, 3, 2, 0, 1, 3, 0, 2, 5, 0, 4, 5,
  0, 5, 7, 9, 1, 7, 1, 3, 7, 10, 1, 7, 0, 8, 7, 0, 9, 8, 0, 12, 8, 0, 13, 8, 2, 3, 8, 4, 2, 8, 0, 14, 8, 0, 15,
]);

/** Table B-16. */
// prettier-ignore
const INTRA: usize = memory.data<u8>([
  11, 128, 7, 11, 128, 6, 11, 0, 22, 11, 0, 21, 10, 130, 2, 10, 129, 3, 10, 128, 5, 10, 13, 1, 10, 5, 3, 10, 8, 2, 10,
  4, 3, 10, 3, 4, 10, 2, 4, 10, 1, 7, 10, 0, 20, 10, 0, 19, 11, 0, 23, 11, 0, 24, 11, 1, 8, 11, 9, 2, 11, 131, 2, 11,
  132, 2, 11, 143, 1, 11, 144, 1, 12, 0, 25, 12, 0, 26, 12, 0, 27, 12, 1, 9, 12, 6, 3, 12, 1, 10, 12, 2, 5, 12, 7, 3,
  12, 14, 1, 12, 128, 8, 12, 133, 2, 12, 134, 2, 12, 145, 1, 12, 146, 1, 12, 147, 1, 12, 148, 1, 7, 64, 0, 10, 0, 18,
  10, 0, 17, 9, 142, 1, 9, 141, 1, 9, 140, 1, 9, 139, 1, 9, 138, 1, 9, 129, 2, 9, 128, 4, 9, 12, 1, 9, 11, 1, 9, 7, 2,
  9, 6, 2, 9, 5, 2, 9, 3, 3, 9, 2, 3, 9, 1, 6, 9, 1, 5, 9, 0, 16, 9, 4, 2, 9, 0, 15, 9, 0, 14, 9, 0, 13, 8, 136, 1, 8,
  135, 1, 8, 134, 1, 8, 128, 3, 8, 10, 1, 8, 9, 1, 8, 8, 1, 8, 137, 1, 8, 3, 2, 8, 1, 4, 8, 0, 12, 8, 0, 11, 8, 0, 10,
  7, 132, 1, 7, 131, 1, 7, 6, 1, 7, 133, 1, 7, 7, 1, 7, 2, 2, 7, 1, 3, 7, 0, 9, 6, 128, 2, 6, 5, 1, 6, 130, 1, 6, 129,
  1, 6, 4, 1, 6, 3, 1, 6, 0, 8, 6, 0, 7, 6, 1, 2, 6, 0, 6, 5, 2, 1, 5, 0, 5, 5, 0, 4, 4, 128, 1, 2, 0, 1, 3, 0, 2, 4,
  1, 1, 4, 0, 3,
]);

/** Table B-17. */
// prettier-ignore
const INTER: usize = memory.data<u8>([
  11, 129, 2, 11, 128, 3, 11, 0, 11, 11, 0, 10, 10, 156, 1, 10, 155, 1, 10, 154, 1, 10, 153, 1, 10, 9, 2, 10, 8, 2,
  10, 7, 2, 10, 6, 2, 10, 5, 2, 10, 3, 3, 10, 2, 3, 10, 1, 4, 11, 0, 12, 11, 1, 5, 11, 23, 1, 11, 24, 1, 11, 157, 1,
  11, 158, 1, 11, 159, 1, 11, 160, 1, 12, 1, 6, 12, 2, 4, 12, 4, 3, 12, 5, 3, 12, 6, 3, 12, 10, 2, 12, 25, 1, 12, 26,
  1, 12, 161, 1, 12, 162, 1, 12, 163, 1, 12, 164, 1, 12, 165, 1, 12, 166, 1, 12, 167, 1, 12, 168, 1, 7, 64, 0, 10, 0,
  9, 10, 0, 8, 9, 152, 1, 9, 151, 1, 9, 150, 1, 9, 149, 1, 9, 148, 1, 9, 147, 1, 9, 146, 1, 9, 145, 1, 9, 128, 2, 9,
  22, 1, 9, 21, 1, 9, 20, 1, 9, 19, 1, 9, 18, 1, 9, 17, 1, 9, 16, 1, 9, 15, 1, 9, 4, 2, 9, 3, 2, 9, 0, 7, 9, 0, 6, 8,
  144, 1, 8, 143, 1, 8, 142, 1, 8, 141, 1, 8, 140, 1, 8, 139, 1, 8, 138, 1, 8, 137, 1, 8, 14, 1, 8, 13, 1, 8, 2, 2, 8,
  1, 3, 8, 0, 5, 7, 136, 1, 7, 135, 1, 7, 134, 1, 7, 133, 1, 7, 12, 1, 7, 11, 1, 7, 10, 1, 7, 0, 4, 6, 132, 1, 6, 131,
  1, 6, 130, 1, 6, 129, 1, 6, 9, 1, 6, 8, 1, 6, 7, 1, 6, 6, 1, 6, 1, 2, 6, 0, 3, 5, 5, 1, 5, 4, 1, 5, 3, 1, 4, 128, 1,
  2, 0, 1, 3, 1, 1, 4, 2, 1, 4, 0, 2,
]);

/** Events by the next 16 or 12 bits: the index of the event and 1, or 0. */
const zeroIndex: usize = memory.data(131072, 16);
const oneIndex: usize = memory.data(131072, 16);
const intraIndex: usize = memory.data(8192, 16);
const interIndex: usize = memory.data(8192, 16);

/** `first` is the first code, shifted to `bits` bits. */
function buildIndex(events: usize, index: usize, bits: i32, first: i32): void {
  let event: i32 = 1;
  let from = events;
  for (let code = first; code < 1 << bits; event++, from += 3) {
    const end = code + (1 << (bits - load<u8>(from)));
    const value = <u16>(load<u8>(from, 1) === UNUSED ? 0 : event);
    for (; code < end; code++) store<u16>(index + ((<usize>code) << 1), value);
  }
}

/** Greatest level by last and run, and greatest run by last and level, of 128 bytes each: tables B-16 and B-17. */
const greatest: usize = memory.data(512);

function noteGreatest(events: usize, count: i32, table: usize): void {
  for (let i: i32 = 0; i < count; i++) {
    const from = events + <usize>(i * 3);
    const run = load<u8>(from, 1);
    const level = load<u8>(from, 2);
    if (level === 0) continue;
    const levels = table + (run & LAST ? 64 : 0) + (run & 63);
    store<u8>(levels, max(load<u8>(levels), level));
    const runs = table + 128 + (run & LAST ? 64 : 0) + level;
    store<u8>(runs, max(load<u8>(runs), run & 63));
  }
}

const SHORT_EVENTS: i32 = 103;

export function buildCodes(): void {
  buildIndex(ZERO, zeroIndex, LONG_BITS, 16);
  buildIndex(ONE, oneIndex, LONG_BITS, 16);
  buildIndex(INTRA, intraIndex, SHORT_BITS, 8);
  buildIndex(INTER, interIndex, SHORT_BITS, 8);
  noteGreatest(INTRA, SHORT_EVENTS, greatest);
}

/** The event that was read. */
@unmanaged
class Event {
  run: i32;
  level: i32;
  isLast: bool;
  isEscape: bool;
  isEnd: bool;
}

export const event = changetype<Event>(memory.data(offsetof<Event>(), 16));

/** Reads a code without the sign; false if there is none. */
function readEvent(events: usize, index: usize, bits: i32): bool {
  const number = load<u16>(index + ((<usize>(peekBits() >>> (32 - bits))) << 1));
  if (number === 0) return false;
  const from = events + <usize>((<i32>number - 1) * 3);
  skipBits(load<u8>(from));
  const run = <i32>load<u8>(from, 1);
  event.level = load<u8>(from, 2);
  event.isLast = (run & LAST) !== 0;
  event.run = run & 127;
  return true;
}

/** Reads a code of table B-14 or B-15. */
export function readLongEvent(isTableOne: bool): bool {
  const isCode = isTableOne ? readEvent(ONE, oneIndex, LONG_BITS) : readEvent(ZERO, zeroIndex, LONG_BITS);
  event.isEnd = event.run === END_OF_BLOCK;
  event.isEscape = event.run === ESCAPE_1_2;
  return isCode;
}

/** Reads a code of table B-16 or B-17. */
export function readShortEvent(isIntra: bool): bool {
  const isCode = isIntra ? readEvent(INTRA, intraIndex, SHORT_BITS) : readEvent(INTER, interIndex, SHORT_BITS);
  event.isEscape = event.run === ESCAPE_4;
  return isCode;
}

/** LMAX of ISO/IEC 14496-2 Table B-19, of the event that was read. */
export function greatestLevel(): i32 {
  return load<u8>(greatest + (event.isLast ? 64 : 0) + <usize>(event.run & 63));
}

/** RMAX of ISO/IEC 14496-2 Table B-21. */
export function greatestRun(): i32 {
  return load<u8>(greatest + 128 + (event.isLast ? 64 : 0) + <usize>(event.level & 63));
}
