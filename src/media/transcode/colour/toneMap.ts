/** Shows HDR pictures on SDR displays: HLG and PQ of ITU-R BT.2100 become sRGB. */
import type { RgbaImage } from "../rgbaImage.ts";

/** ITU-T H.273 transfer characteristics and colour primaries. */
const PQ = 16;
const HLG = 18;
const BT_2020 = 9;

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

/** Linear light of BT.2020 to that of BT.709; ITU-R BT.2087 §M2. */
const TO_BT_709 = [
  [1.6605, -0.5876, -0.0728],
  [-0.1246, 1.1329, -0.0083],
  [-0.0182, -0.1006, 1.1187],
] as const;

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

/** Whether a picture with these H.273 codes is HDR. */
function isHdr(transfer: number): boolean {
  return transfer === PQ || transfer === HLG;
}

/** Converts an HDR picture in place; `primaries` and `transfer` are H.273 codes. Other pictures stay as they are. */
export function toneMap({ rgba }: RgbaImage, { primaries, transfer }: { primaries: number; transfer: number }): void {
  if (!isHdr(transfer)) return;
  const { light, gainOf } = transfer === HLG ? hlgTables() : pqTables();
  const rows =
    primaries === BT_2020
      ? TO_BT_709
      : ([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ] as const);
  const [redWeight, greenWeight, blueWeight] = LUMA_2020;
  for (let at = 0; at < rgba.length; at += 4) {
    const red = light[rgba[at] ?? 0] ?? 0;
    const green = light[rgba[at + 1] ?? 0] ?? 0;
    const blue = light[rgba[at + 2] ?? 0] ?? 0;
    const gain = gainOf(redWeight * red + greenWeight * green + blueWeight * blue);
    for (const [channel, [fromRed, fromGreen, fromBlue]] of rows.entries())
      rgba[at + channel] = toByte(gain * (fromRed * red + fromGreen * green + fromBlue * blue));
  }
}
