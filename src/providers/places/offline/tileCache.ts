/** Fetches tiles from the deployment's own static assets and keeps the last ones. A tile that does not come is a passing failure. */
import { z } from "zod";
import { cellAt, tileSchema, type Tile } from "./tile.ts";

/** Static assets have no host of their own; the binding looks at the path alone. */
const FOLDER = "https://assets.local/places";
/** The largest tiles take 0.3 MB each once parsed, and a library's pictures are of a few. */
const MAX_KEPT = 12;

const indexSchema = z.object({ cells: z.array(z.string().regex(/^[0-3]+$/)).min(1) });

/** What one isolate keeps. Only what has arrived: a request may not wait for another's fetch. */
export interface KeptTiles {
  cells: ReadonlySet<string> | null;
  /** The least recently used first. */
  tiles: Map<string, Tile>;
}

export function keptTiles(): KeptTiles {
  return { cells: null, tiles: new Map() };
}

export type TileReader = (latitude: number, longitude: number) => Promise<Tile>;

export function tileReader(assets: Pick<Fetcher, "fetch">, kept: KeptTiles): TileReader {
  return async (latitude, longitude) => {
    kept.cells ??= new Set(indexSchema.parse(await read(assets, "index")).cells);
    const cell = cellAt(kept.cells, latitude, longitude);
    if (cell === null) throw new Error("the place data has no tile for these coordinates");
    const tile = kept.tiles.get(cell) ?? tileSchema.parse(await read(assets, cell));
    keep(kept.tiles, cell, tile);
    return tile;
  };
}

function keep(tiles: Map<string, Tile>, cell: string, tile: Tile): void {
  tiles.delete(cell);
  tiles.set(cell, tile);
  const oldest = tiles.keys().next().value;
  if (tiles.size > MAX_KEPT && oldest !== undefined) tiles.delete(oldest);
}

async function read(assets: Pick<Fetcher, "fetch">, name: string): Promise<unknown> {
  const response = await assets.fetch(`${FOLDER}/${name}.json`);
  if (!response.ok) throw new Error(`the place data did not load: ${name}.json answered ${response.status}`);
  return response.json();
}
