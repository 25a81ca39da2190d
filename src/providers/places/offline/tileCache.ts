import { z } from "zod";
import { cellAt, tileSchema, type Tile } from "./tile.ts";

/** The assets binding ignores the host. */
const BASE_URL = "https://assets.local/places";
/** A parsed tile takes up to 0.3 MB, and a library's images are from few tiles. */
const MAX_TILES = 12;

const indexSchema = z.object({ cells: z.array(z.string().regex(/^[0-3]+$/)).min(1) });

/** Loaded tiles of an isolate. Only results are cached: workerd forbids awaiting another request's fetch. */
export interface TileCache {
  cells: ReadonlySet<string> | null;
  /** Least recently used first. */
  tiles: Map<string, Tile>;
}

/** Creates an empty cache. */
export function createTileCache(): TileCache {
  return { cells: null, tiles: new Map() };
}

/** Returns the tile that contains the point. Throws if it is missing or invalid, which is transient. */
export type TileReader = (latitude: number, longitude: number) => Promise<Tile>;

/** Reads tiles from the deployment's static assets through `cache`, which keeps the 12 most recently used. */
export function tileReader(assets: Pick<Fetcher, "fetch">, cache: TileCache): TileReader {
  return async (latitude, longitude) => {
    cache.cells ??= new Set(indexSchema.parse(await readAsset(assets, "index")).cells);
    const cell = cellAt(cache.cells, latitude, longitude);
    if (cell === null) throw new Error("the place data has no tile for these coordinates");
    const tile = cache.tiles.get(cell) ?? tileSchema.parse(await readAsset(assets, cell));
    store(cache.tiles, cell, tile);
    return tile;
  };
}

function store(tiles: Map<string, Tile>, cell: string, tile: Tile): void {
  tiles.delete(cell);
  tiles.set(cell, tile);
  const oldest = tiles.keys().next().value;
  if (tiles.size > MAX_TILES && oldest !== undefined) tiles.delete(oldest);
}

async function readAsset(assets: Pick<Fetcher, "fetch">, name: string): Promise<unknown> {
  const response = await assets.fetch(`${BASE_URL}/${name}.json`);
  if (!response.ok) throw new Error(`failed to load place data: ${name}.json responded with ${response.status}`);
  return response.json();
}
