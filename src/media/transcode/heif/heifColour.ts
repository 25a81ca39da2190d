import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { Colour } from "../colour/toneMap.ts";
import type { HeifFile, ItemProperty } from "./heifFile.ts";

/** What a `colr` box of type "nclx" states; ITU-T H.273. */
export interface CodedColour extends Colour {
  matrix: number;
  isFullRange: boolean;
}

/** ISO/IEC 14496-12 §12.1.5. */
const NCLX_BYTES = 11;

function parseColour(properties: readonly ItemProperty[]): CodedColour | null {
  const box = properties.find(
    ({ type, bytes }) => type === "colr" && bytes.length >= NCLX_BYTES && asciiAt(bytes, 0, 4) === "nclx",
  );
  if (box === undefined) return null;
  const view = viewOf(box.bytes);
  return {
    primaries: view.getUint16(4),
    transfer: view.getUint16(6),
    matrix: view.getUint16(8),
    isFullRange: view.getUint8(10) >= 0x80,
  };
}

/** Reads the colour of the primary image, or of its first tile: Apple's grids have none of their own. */
export async function readHeifColour(file: HeifFile): Promise<CodedColour | null> {
  const { primaryId } = file;
  const ofImage = parseColour(await file.properties(primaryId));
  if (ofImage !== null) return ofImage;
  const [tile] = (await file.references("dimg")).get(primaryId) ?? [];
  return tile === undefined ? null : parseColour(await file.properties(tile));
}
