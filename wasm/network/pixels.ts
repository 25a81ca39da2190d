/** Pictures: rows of RGBA, eight bits a channel. */

/** Halves an image: each target pixel is the mean of two by two pixels. An odd last row or column is left out. */
export function halve(source: usize, width: i32, height: i32, target: usize): void {
  const rowBytes: usize = (<usize>width) << 2;
  let to = target;
  for (let y: i32 = 0; y + 2 <= height; y += 2)
    for (let x: i32 = 0; x + 2 <= width; x += 2, to += 4) {
      const from = source + rowBytes * y + ((<usize>x) << 2);
      const above = i16x8.extend_low_i8x16_u(v128.load64_zero(from));
      const below = i16x8.extend_low_i8x16_u(v128.load64_zero(from + rowBytes));
      const sum = i16x8.add(above, below);
      const pair = i16x8.add(sum, i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
      const mean = i16x8.shr_u(i16x8.add(pair, i16x8.splat(2)), 2);
      v128.store32_lane(to, i8x16.narrow_i16x8_u(mean, mean), 0);
    }
}

/** Four channels of a pixel as floats; zero outside the image. */
function pixelAt(source: usize, width: i32, height: i32, x: i32, y: i32): v128 {
  if (<u32>x >= <u32>width || <u32>y >= <u32>height) return f32x4.splat(0);
  const words = i16x8.extend_low_i8x16_u(v128.load32_zero(source + ((<usize>(y * width + x)) << 2)));
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words));
}

/**
 * Samples an image into `outWidth` × `outHeight` pixels of four floats: red, green, blue and an unused one, each
 * `value * scale + offset`. The centre of target pixel x, y is at (a x + b y + c, d x + e y + f) in the source, both
 * counted from the corners. Interpolates bilinearly; pixels outside the source are black.
 */
export function samplePixels(
  source: usize,
  width: i32,
  height: i32,
  target: usize,
  outWidth: i32,
  outHeight: i32,
  a: f32,
  b: f32,
  c: f32,
  d: f32,
  e: f32,
  f: f32,
  scale: f32,
  offset: f32,
): void {
  const scales = f32x4.splat(scale);
  const offsets = f32x4.splat(offset);
  let to = target;
  for (let row: i32 = 0; row < outHeight; row++)
    for (let column: i32 = 0; column < outWidth; column++, to += 16) {
      const u = <f32>column + 0.5;
      const v = <f32>row + 0.5;
      const sourceX = a * u + b * v + c - 0.5;
      const sourceY = d * u + e * v + f - 0.5;
      const left = floor<f32>(sourceX);
      const top = floor<f32>(sourceY);
      const x = <i32>left;
      const y = <i32>top;
      const across = f32x4.splat(sourceX - left);
      const down = f32x4.splat(sourceY - top);
      const nw = pixelAt(source, width, height, x, y);
      const ne = pixelAt(source, width, height, x + 1, y);
      const sw = pixelAt(source, width, height, x, y + 1);
      const se = pixelAt(source, width, height, x + 1, y + 1);
      const above = f32x4.add(nw, f32x4.mul(f32x4.sub(ne, nw), across));
      const below = f32x4.add(sw, f32x4.mul(f32x4.sub(se, sw), across));
      const value = f32x4.add(above, f32x4.mul(f32x4.sub(below, above), down));
      v128.store(to, f32x4.add(f32x4.mul(value, scales), offsets));
    }
}
