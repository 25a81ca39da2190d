/** Decoded planes of luma and chroma to rows of RGB. Knows no container and no codec. */

export interface Plane {
  /** One byte a sample, or two, low byte first, where there are more than 8 bits. */
  bytes: Uint8Array;
  strideBytes: number;
}

export interface Planes {
  width: number;
  height: number;
  bits: number;
  luma: Plane;
  /** Null: grey. */
  chroma: { blue: Plane; red: Plane; xShift: number; yShift: number } | null;
  /** ITU-T H.273 matrix coefficients; what is not known there is taken for BT.601, as decoders do. */
  matrix: number;
  isFullRange: boolean;
}

/** What of red and of blue is in luma: BT.709, BT.2020, BT.601. */
function lumaWeights(matrix: number): [number, number] {
  if (matrix === 1) return [0.2126, 0.0722];
  return matrix === 9 ? [0.2627, 0.0593] : [0.299, 0.114];
}

interface Conversion {
  black: number;
  middle: number;
  luma: number;
  redOfRed: number;
  greenOfBlue: number;
  greenOfRed: number;
  blueOfBlue: number;
}

/** Straight to 8 bits. Limited range: luma from 16 to 235, chroma from 16 to 240 of 255. */
function conversionOf({ bits, matrix, isFullRange }: Planes): Conversion {
  const [red, blue] = lumaWeights(matrix);
  const unit = 2 ** (bits - 8);
  const full = 255 / (2 ** bits - 1);
  const luma = isFullRange ? full : 255 / (219 * unit);
  const chroma = isFullRange ? full : 255 / (224 * unit);
  const green = 1 - red - blue;
  return {
    black: isFullRange ? 0 : 16 * unit,
    middle: 128 * unit,
    luma,
    redOfRed: 2 * (1 - red) * chroma,
    greenOfBlue: (-2 * (1 - blue) * blue * chroma) / green,
    greenOfRed: (-2 * (1 - red) * red * chroma) / green,
    blueOfBlue: 2 * (1 - blue) * chroma,
  };
}

/** Row `y` of a plane, one number a sample. */
function samplesOf({ bytes, strideBytes }: Plane, y: number, bits: number): Uint8Array | Uint16Array {
  const start = y * strideBytes;
  if (bits <= 8) return bytes.subarray(start, start + strideBytes);
  return new Uint16Array(bytes.slice(start, start + strideBytes).buffer);
}

/** Writes one row at a time: `put(y, width, target, at)` the first `width` pixels of row `y`, 3 bytes each. */
export function rowWriter(planes: Planes): (y: number, width: number, target: Uint8ClampedArray, at: number) => void {
  const c = conversionOf(planes);
  const { chroma, bits } = planes;
  return (y, width, target, at) => {
    const lumas = samplesOf(planes.luma, y, bits);
    const blues = chroma === null ? null : samplesOf(chroma.blue, y >> chroma.yShift, bits);
    const reds = chroma === null ? null : samplesOf(chroma.red, y >> chroma.yShift, bits);
    const xShift = chroma?.xShift ?? 0;
    let to = at;
    for (let x = 0; x < width; x++) {
      const luma = ((lumas[x] ?? 0) - c.black) * c.luma;
      const blue = blues === null ? 0 : (blues[x >> xShift] ?? 0) - c.middle;
      const red = reds === null ? 0 : (reds[x >> xShift] ?? 0) - c.middle;
      target[to] = luma + c.redOfRed * red;
      target[to + 1] = luma + c.greenOfBlue * blue + c.greenOfRed * red;
      target[to + 2] = luma + c.blueOfBlue * blue;
      to += 3;
    }
  };
}
