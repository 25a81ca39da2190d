import type { RgbaImage } from "../rgbaImage.ts";
import { type Matrix, type MatrixProfile, parseMatrixProfile } from "./matrixProfile.ts";

/** Colorants of sRGB relative to D50 (IEC 61966-2-1, adapted by Bradford), as its ICC profiles have them. */
const SRGB_TO_XYZ_D50: Matrix = [
  0.4360657, 0.3851515, 0.1430784, 0.2224932, 0.716887, 0.0606169, 0.013916, 0.0970764, 0.7140961,
];
/** Steps of linear light. Dark levels are 20 steps apart, so that rounding is exact to 0.05 levels. */
const LINEAR_STEPS = 2 ** 16;

function inverse(m: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i] = m;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const cofactors = [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ] as const;
  const [k, l, n, o, p, q, r, s, t] = cofactors;
  const x = 1 / determinant;
  return [k * x, l * x, n * x, o * x, p * x, q * x, r * x, s * x, t * x];
}

function product(m: Matrix, n: Matrix): Matrix {
  const at = (row: number, column: number) =>
    [0, 1, 2].reduce((sum, k) => sum + (m[row * 3 + k] ?? 0) * (n[k * 3 + column] ?? 0), 0);
  return [at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2), at(2, 0), at(2, 1), at(2, 2)];
}

const XYZ_D50_TO_SRGB = inverse(SRGB_TO_XYZ_D50);

function encodeSrgb(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
}

/** Levels of sRGB by linear light, made once in about 3 ms. */
let levels: Uint8Array | null = null;

function levelTable(): Uint8Array {
  levels ??= Uint8Array.from({ length: LINEAR_STEPS + 1 }, (_, step) =>
    Math.round(255 * encodeSrgb(step / LINEAR_STEPS)),
  );
  return levels;
}

function clampStep(value: number): number {
  return value <= 0 ? 0 : value >= LINEAR_STEPS ? LINEAR_STEPS : (value + 0.5) | 0;
}

/** Converts straight RGBA in place. */
type Converter = (rgba: Uint8Array) => void;

function greyConverter(curve: (grey: number) => number): Converter {
  const table = levelTable();
  const converted = Uint8Array.from(
    { length: 256 },
    (_, level) => table[clampStep(curve(level / 255) * LINEAR_STEPS)] ?? 0,
  );
  return (rgba) => {
    for (let at = 0; at < rgba.length; at += 4) {
      const level = converted[rgba[at] ?? 0] ?? 0;
      rgba[at] = level;
      rgba[at + 1] = level;
      rgba[at + 2] = level;
    }
  };
}

/** Linear light of each level of a channel, in steps. */
function linearSteps(curve: (encoded: number) => number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => curve(level / 255) * LINEAR_STEPS);
}

function rgbConverter({ curves, toXyzD50 }: Extract<MatrixProfile, { kind: "rgb" }>): Converter {
  const table = levelTable();
  const [reds, greens, blues] = [linearSteps(curves[0]), linearSteps(curves[1]), linearSteps(curves[2])];
  const [a, b, c, d, e, f, g, h, i] = product(XYZ_D50_TO_SRGB, toXyzD50);
  return (rgba) => {
    for (let at = 0; at < rgba.length; at += 4) {
      const red = reds[rgba[at] ?? 0] ?? 0;
      const green = greens[rgba[at + 1] ?? 0] ?? 0;
      const blue = blues[rgba[at + 2] ?? 0] ?? 0;
      rgba[at] = table[clampStep(a * red + b * green + c * blue)] ?? 0;
      rgba[at + 1] = table[clampStep(d * red + e * green + f * blue)] ?? 0;
      rgba[at + 2] = table[clampStep(g * red + h * green + i * blue)] ?? 0;
    }
  };
}

/** Levels of the grid of colours that tells a profile of sRGB from others. */
const PROBE_LEVELS = [0, 16, 64, 128, 192, 255];

/** Whether a conversion changes no colour by more than a level, as for the many profiles of sRGB itself. */
function isIdentity(convert: Converter, kind: MatrixProfile["kind"]): boolean {
  const others = kind === "grey" ? [0] : PROBE_LEVELS;
  const probes = PROBE_LEVELS.flatMap((red) =>
    others.flatMap((green) => others.map((blue) => (kind === "grey" ? [red, red, red, 255] : [red, green, blue, 255]))),
  ).flat();
  const converted = Uint8Array.from(probes);
  convert(converted);
  return probes.every((value, at) => Math.abs(value - (converted[at] ?? 0)) <= 1);
}

/**
 * Converts the pixels of an image from its ICC profile to sRGB, in place, and returns the image. Supports profiles of a
 * matrix and tone curves (sRGB, Display P3, Adobe RGB, ProPhoto) and of one grey curve; colours outside sRGB are
 * clipped. Returns null, with the pixels unchanged, for damaged profiles and other kinds.
 */
export function toSrgb(image: RgbaImage, icc: Uint8Array): RgbaImage | null {
  const profile = parseMatrixProfile(icc);
  if (profile === null) return null;
  const convert = profile.kind === "grey" ? greyConverter(profile.curve) : rgbConverter(profile);
  if (!isIdentity(convert, profile.kind)) convert(image.rgba);
  return image;
}
