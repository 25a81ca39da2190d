/** Shows coded colours on sRGB displays: HLG and PQ of ITU-R BT.2100 are tone mapped, wide primaries converted. */
import type { RgbaImage } from "../rgbaImage.ts";

/** ITU-T H.273 transfer characteristics and colour primaries. */
const PQ = 16;
const HLG = 18;
const BT_2020 = 9;
const DCI_P3 = 11;
const DISPLAY_P3 = 12;

/** ITU-T H.273 code points; 2 is unspecified, which means sRGB here. */
export interface Colour {
  primaries: number;
  transfer: number;
}

/** Luminance of diffuse white; ITU-R BT.2408 §2.1. */
const WHITE_NITS = 203;
/** Nominal peak of an HLG display, and the exponent of its system gamma less 1; BT.2100 Table 5. */
const HLG_PEAK_NITS = 1000;
const HLG_GAMMA_EXPONENT = 0.2;
const PQ_PEAK_NITS = 10_000;

/** Diffuse white maps to less than full white, so that highlights stay visible above it. */
const WHITE_LEVEL = 0.9;
/** Light up to this level stays linear; brighter light approaches 1. */
const KNEE = 0.7;

/** Weights of luminance; ITU-R BT.2020 Table 4. */
const LUMA_2020 = [0.2627, 0.678, 0.0593] as const;

/** Linear light to that of BT.709 by the rows red, green, blue. */
type Matrix = readonly [number, number, number, number, number, number, number, number, number];
const SAME: Matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];
/** ITU-R BT.2087 §M2. */
const OF_BT_2020: Matrix = [1.6605, -0.5876, -0.0728, -0.1246, 1.1329, -0.0083, -0.0182, -0.1006, 1.1187];
/** From the primaries of SMPTE EG 432-1 with white D65. */
const OF_P3: Matrix = [1.2249, -0.2249, 0, -0.0421, 1.0421, 0, -0.0196, -0.0786, 1.0983];

function matrixOf(primaries: number): Matrix {
  if (primaries === BT_2020) return OF_BT_2020;
  return primaries === DISPLAY_P3 || primaries === DCI_P3 ? OF_P3 : SAME;
}

/** Steps of the tables of linear light. */
const STEPS = 4096;

/** Inverse OETF of HLG, 0 to 1; BT.2100 Table 5. */
function sceneLightOfHlg(signal: number): number {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
  return signal <= 0.5 ? (signal * signal) / 3 : (Math.exp((signal - c) / a) + b) / 12;
}

/** EOTF of PQ, 0 to 1; BT.2100 Table 4. */
function displayLightOfPq(signal: number): number {
  const [m1, m2, c1, c2, c3] = [2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128];
  const power = signal ** (1 / m2);
  return (Math.max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1);
}

/** sRGB of linear light; IEC 61966-2-1. */
function encodeSrgb(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

function compress(luminance: number): number {
  if (luminance <= KNEE) return luminance;
  return KNEE + (1 - KNEE) * (1 - Math.exp((KNEE - luminance) / (1 - KNEE)));
}

interface Tables {
  /** Linear light of the 256 values. */
  light: Float32Array;
  /** Factor for the linear light of a pixel of this luminance: system gamma and compression. */
  gainOf: (luminance: number) => number;
}

function hlgTables(): Tables {
  const scale = (WHITE_LEVEL * HLG_PEAK_NITS) / WHITE_NITS;
  const gains = Float32Array.from({ length: STEPS + 1 }, (_, i) => {
    const scene = Math.max(i, 0.5) / STEPS;
    return compress(scale * scene ** (1 + HLG_GAMMA_EXPONENT)) / scene;
  });
  return {
    light: Float32Array.from({ length: 256 }, (_, i) => sceneLightOfHlg(i / 255)),
    gainOf: (luminance) => gains[Math.min(STEPS, Math.round(luminance * STEPS))] ?? 1,
  };
}

function pqTables(): Tables {
  const scale = (WHITE_LEVEL * PQ_PEAK_NITS) / WHITE_NITS;
  return {
    light: Float32Array.from({ length: 256 }, (_, i) => scale * displayLightOfPq(i / 255)),
    gainOf: (luminance) => (luminance <= KNEE ? 1 : compress(luminance) / luminance),
  };
}

const srgb = Uint8Array.from({ length: STEPS + 1 }, (_, i) => Math.round(255 * encodeSrgb(i / STEPS)));

function toByte(light: number): number {
  return srgb[Math.max(0, Math.min(STEPS, Math.round(light * STEPS)))] ?? 0;
}

/** Linear light of sRGB; IEC 61966-2-1. The curves of SDR films differ little from it. */
function sdrTables(): Tables {
  const light = (signal: number) => (signal <= 0.04045 ? signal / 12.92 : ((signal + 0.055) / 1.055) ** 2.4);
  return { light: Float32Array.from({ length: 256 }, (_, i) => light(i / 255)), gainOf: () => 1 };
}

function tablesOf(transfer: number): Tables {
  if (transfer === HLG) return hlgTables();
  return transfer === PQ ? pqTables() : sdrTables();
}

/** Whether a picture with these H.273 codes is HDR. */
export function isHdr({ transfer }: Colour): boolean {
  return transfer === PQ || transfer === HLG;
}

/** Converts `count` pixels from `at` to sRGB in place. */
export type SrgbConverter = (pixels: Uint8Array | Uint8ClampedArray, at: number, count: number) => void;

/** Returns the converter of pixels of `pixelBytes` (3 or 4); null if the colour needs none. */
export function srgbConverter(colour: Colour, pixelBytes: number): SrgbConverter | null {
  const matrix = matrixOf(colour.primaries);
  if (!isHdr(colour) && matrix === SAME) return null;
  const { light, gainOf } = tablesOf(colour.transfer);
  const [a, b, c, d, e, f, g, h, i] = matrix;
  const [redWeight, greenWeight, blueWeight] = LUMA_2020;
  return (pixels, start, count) => {
    const end = start + count * pixelBytes;
    for (let at = start; at < end; at += pixelBytes) {
      const red = light[pixels[at] ?? 0] ?? 0;
      const green = light[pixels[at + 1] ?? 0] ?? 0;
      const blue = light[pixels[at + 2] ?? 0] ?? 0;
      const gain = gainOf(redWeight * red + greenWeight * green + blueWeight * blue);
      pixels[at] = toByte(gain * (a * red + b * green + c * blue));
      pixels[at + 1] = toByte(gain * (d * red + e * green + f * blue));
      pixels[at + 2] = toByte(gain * (g * red + h * green + i * blue));
    }
  };
}

/** Converts a picture to sRGB in place. */
export function toneMap({ rgba }: RgbaImage, colour: Colour): void {
  srgbConverter(colour, 4)?.(rgba, 0, rgba.length / 4);
}
