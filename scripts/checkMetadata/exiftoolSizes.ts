/** The picture's sizes from exiftool's tags. RAW sizes are not judged: programs differ on which of a RAW's pictures is meant. */
import type { Expected } from "./agreement.ts";

const rawTypes = ["DNG", "CR2", "CR3", "ARW", "NEF", "RAF", "RW2", "ORF", "PEF", "SRW", "NRW"];
const boxedTypes = ["HEIC", "HEIF", "AVIF"];

export function dimensionFields(tags: Record<string, unknown>): Record<string, Expected> {
  const [width, height] = numbersIn(tags["Composite:ImageSize"]);
  if (!width || !height) return {};
  const type = String(tags["File:FileType"]);
  const orientation = Number(tags["EXIF:IFD0:Orientation"]);
  // What HEIF turns is turned whatever EXIF says; exiftool gives irot as the number in the file.
  const isTurned = boxedTypes.includes(type)
    ? Number(tags["QuickTime:Rotation"] ?? 0) % 2 === 1
    : orientation >= 5 && orientation <= 8;
  const [shownWidth = width, shownHeight = height] = numbersIn(tags["QuickTime:CleanAperture"]);
  const hard = rawTypes.includes(type) ? { hard: "raw" } : {};
  const shown = (across: number, along: number) => ({ v: Math.round(isTurned ? along : across), ...hard });
  return {
    raw_width: { v: width, ...hard },
    raw_height: { v: height, ...hard },
    width: shown(shownWidth, shownHeight),
    height: shown(shownHeight, shownWidth),
  };
}

function numbersIn(value: unknown): number[] {
  return typeof value === "string" ? value.split(" ").map(Number) : [];
}
