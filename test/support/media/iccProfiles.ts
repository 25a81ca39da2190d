/** Builds ICC profiles of a matrix and tone curves. */
import { bytesOf, u16, u32 } from "./buildImage.ts";

type Triple = readonly [number, number, number];

function fixed(value: number): number[] {
  return u32(Math.round(value * 65_536) >>> 0);
}

/** A `curv` tag: no entry is linear, one a gamma, more a table of 16-bit values. */
export function curveTag(...entries: number[]): Uint8Array {
  return bytesOf("curv", u32(0), u32(entries.length), ...entries.map((entry) => u16(entry)));
}

export function gammaTag(gamma: number): Uint8Array {
  return curveTag(Math.round(gamma * 256));
}

/** A `para` tag with the parameters of its function type. */
export function parametricTag(type: number, ...parameters: number[]): Uint8Array {
  return bytesOf("para", u32(0), u16(type), u16(0), ...parameters.map(fixed));
}

/** IEC 61966-2-1. */
export const srgbCurve = parametricTag(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045);

export interface Colorants {
  red: Triple;
  green: Triple;
  blue: Triple;
}

/** Colorants relative to D50, as in the profiles of these spaces. */
export const displayP3: Colorants = {
  red: [0.5151, 0.2412, -0.0011],
  green: [0.292, 0.6922, 0.0419],
  blue: [0.1571, 0.0666, 0.7841],
};
export const adobeRgb: Colorants = {
  red: [0.6097, 0.3111, 0.0195],
  green: [0.2053, 0.6257, 0.0609],
  blue: [0.1492, 0.0632, 0.7446],
};
export const proPhoto: Colorants = {
  red: [0.7977, 0.288, 0],
  green: [0.1352, 0.7119, 0],
  blue: [0.0313, 0.0001, 0.8249],
};
export const srgb: Colorants = {
  red: [0.4361, 0.2225, 0.0139],
  green: [0.3851, 0.7169, 0.0971],
  blue: [0.1431, 0.0606, 0.7141],
};

export interface ProfileSpec {
  colourSpace: "RGB " | "GRAY" | "CMYK";
  connectionSpace?: "XYZ " | "Lab ";
  tags: Record<string, Uint8Array>;
}

function xyzTag(values: Triple): Uint8Array {
  return bytesOf("XYZ ", u32(0), ...values.map(fixed));
}

const D50: Triple = [0.9642, 1, 0.8249];

/** A version 4 profile of a display with these tags, a white point and a description. */
export function buildProfile({ colourSpace, connectionSpace = "XYZ ", tags }: ProfileSpec): Uint8Array {
  const name = bytesOf("mluc", u32(0), u32(1), u32(12), "enUS", u32(8), u32(28), [0, 84, 0, 101, 0, 115, 0, 116]);
  const entries = Object.entries({ desc: name, cprt: name, wtpt: xyzTag(D50), ...tags });
  const padded = entries.map(([, body]) => bytesOf(body, new Uint8Array((4 - (body.length % 4)) % 4)));
  let at = 128 + 4 + entries.length * 12;
  const table = entries.map(([tag, body], i) => {
    const entry = bytesOf(tag, u32(at), u32(body.length));
    at += padded[i]?.length ?? 0;
    return entry;
  });
  const version = u32(0x04_30_00_00);
  const head = bytesOf(u32(at), "test", version, "mntr", colourSpace, connectionSpace, new Uint8Array(12), "acsp");
  const illuminant = bytesOf(...D50.map(fixed));
  const header = bytesOf(head, new Uint8Array(68 - head.length), illuminant, new Uint8Array(48));
  return bytesOf(header, u32(entries.length), ...table, ...padded);
}

/** A profile of the colorants with the same curve for each channel. */
export function rgbProfile(colorants: Colorants, curve: Uint8Array): Uint8Array {
  const { red, green, blue } = colorants;
  const matrix = { rXYZ: xyzTag(red), gXYZ: xyzTag(green), bXYZ: xyzTag(blue) };
  return buildProfile({ colourSpace: "RGB ", tags: { ...matrix, rTRC: curve, gTRC: curve, bTRC: curve } });
}
