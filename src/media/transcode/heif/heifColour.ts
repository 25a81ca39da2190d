import { asciiAt, viewOf } from "../../inspect/bytes/bytes.ts";
import type { Colour } from "../colour/toneMap.ts";
import { readConfiguredSequence } from "../video/hevc/hevcSequence.ts";
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

/** Properties of the primary image, then those of its first tile: Apple's grids have no colour property. */
async function colourProperties(file: HeifFile): Promise<ItemProperty[]> {
  const { primaryId } = file;
  const [tile] = (await file.references("dimg")).get(primaryId) ?? [];
  return [...(await file.properties(primaryId)), ...(tile === undefined ? [] : await file.properties(tile))];
}

/** Reads the colour that the container states of the primary image; null if there is none. */
export async function readHeifColour(file: HeifFile): Promise<CodedColour | null> {
  return parseColour(await colourProperties(file));
}

/**
 * Reads primaries and transfer of an image of HEVC: of the container, else of the stream; null if neither tells. The
 * matrix is that of libheif's planes.
 */
export async function readHevcColour(file: HeifFile): Promise<Colour | null> {
  const properties = await colourProperties(file);
  const configuration = properties.find(({ type }) => type === "hvcC")?.bytes;
  return parseColour(properties) ?? (configuration === undefined ? null : readConfiguredSequence(configuration));
}
