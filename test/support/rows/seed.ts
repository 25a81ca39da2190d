/** Seeds a library with many assets by SQL, much faster than uploads. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { insertInBulk } from "./bulkInsert.ts";

const DAY_US = 24 * 3600 * 1_000_000;
/** 2010-01-01T00:00:00Z. */
export const SEED_START_US = 1_262_304_000 * 1_000_000;

export interface Seeded {
  userId: string;
  libraryId: string;
  albumId: string;
  stackId: string;
  count: number;
}

/** The coordinates of assets with a position, as SQL of `i`, the asset's number. */
export interface PositionSql {
  latitude: string;
  longitude: string;
}

/** Scattered over the Earth: the worst case of a map, with about one asset per cell. */
export const scatteredPositions: PositionSql = {
  latitude: "((i * 104729) % 170000) / 1000.0 - 85",
  longitude: "((i * 1299709) % 360000) / 1000.0 - 180",
};

/** Ratings as SQL of `i`: one asset in 10,000 has 5 stars, one in 10 has 1 to 4, and some are rated 0. */
export const FEW_RATINGS =
  "CASE WHEN i % 10000 = 17 THEN 5 WHEN i % 10 = 2 THEN i / 10 % 4 + 1 WHEN i % 50 = 1 THEN 0 END";

/** One asset in 10,000 is unrated. */
export const MANY_RATINGS = "CASE WHEN i % 10000 <> 17 THEN i % 5 + 1 END";

/** From this number on, recreating indexes is faster than inserting into them. */
const MIN_BULK_ASSETS = 5000;

/** Spread over ten years. Per hundred: 2 trashed, 20 videos, 10 in the album, 60 with a position, 50 with an offset, 1 stacked. */
export async function seedLibrary(
  userId: string,
  count: number,
  positions = scatteredPositions,
  ratings = FEW_RATINGS,
): Promise<Seeded> {
  const libraryId = newId("library");
  const albumId = newId("album");
  const stackId = newId("stack");
  const now = Date.now();
  await env.DB.prepare(
    "INSERT INTO libraries (id, user_id, name, created_at, updated_at) VALUES (?, ?, 'seeded', ?, ?)",
  )
    .bind(libraryId, userId, now, now)
    .run();
  await env.DB.prepare(
    "INSERT INTO albums (id, library_id, user_id, name, created_at, updated_at) VALUES (?, ?, ?, 'seeded', ?, ?)",
  )
    .bind(albumId, libraryId, userId, now, now)
    .run();
  const seeded = { userId, libraryId, albumId, stackId, count };
  const write = async (): Promise<void> => await writeAssets(seeded, positions, ratings);
  await (count < MIN_BULK_ASSETS ? write() : insertInBulk(write));
  return seeded;
}

async function writeAssets(
  { userId, libraryId, albumId, stackId, count }: Seeded,
  positions: PositionSql,
  ratings: string,
): Promise<void> {
  const step = Math.floor((3650 * DAY_US) / count);
  // Multiplying by a prime scatters the assets of each kind over the whole period. Digits 0 and 1 are not in the id alphabet.
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?4 - 1)
     INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type,
       original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, local_offset_minutes,
       current_version_id, latitude, longitude, rating, album_count, stack_id, file_metadata, metadata_updated_at, trashed_at,
       created_at, updated_at)
     SELECT 'asset_' || substr(?1, 5, 14) || replace(replace(printf('%08d', i), '0', 'z'), '1', 'y'), ?1, ?2, 'c' || i, 's' || i, 1000, 'image/jpeg',
       CASE WHEN i % 5 = 0 THEN 'video' ELSE 'image' END, 'f' || i || '.jpg', 'd', 'd' || i,
       '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', ?5 + ((i * 7919) % ?4) * ?6,
       CASE WHEN i % 2 = 0 THEN ((i * 31) % 27 - 12) * 60 END, 'asset_version_2222222222222222222222',
       CASE WHEN i % 10 < 6 THEN ${positions.latitude} END,
       CASE WHEN i % 10 < 6 THEN ${positions.longitude} END, rating,
       CASE WHEN i % 10 = 3 THEN 1 ELSE 0 END, CASE WHEN i % 100 = 7 THEN ?3 END,
       iif(rating IS NULL, '{}', json_object('rating', rating)), 0,
       CASE WHEN i % 50 = 49 THEN 1700000000000 + i END, 0, 0
     FROM (SELECT i, ${ratings} AS rating FROM n)`,
  )
    .bind(libraryId, userId, stackId, count, SEED_START_US, step)
    .run();
  await env.DB.prepare(
    `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, trashed_at, created_at, updated_at)
     SELECT 'album_' || id, library_id, ?2, id, local_us, trashed_at, 0, 0 FROM assets WHERE library_id = ?1 AND album_count > 0`,
  )
    .bind(libraryId, albumId)
    .run();
}
