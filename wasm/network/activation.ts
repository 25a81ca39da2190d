/** Activations: the values of `activation` in network.ts. */

export const NO_ACTIVATION: i32 = 0;
export const RELU: i32 = 1;
/** Negative values are multiplied by a slope for each channel. */
export const PRELU: i32 = 2;

/** Applies an activation to four channels, whose slopes are at `slopes`. */
export function activate(value: v128, activation: i32, slopes: usize): v128 {
  if (activation === RELU) return f32x4.max(value, f32x4.splat(0));
  if (activation === PRELU) {
    const positive = f32x4.max(value, f32x4.splat(0));
    const negative = f32x4.min(value, f32x4.splat(0));
    return f32x4.add(positive, f32x4.mul(negative, v128.load(slopes)));
  }
  return value;
}
