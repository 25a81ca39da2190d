/** Converts rows of the components' pixels to RGBA; JFIF §7 (ITU-T T.871). */
import { component } from "./component";

/** 0.402, 0.344136, 0.714136 and 0.228 as fractions of 2 ** 15. */
const RED_OF_RED: i16 = 13173;
const GREEN_OF_BLUE: i16 = 11277;
const GREEN_OF_RED: i16 = 23401;
const BLUE_OF_BLUE: i16 = 7471;

/** Interleaves eight pixels of 16-bit channels with opaque alpha. */
function storeRgba(target: usize, red: v128, green: v128, blue: v128): void {
  const redGreen = i8x16.narrow_i16x8_u(red, green);
  const blueAlpha = i8x16.narrow_i16x8_u(blue, i16x8.splat(255));
  const pairs = i8x16.shuffle(redGreen, redGreen, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  const others = i8x16.shuffle(blueAlpha, blueAlpha, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
  v128.store(target, i8x16.shuffle(pairs, others, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23));
  v128.store(target, i8x16.shuffle(pairs, others, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31), 16);
}

function eight(index: i32, y: i32, x: usize): v128 {
  const plane = component(index);
  return v128.load8x8_u(plane.strip + <usize>(y * plane.stripStride) + x);
}

function convertYcc(y: i32, target: usize, width: i32): void {
  const half = i16x8.splat(128);
  for (let x: usize = 0; x < <usize>width; x += 8) {
    const luma = eight(0, y, x);
    const blue = i16x8.sub(eight(1, y, x), half);
    const red = i16x8.sub(eight(2, y, x), half);
    // Fractions are rounded once, with four more bits.
    const blue16 = i16x8.shl(blue, 4);
    const red16 = i16x8.shl(red, 4);
    const green16 = i16x8.add(
      i16x8.q15mulr_sat_s(blue16, i16x8.splat(GREEN_OF_BLUE)),
      i16x8.q15mulr_sat_s(red16, i16x8.splat(GREEN_OF_RED)),
    );
    const lessGreen = i16x8.shr_s(i16x8.add(green16, i16x8.splat(8)), 4);
    const moreRed = i16x8.add(red, i16x8.q15mulr_sat_s(red, i16x8.splat(RED_OF_RED)));
    const moreBlue = i16x8.sub(i16x8.add(blue, blue), i16x8.q15mulr_sat_s(blue, i16x8.splat(BLUE_OF_BLUE)));
    storeRgba(target + (x << 2), i16x8.add(luma, moreRed), i16x8.sub(luma, lessGreen), i16x8.add(luma, moreBlue));
  }
}

function convertRgb(y: i32, target: usize, width: i32): void {
  for (let x: usize = 0; x < <usize>width; x += 8)
    storeRgba(target + (x << 2), eight(0, y, x), eight(1, y, x), eight(2, y, x));
}

function convertGrey(y: i32, target: usize, width: i32): void {
  for (let x: usize = 0; x < <usize>width; x += 8) {
    const grey = eight(0, y, x);
    storeRgba(target + (x << 2), grey, grey, grey);
  }
}

/**
 * Writes row `y` of the MCU row as RGBA, in groups of eight pixels. `colours`: 0 grey, 1 YCbCr, 2 RGB. Components have
 * pixels of the same size.
 */
export function convertRow(y: i32, target: usize, width: i32, colours: i32): void {
  if (colours === 0) convertGrey(y, target, width);
  else if (colours === 1) convertYcc(y, target, width);
  else convertRgb(y, target, width);
}
