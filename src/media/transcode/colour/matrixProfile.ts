/** Reads ICC profiles (ICC.1:2022) that a matrix and tone curves describe: displays, cameras, working spaces. */
import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import { parseToneCurve, type ToneCurve } from "./toneCurve.ts";

const HEADER_BYTES = 128;
const TAG_ENTRY_BYTES = 12;
const MAX_TAGS = 200;

/** Rows X, Y and Z; columns red, green and blue. */
export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

export type MatrixProfile =
  | { kind: "rgb"; curves: readonly [ToneCurve, ToneCurve, ToneCurve]; toXyzD50: Matrix }
  /** One channel; images carry it three times. */
  | { kind: "grey"; curve: ToneCurve };

function tagsOf(profile: Uint8Array): Map<string, Uint8Array> {
  const view = viewOf(profile);
  const count = Math.min(view.getUint32(HEADER_BYTES), MAX_TAGS);
  const tags = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + 4 + i * TAG_ENTRY_BYTES;
    if (at + TAG_ENTRY_BYTES > profile.length) break;
    const start = view.getUint32(at + 4);
    tags.set(asciiAt(profile, at, 4), profile.subarray(start, start + view.getUint32(at + 8)));
  }
  return tags;
}

function parseXyz(tag: Uint8Array | undefined): readonly [number, number, number] | null {
  if (tag === undefined || tag.length < 20 || asciiAt(tag, 0, 4) !== "XYZ ") return null;
  const view = viewOf(tag);
  return [view.getInt32(8) / 65_536, view.getInt32(12) / 65_536, view.getInt32(16) / 65_536];
}

function parseRgb(tags: Map<string, Uint8Array>): MatrixProfile | null {
  const curveOf = (name: string) => parseToneCurve(tags.get(name) ?? new Uint8Array());
  const [redCurve, greenCurve, blueCurve] = [curveOf("rTRC"), curveOf("gTRC"), curveOf("bTRC")];
  const [red, green, blue] = [parseXyz(tags.get("rXYZ")), parseXyz(tags.get("gXYZ")), parseXyz(tags.get("bXYZ"))];
  if (redCurve === null || greenCurve === null || blueCurve === null) return null;
  if (red === null || green === null || blue === null) return null;
  const toXyzD50 = [red[0], green[0], blue[0], red[1], green[1], blue[1], red[2], green[2], blue[2]] as const;
  return { kind: "rgb", curves: [redCurve, greenCurve, blueCurve], toXyzD50 };
}

/** CIE lightness from 0 to 1, to luminance. */
function lightnessToLuminance(lightness: number): number {
  const f = (lightness * 100 + 16) / 116;
  return f > 6 / 29 ? f ** 3 : 3 * (6 / 29) ** 2 * (f - 4 / 29);
}

/**
 * Parses a profile. Returns null for damaged ones and other kinds: CMYK, and profiles with lookup tables, which would
 * precede their matrix.
 */
export function parseMatrixProfile(profile: Uint8Array): MatrixProfile | null {
  if (profile.length < HEADER_BYTES + 4 || asciiAt(profile, 36, 4) !== "acsp") return null;
  const tags = tagsOf(profile);
  if (["A2B0", "A2B1", "A2B2", "D2B0", "D2B1", "D2B2"].some((name) => tags.has(name))) return null;
  const [colourSpace, connectionSpace] = [asciiAt(profile, 16, 4), asciiAt(profile, 20, 4)];
  if (colourSpace === "RGB " && connectionSpace === "XYZ ") return parseRgb(tags);
  if (colourSpace !== "GRAY") return null;
  const curve = parseToneCurve(tags.get("kTRC") ?? new Uint8Array());
  if (curve === null) return null;
  return { kind: "grey", curve: connectionSpace === "Lab " ? (grey) => lightnessToLuminance(curve(grey)) : curve };
}
