/** Reads the codes of macroblocks and events of MPEG-4 part 2 and H.263; ISO/IEC 14496-2 annex B. */
import { isPastEnd, peekBits, readBits, readSignedBits, skipBits } from "./bits";
import { event, greatestLevel, greatestRun, readShortEvent } from "./events";
import { vop } from "./mpeg4State";
import { damage } from "./picture";

/** mcbpc without the stuffing: cbpc, and 4 if dquant follows; Table B-6. */
export function readMcbpc(): i32 {
  for (;;) {
    const word = <i32>(peekBits() >>> 23);
    if (word === 1) {
      skipBits(9);
      if (isPastEnd()) return damage();
      continue;
    }
    if (word >= 256) {
      skipBits(1);
      return 0;
    }
    if (word >= 64) {
      skipBits(3);
      return word >> 6;
    }
    if (word >= 32) {
      skipBits(4);
      return 4;
    }
    if (word < 8) return damage();
    skipBits(6);
    return 4 + (word >> 3);
  }
}

/** Lengths and codes of cbpy; Table B-8. */
const CBPY_LENGTHS: usize = memory.data<u8>([4, 5, 5, 4, 5, 4, 6, 4, 5, 6, 4, 4, 4, 4, 4, 2]);
const CBPY_CODES: usize = memory.data<u8>([3, 5, 4, 9, 3, 7, 2, 11, 2, 3, 5, 10, 4, 8, 6, 3]);

export function readCbpy(): i32 {
  const word = peekBits();
  for (let i: usize = 0; i < 16; i++) {
    const length: u32 = load<u8>(CBPY_LENGTHS + i);
    if (word >>> (32 - length) !== <u32>load<u8>(CBPY_CODES + i)) continue;
    skipBits(length);
    return <i32>i;
  }
  return damage();
}

/** dct_dc_size; Tables B-13 and B-14. */
function readDcSize(isChroma: bool): i32 {
  const zeros = <i32>clz<u32>(peekBits());
  if (isChroma) {
    if (zeros < 2) return 3 - readBits(2);
    skipBits(zeros + 1);
    return zeros > 11 ? damage() : zeros + 1;
  }
  if (zeros === 0) return 4 - readBits(2);
  if (zeros === 1) return readBits(3) === 3 ? 0 : 3;
  skipBits(zeros + 1);
  return zeros > 10 ? damage() : zeros + 2;
}

/** dct_dc_differential; §6.2.8. */
export function readDcDifference(isChroma: bool): i32 {
  const size = readDcSize(isChroma);
  if (size === 0) return 0;
  const value = readBits(size);
  if (size > 8) skipBits(1);
  return value >> (size - 1) ? value : value + 1 - (1 << size);
}

function setEvent(isLast: i32, run: i32, level: i32): void {
  event.isLast = isLast !== 0;
  event.run = run;
  event.level = level;
}

/** Reads an event behind an escape of MPEG-4; §7.4.1.3. */
function readEscape(): bool {
  const addsLevel = readBits(1) === 0;
  const addsRun = !addsLevel && readBits(1) === 0;
  if (!addsLevel && !addsRun) {
    setEvent(readBits(1), readBits(6), 0);
    skipBits(1);
    event.level = readSignedBits(12);
    skipBits(1);
    return true;
  }
  if (!readShortEvent(true) || event.isEscape) return false;
  if (addsLevel) event.level += greatestLevel();
  else event.run += greatestRun() + 1;
  if (readBits(1)) event.level = -event.level;
  return true;
}

/** Reads an event with its sign; false for damaged data. */
export function readSignedEvent(): bool {
  if (!readShortEvent(vop.isH263 === 0)) return false;
  if (!event.isEscape) {
    if (readBits(1)) event.level = -event.level;
    return true;
  }
  if (vop.isH263 === 0) return readEscape();
  setEvent(readBits(1), readBits(6), 0);
  event.level = readSignedBits(8);
  return true;
}
