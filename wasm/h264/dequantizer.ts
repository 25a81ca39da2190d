/** Scales coefficients while they are parsed; ITU-T H.264 §8.5.9 and §8.5.12.1. */
import { chromaQp, slice } from "./state";

/**
 * LevelScale of H.264 §8.5.9 as i32, which the caller sets for each picture parameter set: of Y, Cb and Cr for each
 * QP % 6 sixteen of 4 × 4 blocks, then for each QP % 6 sixty-four of 8 × 8 blocks. Column by column.
 */
export const levelScales: usize = memory.data((3 * 6 * 16 + 6 * 64) * 4, 16);

const SCALES_8X8: usize = 3 * 6 * 16 * 4;

/** Factor 1, for DC coefficients, which are scaled after their transform. */
const unitScales: usize = memory.data(16 * 4, 16);

@unmanaged
export class Dequantizer {
  scales: usize;
  left: i32;
  right: i32;
  half: i32;
}

export const dequantizer = changetype<Dequantizer>(memory.data(offsetof<Dequantizer>(), 16));

export function buildUnitScales(): void {
  for (let i: usize = 0; i < 16; i++) store<i32>(unitScales + (i << 2), 1);
}

/** Scales by 2 ** (qp / 6 - fractionBits). */
function setShift(qp: i32, fractionBits: i32): void {
  const shift = qp / 6 - fractionBits;
  dequantizer.left = max(0, shift);
  dequantizer.right = max(0, -shift);
  dequantizer.half = shift < 0 ? 1 << (-shift - 1) : 0;
}

/** Sets the factors of 4 × 4 blocks of component 0 Y, 1 Cb, 2 Cr. */
export function scaleBlocks4(component: i32, qp: i32): void {
  dequantizer.scales = levelScales + ((<usize>(component * 6 + (qp % 6))) << 6);
  setShift(qp, 4);
}

export function scaleBlocks8(qp: i32): void {
  dequantizer.scales = levelScales + SCALES_8X8 + ((<usize>(qp % 6)) << 8);
  setShift(qp, 6);
}

export function keepLevels(): void {
  dequantizer.scales = unitScales;
  dequantizer.left = 0;
  dequantizer.right = 0;
  dequantizer.half = 0;
}

/** QP of Cb (1) and Cr (2). */
export function componentQp(component: i32, qp: i32): i32 {
  return chromaQp(qp, component === 1 ? slice.cbOffset : slice.crOffset);
}

/** LevelScale of the DC coefficient. */
export function dcScale(component: i32, qp: i32): i32 {
  return load<i32>(levelScales + ((<usize>(component * 6 + (qp % 6))) << 6));
}

/** Stores a level at its place in a block. */
export function storeLevel(block: usize, place: usize, level: i32): void {
  const scaled = (level * load<i32>(dequantizer.scales + (place << 2))) << dequantizer.left;
  store<i32>(block + (place << 2), (scaled + dequantizer.half) >> dequantizer.right);
}
