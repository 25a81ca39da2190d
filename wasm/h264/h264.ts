/**
 * Decodes the slices of a key frame: ITU-T H.264, I slices of 8 bit frames in 4:2:0 or without chroma. The caller reads
 * parameter sets and slice headers, and lays out the memory; see src/media/transcode/h264/.
 */
import { bits, hasMoreData, openBits } from "./bits";
import { buildTransitions, decodeTerminate, initializeContexts, isPastEnd, startEngine } from "./cabac/engine";
import { buildCodes } from "./cavlc/tables";
import { deblockRow } from "./deblock";
import { buildUnitScales, levelScales } from "./dequantizer";
import { decodeMacroblock } from "./macroblock";
import { buildScans } from "./scans";
import { current, enterMacroblock, picture, pictureBytes, planeAt, slice, startPicture } from "./state";

export { deblockRow, pictureBytes, planeAt, startPicture };

/** Results of `decodeMacroblocks`. */
const MORE: i32 = 0;
const DONE: i32 = 1;
const DAMAGED: i32 = 2;

buildTransitions();
buildCodes();
buildScans();
buildUnitScales();

/** First free address, aligned to 16 bytes. */
export function heapStart(): i32 {
  return <i32>((__heap_base + 15) & ~15);
}

/** Address of the fields of `Slice`, 32 bits each. */
export function sliceAt(): i32 {
  return <i32>changetype<usize>(slice);
}

/** Address of the scaling factors; see dequantizer.ts. */
export function levelScalesAt(): i32 {
  return <i32>levelScales;
}

export function decodedMacroblocks(): i32 {
  return picture.decodedMacroblocks;
}

/**
 * Starts the slice of the NAL unit between two addresses, which eight bytes of free memory follow. `headerBits` is the
 * size of its headers without emulation prevention bytes. The fields of `Slice` are set.
 */
export function startSlice(start: usize, end: usize, headerBits: i32): void {
  openBits(start, end, headerBits);
  current.address = slice.firstMacroblock - 1;
  current.qp = slice.qp;
  current.qpDelta = 0;
  current.isDamaged = false;
  if (slice.isCabac === 0) return;
  initializeContexts(slice.qp);
  startEngine();
}

/** Whether the slice ends behind the macroblock; H.264 §7.3.4. */
function endsSlice(): bool {
  return slice.isCabac !== 0 ? decodeTerminate() : !hasMoreData();
}

function isBeyondData(): bool {
  return slice.isCabac !== 0 ? isPastEnd() : bits.position > bits.stop;
}

/** Decodes up to `count` macroblocks of the slice. */
export function decodeMacroblocks(count: i32): i32 {
  for (let i: i32 = 0; i < count; i++) {
    if (!enterMacroblock(current.address + 1)) return DAMAGED;
    decodeMacroblock();
    if (current.isDamaged) return DAMAGED;
    const isLast = endsSlice();
    if (isBeyondData()) return DAMAGED;
    if (isLast) return DONE;
  }
  return MORE;
}
