/** Convolutions of each channel with its own filter. */
import { activate } from "./activation";

/**
 * Computes `rows` rows of the output from `firstRow` on, and writes the first one to `output`. `weights` holds `kernel` × `kernel` vectors of all channels. The filter starts `top` rows and `left` columns outside
 * the input.
 */
export function depthwise(
  input: usize,
  height: i32,
  width: i32,
  channels: i32,
  output: usize,
  firstRow: i32,
  rows: i32,
  outWidth: i32,
  kernel: i32,
  stride: i32,
  top: i32,
  left: i32,
  weights: usize,
  bias: usize,
  activation: i32,
  slopes: usize,
): void {
  const pixelBytes: usize = (<usize>channels) << 2;
  const rowBytes: usize = pixelBytes * width;
  let to = output;
  for (let y = firstRow; y < firstRow + rows; y++) {
    const inputRow = y * stride - top;
    const fromRow = max<i32>(0, -inputRow);
    const endRow = min<i32>(kernel, height - inputRow);
    for (let x: i32 = 0; x < outWidth; x++, to += pixelBytes) {
      const firstColumn = x * stride - left;
      const fromColumn = max<i32>(0, -firstColumn);
      const endColumn = min<i32>(kernel, width - firstColumn);
      const corner = input + rowBytes * inputRow + pixelBytes * firstColumn;
      if (kernel === 3 && endRow - fromRow === 3 && endColumn - fromColumn === 3)
        nine(corner, rowBytes, pixelBytes, to, weights, bias, activation, slopes);
      else
        for (let at: usize = 0; at < pixelBytes; at += 16) {
          let sum = v128.load(bias + at);
          for (let i = fromRow; i < endRow; i++)
            for (let j = fromColumn; j < endColumn; j++) {
              const value = v128.load(corner + rowBytes * i + pixelBytes * j + at);
              const weight = v128.load(weights + pixelBytes * (i * kernel + j) + at);
              sum = f32x4.add(sum, f32x4.mul(value, weight));
            }
          v128.store(to + at, activate(sum, activation, slopes + at));
        }
    }
  }
}

/** One output pixel of a filter of three by three inside the input. */
function nine(
  corner: usize,
  rowBytes: usize,
  pixelBytes: usize,
  to: usize,
  weights: usize,
  bias: usize,
  activation: i32,
  slopes: usize,
): void {
  const row1 = corner + rowBytes;
  const row2 = row1 + rowBytes;
  const second = pixelBytes;
  const third = pixelBytes << 1;
  const middle = weights + pixelBytes * 3;
  const last = weights + pixelBytes * 6;
  for (let at: usize = 0; at < pixelBytes; at += 16) {
    let sum = v128.load(bias + at);
    let other = f32x4.mul(v128.load(corner + at), v128.load(weights + at));
    sum = f32x4.add(sum, f32x4.mul(v128.load(corner + second + at), v128.load(weights + second + at)));
    other = f32x4.add(other, f32x4.mul(v128.load(corner + third + at), v128.load(weights + third + at)));
    sum = f32x4.add(sum, f32x4.mul(v128.load(row1 + at), v128.load(middle + at)));
    other = f32x4.add(other, f32x4.mul(v128.load(row1 + second + at), v128.load(middle + second + at)));
    sum = f32x4.add(sum, f32x4.mul(v128.load(row1 + third + at), v128.load(middle + third + at)));
    other = f32x4.add(other, f32x4.mul(v128.load(row2 + at), v128.load(last + at)));
    sum = f32x4.add(sum, f32x4.mul(v128.load(row2 + second + at), v128.load(last + second + at)));
    other = f32x4.add(other, f32x4.mul(v128.load(row2 + third + at), v128.load(last + third + at)));
    v128.store(to + at, activate(f32x4.add(sum, other), activation, slopes + at));
  }
}
