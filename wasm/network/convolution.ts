/** Convolutions as matrix products: each output pixel is the product of a row of input values and the weights. */
import { activate } from "./activation";

/** Output channels of a panel of weights. */
const PANEL: i32 = 8;

/**
 * Multiplies rows of `depth` values with panels of eight output channels: `weights` holds, for each panel and each
 * value, eight weights. `outChannels` is a multiple of four; biases and slopes are padded to whole panels.
 */
export function multiplyRows(
  rows: usize,
  output: usize,
  count: i32,
  depth: i32,
  outChannels: i32,
  weights: usize,
  bias: usize,
  activation: i32,
  slopes: usize,
): void {
  const rowBytes: usize = (<usize>depth) << 2;
  const outBytes: usize = (<usize>outChannels) << 2;
  const panelBytes: usize = rowBytes * PANEL;
  let row: i32 = 0;
  for (; row + 4 <= count; row += 4) {
    const from = rows + rowBytes * row;
    const to = output + outBytes * row;
    for (let channel: i32 = 0; channel < outChannels; channel += PANEL) {
      const at: usize = (<usize>channel) << 2;
      fourRows(
        from,
        rowBytes,
        to + at,
        outBytes,
        weights + panelBytes * (channel >> 3),
        bias + at,
        activation,
        slopes + at,
        outChannels - channel > 4,
      );
    }
  }
  for (; row < count; row++)
    for (let channel: i32 = 0; channel < outChannels; channel += PANEL) {
      const at: usize = (<usize>channel) << 2;
      const panel = weights + panelBytes * (channel >> 3);
      const to = output + outBytes * row + at;
      oneRow(rows + rowBytes * row, rowBytes, to, panel, bias + at, activation, slopes + at, outChannels - channel > 4);
    }
}

/** Eight accumulators: four rows of two vectors. */
function fourRows(
  from: usize,
  rowBytes: usize,
  to: usize,
  outBytes: usize,
  panel: usize,
  bias: usize,
  activation: i32,
  slopes: usize,
  isWhole: bool,
): void {
  const row1 = from + rowBytes;
  const row2 = row1 + rowBytes;
  const row3 = row2 + rowBytes;
  let low0 = v128.load(bias);
  let low1 = low0;
  let low2 = low0;
  let low3 = low0;
  let high0 = v128.load(bias, 16);
  let high1 = high0;
  let high2 = high0;
  let high3 = high0;
  let weight = panel;
  for (let at: usize = 0; at < rowBytes; at += 4, weight += 32) {
    const low = v128.load(weight);
    const high = v128.load(weight, 16);
    const value0 = v128.load32_splat(from + at);
    low0 = f32x4.add(low0, f32x4.mul(low, value0));
    high0 = f32x4.add(high0, f32x4.mul(high, value0));
    const value1 = v128.load32_splat(row1 + at);
    low1 = f32x4.add(low1, f32x4.mul(low, value1));
    high1 = f32x4.add(high1, f32x4.mul(high, value1));
    const value2 = v128.load32_splat(row2 + at);
    low2 = f32x4.add(low2, f32x4.mul(low, value2));
    high2 = f32x4.add(high2, f32x4.mul(high, value2));
    const value3 = v128.load32_splat(row3 + at);
    low3 = f32x4.add(low3, f32x4.mul(low, value3));
    high3 = f32x4.add(high3, f32x4.mul(high, value3));
  }
  const to1 = to + outBytes;
  const to2 = to1 + outBytes;
  const to3 = to2 + outBytes;
  v128.store(to, activate(low0, activation, slopes));
  v128.store(to1, activate(low1, activation, slopes));
  v128.store(to2, activate(low2, activation, slopes));
  v128.store(to3, activate(low3, activation, slopes));
  if (!isWhole) return;
  v128.store(to, activate(high0, activation, slopes + 16), 16);
  v128.store(to1, activate(high1, activation, slopes + 16), 16);
  v128.store(to2, activate(high2, activation, slopes + 16), 16);
  v128.store(to3, activate(high3, activation, slopes + 16), 16);
}

function oneRow(
  from: usize,
  rowBytes: usize,
  to: usize,
  panel: usize,
  bias: usize,
  activation: i32,
  slopes: usize,
  isWhole: bool,
): void {
  let low = v128.load(bias);
  let high = v128.load(bias, 16);
  let weight = panel;
  for (let at: usize = 0; at < rowBytes; at += 4, weight += 32) {
    const value = v128.load32_splat(from + at);
    low = f32x4.add(low, f32x4.mul(v128.load(weight), value));
    high = f32x4.add(high, f32x4.mul(v128.load(weight, 16), value));
  }
  v128.store(to, activate(low, activation, slopes));
  if (isWhole) v128.store(to, activate(high, activation, slopes + 16), 16);
}

/**
 * Copies the inputs of one row of output pixels: for each, `kernel` × `kernel` input pixels of `channels` values, zero
 * outside the input, where the first patch begins at row `top` and column `left`.
 */
export function gatherPatches(
  input: usize,
  height: i32,
  width: i32,
  channels: i32,
  patches: usize,
  outWidth: i32,
  kernel: i32,
  stride: i32,
  top: i32,
  left: i32,
): void {
  const pixelBytes: usize = (<usize>channels) << 2;
  let to = patches;
  for (let x: i32 = 0; x < outWidth; x++)
    for (let i: i32 = 0; i < kernel; i++) {
      const y = top + i;
      for (let j: i32 = 0; j < kernel; j++, to += pixelBytes) {
        const column = x * stride + left + j;
        if (y < 0 || y >= height || column < 0 || column >= width) memory.fill(to, 0, pixelBytes);
        else {
          const from = input + pixelBytes * (y * width + column);
          for (let at: usize = 0; at < pixelBytes; at += 16) v128.store(to + at, v128.load(from + at));
        }
      }
    }
}
