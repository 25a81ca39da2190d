/**
 * Image dimensions from exiftool's tags. RAW files are excluded: programs differ on which image of a RAW file is the
 * main one.
 */
import type { ExpectedValue } from "./agreement.ts";

const rawTypes = "DNG GPR CR2 CR3 CRW ARW SR2 SRF NEF NRW RAF RW2 RWL ORF PEF SRW DCR KDC 3FR IIQ ERF MRW X3F".split(
  " ",
);
const heifTypes = ["HEIC", "HEIF", "AVIF"];

export function dimensionFields(tags: Record<string, unknown>): Record<string, ExpectedValue> {
  const [width, height] = numbersIn(tags["Composite:ImageSize"]);
  if (!width || !height) return {};
  const type = String(tags["File:FileType"]);
  const orientation = Number(tags["EXIF:IFD0:Orientation"]);
  // HEIF rotates by irot instead of EXIF; exiftool prints the number in the file.
  const swapsAxes = heifTypes.includes(type)
    ? Number(tags["QuickTime:Rotation"] ?? 0) % 2 === 1
    : orientation >= 5 && orientation <= 8;
  const [croppedWidth = width, croppedHeight = height] = numbersIn(tags["QuickTime:CleanAperture"]);
  const hard = rawTypes.includes(type) ? { hard: "raw" } : {};
  const displayed = (side: number, otherSide: number) => ({ v: Math.round(swapsAxes ? otherSide : side), ...hard });
  return {
    raw_width: { v: width, ...hard },
    raw_height: { v: height, ...hard },
    width: displayed(croppedWidth, croppedHeight),
    height: displayed(croppedHeight, croppedWidth),
  };
}

function numbersIn(value: unknown): number[] {
  return typeof value === "string" ? value.split(" ").map(Number) : [];
}
