/** Layers without weights. */
import { activate } from "./activation";

/** Adds pixels of `channels` values and pixels of `fewer` values, whose missing channels are zero. */
export function addPixels(
  first: usize,
  channels: i32,
  second: usize,
  fewer: i32,
  output: usize,
  pixels: i32,
  activation: i32,
  slopes: usize,
): void {
  const bytes: usize = (<usize>channels) << 2;
  const fewerBytes: usize = (<usize>fewer) << 2;
  for (let pixel: i32 = 0; pixel < pixels; pixel++) {
    const a = first + bytes * pixel;
    const b = second + fewerBytes * pixel;
    const to = output + bytes * pixel;
    let at: usize = 0;
    for (; at < fewerBytes; at += 16)
      v128.store(to + at, activate(f32x4.add(v128.load(a + at), v128.load(b + at)), activation, slopes + at));
    for (; at < bytes; at += 16) v128.store(to + at, activate(v128.load(a + at), activation, slopes + at));
  }
}

/** Takes the largest of two by two pixels, or of those that exist. */
export function maxPool(input: usize, height: i32, width: i32, channels: i32, output: usize): void {
  const pixelBytes: usize = (<usize>channels) << 2;
  const rowBytes: usize = pixelBytes * width;
  let to = output;
  for (let y: i32 = 0; y < height; y += 2) {
    const down: usize = y + 1 < height ? rowBytes : 0;
    for (let x: i32 = 0; x < width; x += 2, to += pixelBytes) {
      const right: usize = x + 1 < width ? pixelBytes : 0;
      const from = input + rowBytes * y + pixelBytes * x;
      for (let at: usize = 0; at < pixelBytes; at += 16) {
        const above = f32x4.max(v128.load(from + at), v128.load(from + right + at));
        const below = f32x4.max(v128.load(from + down + at), v128.load(from + down + right + at));
        v128.store(to + at, f32x4.max(above, below));
      }
    }
  }
}

/** Doubles height and width with bilinear interpolation between the centres of pixels. */
export function doubleSize(input: usize, height: i32, width: i32, channels: i32, output: usize): void {
  const pixelBytes: usize = (<usize>channels) << 2;
  const rowBytes: usize = pixelBytes * width;
  let to = output;
  for (let y: i32 = 0; y < height * 2; y++) {
    const near = y >> 1;
    const far = min<i32>(height - 1, max<i32>(0, near + ((y & 1) << 1) - 1));
    for (let x: i32 = 0; x < width * 2; x++, to += pixelBytes) {
      const column = x >> 1;
      const other = min<i32>(width - 1, max<i32>(0, column + ((x & 1) << 1) - 1));
      const nearRow = input + rowBytes * near;
      const farRow = input + rowBytes * far;
      for (let at: usize = 0; at < pixelBytes; at += 16) {
        const a = mix(nearRow + pixelBytes * column + at, nearRow + pixelBytes * other + at);
        const b = mix(farRow + pixelBytes * column + at, farRow + pixelBytes * other + at);
        v128.store(to + at, f32x4.add(f32x4.mul(a, f32x4.splat(0.75)), f32x4.mul(b, f32x4.splat(0.25))));
      }
    }
  }
}

/** Three quarters of the near vector and a quarter of the far one. */
function mix(near: usize, far: usize): v128 {
  return f32x4.add(f32x4.mul(v128.load(near), f32x4.splat(0.75)), f32x4.mul(v128.load(far), f32x4.splat(0.25)));
}
