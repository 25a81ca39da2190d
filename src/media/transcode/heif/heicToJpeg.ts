/** Converts HEIC to JPEG with libheif. */
import type { Colour } from "../colour/toneMap.ts";
import {
  decoderMemory,
  DecoderMemoryError,
  MAX_DECODER_BYTES,
  MAX_WHOLE_IMAGE_BYTES,
  type DecoderMemory,
} from "../decoderMemory.ts";
import { requireConvertibleSize, type JpegLimits } from "../jpeg/encodedJpeg.ts";
import type { OpenRowSink } from "../scaled/rowSink.ts";
import { readHevcColour } from "./heifColour.ts";
import { openHeifFile } from "./heifFile.ts";
import { heifToJpeg, type DecodedHeif, type HeifImage, type Tiling } from "./heifImage.ts";
import { isTiledHeif } from "./heifIntegrity.ts";
import { openHeif } from "./libheif.ts";

/**
 * A tile is decoded at once. Grids have tiles of 0.3 megapixels; a single tile takes 4.9 bytes a pixel with 8 bits, two
 * copies of its planes and HEVC's block data, so that the memory ends here; with 10 bits it ends sooner.
 */
export const MAX_HEIC_TILE_PIXELS = 17 * 1000 * 1000;

function requireDecodable({ width, height, tileWidth, tileHeight }: Tiling): void {
  requireConvertibleSize(width, height, "HEIC");
  if (tileWidth < 1 || tileHeight < 1) throw new Error("the HEIC's tiles have no size");
  if (tileWidth * tileHeight > MAX_HEIC_TILE_PIXELS)
    throw new Error(`the HEIC is too large to decode: tiles of ${tileWidth} × ${tileHeight} pixels`);
}

/** Damaged tables are left to libheif, which reports them. */
async function readColour(file: Uint8Array): Promise<Colour | null> {
  try {
    return await readHevcColour(await openHeifFile(file));
  } catch {
    return null;
  }
}

/** libheif reports a refused allocation with its own message. */
function openWithin(file: Uint8Array, memory: DecoderMemory): HeifImage {
  try {
    return openHeif(file, memory, requireDecodable);
  } catch (error) {
    const isMemory = error instanceof Error && /memory allocation/i.test(error.message);
    throw isMemory ? new DecoderMemoryError("the HEIC needs more than the memory limit of its decoder") : error;
  }
}

/** Decodes and encodes. `openSink` gets the same rows. Throws libheif's message for damaged files. */
export async function heicToJpeg(file: Uint8Array, limits: JpegLimits, openSink?: OpenRowSink): Promise<DecodedHeif> {
  const memory = decoderMemory(isTiledHeif(file) ? MAX_DECODER_BYTES : MAX_WHOLE_IMAGE_BYTES);
  if (!isTiledHeif(file)) memory.hold("file", file.length);
  const colour = await readColour(file);
  const image = openWithin(file, memory);
  return await heifToJpeg(file, { ...image, colour: colour ?? image.colour }, limits, memory, openSink);
}
