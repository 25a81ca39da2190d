/** Converts decoded luma and chroma planes to rows of RGB. */

export interface Plane {
  /** One byte a sample; two bytes, little-endian, above 8 bits. */
  bytes: Uint8Array;
  strideBytes: number;
}

export interface Planes {
  width: number;
  height: number;
  bits: number;
  luma: Plane;
  /** Missing (null) for greyscale. */
  chroma: { blue: Plane; red: Plane; xShift: number; yShift: number } | null;
  /** ITU-T H.273 matrix coefficients; unknown values are treated as BT.601. */
  matrix: number;
  isFullRange: boolean;
  /** Opacity, of the same size: pixels are composited on white. */
  alpha?: Alpha | null;
}

export interface Alpha extends Plane {
  bits: number;
  isFullRange: boolean;
  /** Whether the colours are already multiplied with it. */
  isPremultiplied: boolean;
}

/** Planes of green, blue and red; ITU-T H.273 §8.3. */
const IDENTITY_MATRIX = 0;

/** Weights of red and blue in luma for BT.709, BT.2020 and BT.601. */
export function lumaWeights(matrix: number): [number, number] {
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

/** Converts to 8 bits. Limited range has luma from 16 to 235 and chroma from 16 to 240. */
function conversionFor({ bits, matrix, isFullRange }: Pick<Planes, "bits" | "matrix" | "isFullRange">): Conversion {
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

/** Returns row `y` of a plane, one element a sample. */
function planeRow({ bytes, strideBytes }: Plane, y: number, bits: number): Uint8Array | Uint16Array {
  const start = y * strideBytes;
  if (bits <= 8) return bytes.subarray(start, start + strideBytes);
  return new Uint16Array(bytes.slice(start, start + strideBytes).buffer);
}

type RowWriter = (y: number, width: number, target: Uint8ClampedArray, at: number) => void;

/** Composites a row of RGB on white. */
function alphaWriter(alpha: Alpha): RowWriter {
  const unit = 2 ** (alpha.bits - 8);
  const black = alpha.isFullRange ? 0 : 16 * unit;
  const scale = alpha.isFullRange ? 1 / (2 ** alpha.bits - 1) : 1 / (219 * unit);
  return (y, width, target, at) => {
    const opacities = planeRow(alpha, y, alpha.bits);
    for (let x = 0, to = at; x < width; x++, to += 3) {
      const opacity = Math.min(1, Math.max(0, ((opacities[x] ?? 0) - black) * scale));
      const colour = alpha.isPremultiplied ? 1 : opacity;
      const white = 255 * (1 - opacity);
      target[to] = (target[to] ?? 0) * colour + white;
      target[to + 1] = (target[to + 1] ?? 0) * colour + white;
      target[to + 2] = (target[to + 2] ?? 0) * colour + white;
    }
  };
}

/** Copies planes of green, blue and red. */
function identityWriter({ luma, chroma, bits, isFullRange }: Planes): RowWriter {
  const { black, luma: scale } = conversionFor({ bits, isFullRange, matrix: IDENTITY_MATRIX });
  return (y, width, target, at) => {
    const greens = planeRow(luma, y, bits);
    const blues = chroma === null ? greens : planeRow(chroma.blue, y, bits);
    const reds = chroma === null ? greens : planeRow(chroma.red, y, bits);
    for (let x = 0, to = at; x < width; x++, to += 3) {
      target[to] = ((reds[x] ?? 0) - black) * scale;
      target[to + 1] = ((greens[x] ?? 0) - black) * scale;
      target[to + 2] = ((blues[x] ?? 0) - black) * scale;
    }
  };
}

/** Returns a function that writes the first `width` pixels of row `y` to `target` at `at`, 3 bytes a pixel. */
export function rowConverter(planes: Planes): RowWriter {
  const isRgb = planes.matrix === IDENTITY_MATRIX && planes.chroma?.xShift === 0 && planes.chroma.yShift === 0;
  const write = isRgb ? identityWriter(planes) : lumaWriter(planes);
  if (!planes.alpha) return write;
  const composite = alphaWriter(planes.alpha);
  return (y, width, target, at) => {
    write(y, width, target, at);
    composite(y, width, target, at);
  };
}

function lumaWriter(planes: Planes): RowWriter {
  const c = conversionFor(planes);
  const { chroma, bits } = planes;
  return (y, width, target, at) => {
    const lumas = planeRow(planes.luma, y, bits);
    const blues = chroma === null ? null : planeRow(chroma.blue, y >> chroma.yShift, bits);
    const reds = chroma === null ? null : planeRow(chroma.red, y >> chroma.yShift, bits);
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
