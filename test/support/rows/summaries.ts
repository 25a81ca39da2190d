/** Computes the expected summaries of counts and the map from the rows, in TypeScript instead of SQL. */
import { env } from "cloudflare:workers";

interface AssetRow {
  id: string;
  library_id: string;
  media_type: string;
  rating: number | null;
  local_us: number;
  trashed_at: number | null;
  album_count: number;
  latitude: number | null;
  longitude: number | null;
  sort_key: string;
}

interface MembershipRow {
  album_id: string;
  library_id: string;
  local_us: number;
  trashed_at: number | null;
}

/** A table as sorted lines of text, one per row. */
export type Lines = string[];

export interface Summaries {
  dayCounts: Lines;
  monthCounts: Lines;
  albumMonths: Lines;
  mapPoints: Lines;
  mapCells: Lines;
}

export interface CellBox {
  south: number;
  north: number;
  west: number;
  east: number;
}

async function rowsOf<T>(query: string): Promise<T[]> {
  return (await env.DB.prepare(query).all<T>()).results;
}

export function monthName(localUs: number): number {
  const date = new Date(Math.floor(localUs / 1000));
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

function dayName(localUs: number): number {
  return monthName(localUs) * 100 + new Date(Math.floor(localUs / 1000)).getUTCDate();
}

/** Media types × ratings, and the same for the assets in albums. */
const CLASS_COLUMNS = ["image", "video"].flatMap((mediaType) =>
  [0, 1, 2, 3, 4, 5].map((rating) => `${mediaType}_${rating}`),
);
const COUNT_COLUMNS = ["assets", "in_album", ...CLASS_COLUMNS, ...CLASS_COLUMNS.map((name) => `${name}_in_album`)];

/** The columns of a row of counts to which an asset adds one. */
function countedIn({ media_type, rating, album_count }: AssetRow): string[] {
  const name = `${media_type}_${rating ?? 0}`;
  return album_count > 0 ? ["assets", "in_album", name, `${name}_in_album`] : ["assets", name];
}

function countByClass(counts: Map<string, Map<string, number>>, key: string, asset: AssetRow): void {
  const row = counts.get(key) ?? new Map<string, number>();
  counts.set(key, row);
  for (const column of countedIn(asset)) add(row, column);
}

function countLines(counts: Map<string, Map<string, number>>): Lines {
  return [...counts]
    .map(([key, row]) => `${key} ${COUNT_COLUMNS.map((column) => row.get(column) ?? 0).join(" ")}`)
    .toSorted();
}

const UNITS_PER_DEGREE = 5000;
/** In units of 0.0002°, from the coarsest level to the finest. */
const CELL_SIZES_UNITS = [450_000, 50_000, 10_000, 2500, 500, 100, 25, 5, 1];

function units(latitude: number, longitude: number): [row: number, column: number] {
  return [
    Math.min(Math.trunc((latitude + 90) * UNITS_PER_DEGREE), 899_999),
    Math.min(Math.trunc((longitude + 180) * UNITS_PER_DEGREE), 1_799_999),
  ];
}

function cellOf([row, column]: [number, number], size: number): number {
  return Math.trunc(row / size) * 10_000_000 + Math.trunc(column / size);
}

function add(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

interface CellSum extends CellBox {
  assets: number;
  latitude: number;
  longitude: number;
  newest: string;
  videos: number;
  videoLatitude: number;
  videoLongitude: number;
  newestVideo: string;
  newestImage: string;
}

const emptyCell: CellSum = {
  assets: 0,
  latitude: 0,
  longitude: 0,
  newest: "",
  videos: 0,
  videoLatitude: 0,
  videoLongitude: 0,
  newestVideo: "",
  newestImage: "",
  south: 90,
  north: -90,
  west: 180,
  east: -180,
};

function addToCell(cells: Map<string, CellSum>, key: string, asset: AssetRow, latitude: number, longitude: number) {
  const cell = cells.get(key) ?? emptyCell;
  const [north, east] = [latitude, longitude].map((value) => Math.sign(value) * Math.round(Math.abs(value) * 1e7));
  const isVideo = asset.media_type === "video";
  const later = (newest: string): string => (newest > asset.sort_key ? newest : asset.sort_key);
  cells.set(key, {
    assets: cell.assets + 1,
    latitude: cell.latitude + (north ?? 0),
    longitude: cell.longitude + (east ?? 0),
    newest: later(cell.newest),
    videos: cell.videos + (isVideo ? 1 : 0),
    videoLatitude: cell.videoLatitude + (isVideo ? (north ?? 0) : 0),
    videoLongitude: cell.videoLongitude + (isVideo ? (east ?? 0) : 0),
    newestVideo: isVideo ? later(cell.newestVideo) : cell.newestVideo,
    newestImage: isVideo ? cell.newestImage : later(cell.newestImage),
    south: Math.min(cell.south, latitude),
    north: Math.max(cell.north, latitude),
    west: Math.min(cell.west, longitude),
    east: Math.max(cell.east, longitude),
  });
}

/** In a cell without videos the key of the newest photo is not stored. */
function cellLine([key, cell]: [string, CellSum]): string {
  const totals = [cell.assets, cell.latitude, cell.longitude, cell.newest];
  const videos = [cell.videos, cell.videoLatitude, cell.videoLongitude, cell.newestVideo];
  return [key, ...totals, ...videos, cell.videos === 0 ? "" : cell.newestImage].join(" ");
}

/** The expected summaries. `boxes` are the bounding boxes of each cell's assets, by the cell's key. */
export async function computeSummaries(): Promise<{ summaries: Summaries; boxes: Map<string, CellBox> }> {
  const trashClearedAt = new Map(
    (await rowsOf<{ id: string; trash_cleared_at: number }>("SELECT id, trash_cleared_at FROM libraries")).map(
      (row) => [row.id, row.trash_cleared_at],
    ),
  );
  const isVisible = (row: { library_id: string; trashed_at: number | null }): boolean =>
    row.trashed_at === null || row.trashed_at > (trashClearedAt.get(row.library_id) ?? Infinity);
  const assets = await rowsOf<AssetRow>(
    "SELECT id, library_id, media_type, rating, local_us, trashed_at, album_count, latitude, longitude, sort_key FROM assets",
  );
  const memberships = await rowsOf<MembershipRow>(
    "SELECT album_id, library_id, local_us, trashed_at FROM album_assets",
  );
  const days = new Map<string, Map<string, number>>();
  const months = new Map<string, Map<string, number>>();
  const albumMonths = new Map<string, number>();
  const cells = new Map<string, CellSum>();
  const points: string[] = [];
  for (const asset of assets.filter(isVisible)) {
    const state = `${asset.library_id} ${asset.trashed_at === null ? 0 : 1}`;
    countByClass(days, `${state} ${dayName(asset.local_us)}`, asset);
    countByClass(months, `${state} ${monthName(asset.local_us)}`, asset);
    const { latitude, longitude } = asset;
    if (asset.trashed_at !== null || latitude === null || longitude === null) continue;
    const position = units(latitude, longitude);
    points.push(
      [asset.library_id, cellOf(position, 1), asset.sort_key, latitude, longitude, asset.media_type].join(" "),
    );
    CELL_SIZES_UNITS.forEach((size, level) => {
      const parent = level === 0 ? 0 : cellOf(position, CELL_SIZES_UNITS[level - 1] ?? 1);
      addToCell(cells, `${asset.library_id} ${level} ${parent} ${cellOf(position, size)}`, asset, latitude, longitude);
    });
  }
  for (const membership of memberships.filter(isVisible)) {
    add(
      albumMonths,
      `${membership.album_id} ${membership.trashed_at === null ? 0 : 1} ${monthName(membership.local_us)}`,
    );
  }
  const summaries = {
    dayCounts: countLines(days),
    monthCounts: countLines(months),
    albumMonths: [...albumMonths].map(([key, count]) => `${key} ${count}`).toSorted(),
    mapPoints: points.toSorted(),
    mapCells: [...cells].map(cellLine).toSorted(),
  };
  return { summaries, boxes: cells };
}

async function linesOf(query: string): Promise<Lines> {
  const rows = await rowsOf<Record<string, unknown>>(query);
  return rows.map((row) => Object.values(row).join(" ")).toSorted();
}

/** The summaries as stored. */
export async function readSummaries(): Promise<{ summaries: Summaries; boxes: Map<string, CellBox> }> {
  const boxes = await rowsOf<CellBox & { key: string }>(
    "SELECT library_id || ' ' || level || ' ' || parent || ' ' || cell AS key, south, north, west, east FROM map_cells",
  );
  return {
    summaries: {
      dayCounts: await linesOf(`SELECT library_id, trashed, day, ${COUNT_COLUMNS.join(", ")} FROM day_counts`),
      monthCounts: await linesOf(`SELECT library_id, trashed, month, ${COUNT_COLUMNS.join(", ")} FROM month_counts`),
      albumMonths: await linesOf("SELECT album_id, trashed, month, assets FROM album_month_counts"),
      mapPoints: await linesOf("SELECT library_id, cell, sort_key, latitude, longitude, media_type FROM map_points"),
      mapCells: await linesOf(
        `SELECT library_id, level, parent, cell, assets, latitude_sum, longitude_sum, newest_key, videos, video_latitude_sum,
           video_longitude_sum, coalesce(newest_video_key, '') AS video, coalesce(newest_image_key, '') AS image FROM map_cells`,
      ),
    },
    boxes: new Map(boxes.map(({ key, ...box }) => [key, box])),
  };
}

/** Up to five differing lines by summary; empty if all are correct. */
export async function findSummaryMismatches(): Promise<Record<string, Lines>> {
  const [stored, expected] = [(await readSummaries()).summaries, (await computeSummaries()).summaries];
  const mismatches: Record<string, Lines> = {};
  for (const name of ["dayCounts", "monthCounts", "albumMonths", "mapPoints", "mapCells"] as const) {
    const missing = new Set(expected[name]);
    const wrong = stored[name].filter((line) => !missing.delete(line));
    if (wrong.length + missing.size > 0) mismatches[name] = [...wrong, ...missing].slice(0, 5);
  }
  return mismatches;
}
