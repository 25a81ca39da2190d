/** Pixels in memory, as decoders return and encoders take them. */
export interface RgbaImage {
  width: number;
  height: number;
  /** Four bytes a pixel, row by row, with straight alpha. */
  rgba: Uint8Array;
}
