/** Decodes AVIF images and grids with dav1d, tile by tile, with their transparency. */
import { viewOf } from "../../inspect/bytes/bytes.ts";
import { openAv1Decoder, MAX_AV1_PIXELS, type Av1Frame } from "../av1/decodeAv1Frame.ts";
import type { Colour } from "../colour/toneMap.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import { readHeifColour } from "./heifColour.ts";
import type { HeifFile } from "./heifFile.ts";
import { ALPHA_TYPES } from "./heifIntegrity.ts";
import type { HeifImage, Tiling } from "./heifImage.ts";
import type { Alpha, Planes } from "./planes.ts";

/** Tiles of a grid, as libheif allows. */
export const MAX_AVIF_TILES = 1024;

interface Layout {
  tiling: Tiling;
  /** Item of each tile, row by row. */
  tiles: number[];
}

async function sizeOf(file: HeifFile, id: number): Promise<{ width: number; height: number }> {
  const box = (await file.properties(id)).find(({ type }) => type === "ispe");
  if (box === undefined || box.bytes.length < 12) throw new Error("the AVIF states no size");
  const view = viewOf(box.bytes);
  return { width: view.getUint32(4), height: view.getUint32(8) };
}

/** Content of a "grid" item: version, flags, rows and columns less 1, width and height; ISO/IEC 23008-12 §6.6.2.3. */
function parseGrid(data: Uint8Array) {
  const view = viewOf(data);
  const isWide = (view.getUint8(1) & 1) === 1;
  const size = (index: number) => (isWide ? view.getUint32(4 + index * 4) : view.getUint16(4 + index * 2));
  return { rows: view.getUint8(2) + 1, columns: view.getUint8(3) + 1, width: size(0), height: size(1) };
}

async function layoutOf(file: HeifFile, id: number): Promise<Layout> {
  const type = file.typeOf(id);
  if (type === "av01") {
    const { width, height } = await sizeOf(file, id);
    return { tiling: { rows: 1, columns: 1, width, height, tileWidth: width, tileHeight: height }, tiles: [id] };
  }
  if (type !== "grid") throw new Error(`the AVIF's primary image is of the unsupported type ${JSON.stringify(type)}`);
  const [data = new Uint8Array()] = file.dataOf(id);
  const grid = parseGrid(data);
  const tiles = (await file.references("dimg")).get(id) ?? [];
  const [first] = tiles;
  const isComplete = grid.rows * grid.columns === tiles.length && tiles.length <= MAX_AVIF_TILES;
  if (!isComplete || first === undefined) throw new Error("the AVIF's grid is damaged");
  const { width: tileWidth, height: tileHeight } = await sizeOf(file, first);
  return { tiling: { ...grid, tileWidth, tileHeight }, tiles };
}

/** Finds the auxiliary image with the opacity of the primary one. */
async function findAlpha(file: HeifFile): Promise<{ id: number; isPremultiplied: boolean } | null> {
  const premultiplied = (await file.references("prem")).get(file.primaryId) ?? [];
  for (const [id, masters] of await file.references("auxl")) {
    if (!masters.includes(file.primaryId)) continue;
    const box = (await file.properties(id)).find(({ type }) => type === "auxC");
    const urn = new TextDecoder("latin1").decode(box?.bytes.subarray(4)).split("\0")[0] ?? "";
    if (ALPHA_TYPES.includes(urn)) return { id, isPremultiplied: premultiplied.includes(id) };
  }
  return null;
}

function isSameGrid(a: Tiling, b: Tiling): boolean {
  return a.rows === b.rows && a.columns === b.columns && a.tileWidth === b.tileWidth && a.tileHeight === b.tileHeight;
}

function requireTileSize({ tiling }: Layout): void {
  const { tileWidth, tileHeight } = tiling;
  if (tileWidth < 1 || tileHeight < 1) throw new Error("the AVIF's tiles have no size");
  if (tileWidth * tileHeight > MAX_AV1_PIXELS)
    throw new Error(`the AVIF is too large to decode: tiles of ${tileWidth} × ${tileHeight} pixels`);
}

/** The opacity of a tile; null if it is of another size. */
function alphaOf({ luma, bits, isFullRange, width, height }: Av1Frame, colour: Planes, isPremultiplied: boolean) {
  if (width < colour.width || height < colour.height) return null;
  return { ...luma, bits, isFullRange, isPremultiplied } satisfies Alpha;
}

type Tile = Planes & Colour;

/** Returns a function that decodes the tile of an index, with its opacity. */
async function tileDecoder(file: HeifFile, { tiling, tiles }: Layout, budget: DecoderMemory) {
  const stated = await readHeifColour(file);
  const alpha = await findAlpha(file);
  const alphaLayout = alpha === null ? null : await layoutOf(file, alpha.id);
  const alphaTiles = alphaLayout !== null && isSameGrid(tiling, alphaLayout.tiling) ? alphaLayout.tiles : [];
  const decoder = await openAv1Decoder(budget);
  const alphaDecoder = await openAv1Decoder(budget, "alpha");
  return {
    decode: (index: number): Tile => {
      const [tile, alphaTile] = [tiles[index], alphaTiles[index]];
      if (tile === undefined) throw new Error("the AVIF has no such tile");
      const planes = { ...decoder.decode(file.dataOf(tile)), ...stated };
      if (alphaTile === undefined) return planes;
      const opacity = alphaDecoder.decode(file.dataOf(alphaTile));
      return { ...planes, alpha: alphaOf(opacity, planes, alpha?.isPremultiplied === true) };
    },
    heapBytes: () => decoder.heapBytes() + alphaDecoder.heapBytes(),
  };
}

/**
 * Opens the primary image and decodes its first tile, within the memory that `budget` has left. Throws for damaged and
 * unsupported files.
 */
export async function openAvif(file: HeifFile, budget: DecoderMemory): Promise<HeifImage> {
  const layout = await layoutOf(file, file.primaryId);
  requireTileSize(layout);
  const { decode, heapBytes } = await tileDecoder(file, layout, budget);
  // The colour of the stream counts if the container tells none.
  let current = { index: 0, tile: decode(0) };
  const { primaries, transfer, width, height } = current.tile;
  const isSingle = layout.tiles.length === 1;
  // The coded size can differ from the size in the container.
  const tiling = isSingle ? { ...layout.tiling, width, height, tileWidth: width, tileHeight: height } : layout.tiling;
  return {
    tiling,
    colour: { primaries, transfer },
    withTile: (column, row, use) => {
      const index = row * tiling.columns + column;
      if (index !== current.index) current = { index, tile: decode(index) };
      use(current.tile);
    },
    heapBytes,
  };
}
