import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { seededRandom } from "../../support/random.ts";
import { readSummaries, computeSummaries } from "../../support/rows/summaries.ts";
import { insertInBulk } from "../../support/rows/bulkInsert.ts";
import { insertAlbum, insertAssets, insertLibrary, insertUser } from "../../support/clients/tenants.ts";

const random = seededRandom(2026);
const below = (count: number): number => Math.floor(random() * count);
function pick<T>(values: readonly T[]): T {
  const value = values[below(values.length)];
  if (value === undefined) throw new Error("nothing to pick from");
  return value;
}

const DAYS = [
  "1969-12-31T23:59:59.999999",
  "1970-01-01T00:00:00",
  "1904-02-29T12:00:00",
  "1899-12-31T23:59:59.5",
  "0001-01-01T00:00:00",
  "2000-02-29T23:59:59.999999",
  "2000-03-01T00:00:00",
  "2023-12-31T23:59:59.999999",
  "2024-01-01T00:00:00+14:00",
  "2024-02-29T10:00:00-07:00",
  "2024-02-28T10:00:00",
  "2024-07-31T23:59:59",
  "2024-08-01T00:00:00",
  "9999-12-31T23:59:59",
];

/** Poles, the date line, edges of cells at every level, and nearby positions. */
const POSITIONS: [longitude: number, latitude: number][] = [
  ...([-180, 180, -179.99999, 179.99999] as const).flatMap((longitude): [number, number][] => [
    [longitude, 90],
    [longitude, -90],
    [longitude, 0],
  ]),
  [0, 0],
  [10, 50],
  [9.9998, 49.9998],
  [11.5, 48.1],
  [11.50002, 48.10002],
  [11.50002, 48.10003],
  [-122.4194, 37.7749],
  [-0.00001, -0.00001],
  [0.1, 0.3],
];

function randomPosition(): [number, number] {
  return random() < 0.7 ? pick(POSITIONS) : [random() * 360 - 180, random() * 180 - 90];
}

let owner: { userId: string; libraryId: string };
let other: { userId: string; libraryId: string };
let albumIds: string[];
const ids: string[] = [];

async function run(query: string, ...values: unknown[]): Promise<void> {
  await env.DB.prepare(query)
    .bind(...values)
    .run();
}

async function microseconds(id: string): Promise<number> {
  const row = await env.DB.prepare("SELECT local_us FROM assets WHERE id = ?").bind(id).first<{ local_us: number }>();
  return row?.local_us ?? 0;
}

let clock = 1000;

const changes: Record<string, () => Promise<void>> = {
  "an upload": async () => {
    const trashedAt = random() < 0.1 ? (clock += 1) : null;
    const position = random() < 0.8 ? randomPosition() : null;
    const kind = { mediaType: pick(["image", "video"] as const), rating: pick([null, 0, 1, 5]) };
    ids.push(...(await insertAssets(pick([owner, other]), [{ capturedAt: pick(DAYS), position, trashedAt, ...kind }])));
  },
  "a duplicate upload": async () => {
    await run(
      `INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type, original_file_name,
         device_id, device_asset_id, file_created_at, file_modified_at, local_us, current_version_id, file_metadata, metadata_updated_at, created_at, updated_at)
       SELECT id || 'x', library_id, user_id, checksum, checksum_sha1, 1, mime_type, media_type, 'again', 'd', 'd', '', '', 5, 'v', '{}', 0, 0, 0
       FROM assets WHERE id = ? ON CONFLICT DO NOTHING`,
      pick(ids),
    );
  },
  "a deletion": async () => {
    await run("DELETE FROM assets WHERE id = ?", pick(ids));
  },
  "a move to the trash": async () => {
    await run("UPDATE assets SET trashed_at = ? WHERE id = ? AND trashed_at IS NULL", (clock += 1), pick(ids));
  },
  "a restore": async () => {
    await run(
      `UPDATE assets SET trashed_at = NULL WHERE id = ? AND trashed_at >
        (SELECT trash_cleared_at FROM libraries WHERE id = assets.library_id)`,
      pick(ids),
    );
  },
  "a move of all assets to the trash and sometimes back": async () => {
    await run(
      "UPDATE assets SET trashed_at = ?1 WHERE library_id = ?2 AND trashed_at IS NULL",
      (clock += 1),
      owner.libraryId,
    );
    if (random() < 0.5) await run("UPDATE assets SET trashed_at = NULL WHERE trashed_at = ?", clock);
  },
  "a change of date": async () => {
    await run("UPDATE assets SET local_us = ? WHERE id = ?", await microseconds(pick(ids)), pick(ids));
  },
  "a change of media type": async () => {
    await run("UPDATE assets SET media_type = ? WHERE id = ?", pick(["image", "video"]), pick(ids));
  },
  "a move to another library": async () => {
    const libraryId = pick([owner, other]).libraryId;
    await run("UPDATE assets SET library_id = ? WHERE id = ? AND album_count = 0", libraryId, pick(ids));
  },
  "a change of rating": async () => {
    await run("UPDATE assets SET rating = ? WHERE id = ?", pick([null, 0, 1, 2, 3, 4, 5]), pick(ids));
  },
  "a change of date, rating and state in one statement": async () => {
    await run(
      "UPDATE assets SET local_us = ?, rating = ?, trashed_at = iif(trashed_at IS NULL, ?, NULL) WHERE id = ?",
      await microseconds(pick(ids)),
      pick([null, 3]),
      (clock += 1),
      pick(ids),
    );
  },
  "a change or removal of the position": async () => {
    const [longitude, latitude] = random() < 0.8 ? randomPosition() : [null, null];
    await run("UPDATE assets SET latitude = ?, longitude = ? WHERE id = ?", latitude, longitude, pick(ids));
  },
  "a write that changes nothing": async () => {
    await run(
      "UPDATE assets SET latitude = latitude, longitude = longitude, local_us = local_us, trashed_at = trashed_at, rating = rating WHERE id = ?",
      pick(ids),
    );
  },
  "an addition to an album": async () => {
    const [albumId, id] = [pick(albumIds), pick(ids)];
    const addable = `FROM assets a JOIN albums b ON b.library_id = a.library_id AND b.id = ?1
      WHERE a.id = ?2 AND NOT EXISTS (SELECT 1 FROM album_assets WHERE album_id = ?1 AND asset_id = ?2)`;
    await env.DB.batch([
      env.DB.prepare(`UPDATE assets SET album_count = album_count + 1 WHERE id IN (SELECT a.id ${addable})`).bind(
        albumId,
        id,
      ),
      env.DB.prepare(
        `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, trashed_at, created_at, updated_at)
         SELECT ?3, a.library_id, b.id, a.id, a.local_us, a.trashed_at, 0, 0 ${addable}`,
      ).bind(albumId, id, newId("albumAsset")),
    ]);
  },
  "a removal from all albums": async () => {
    const id = pick(ids);
    await env.DB.batch([
      env.DB.prepare("UPDATE assets SET album_count = 0 WHERE id = ?").bind(id),
      env.DB.prepare("DELETE FROM album_assets WHERE asset_id = ?").bind(id),
    ]);
  },
  "an emptying of the trash": async () => {
    await run(
      `UPDATE libraries SET trash_cleared_at = coalesce((SELECT max(trashed_at) FROM assets a WHERE a.library_id = libraries.id), trash_cleared_at) WHERE id = ?`,
      pick([owner, other]).libraryId,
    );
  },
  "a purge of part of the emptied trash": async () => {
    await run(
      `DELETE FROM assets WHERE id IN (SELECT a.id FROM assets a JOIN libraries l ON l.id = a.library_id WHERE a.trashed_at <= l.trash_cleared_at LIMIT 3)`,
    );
  },
};

/** More frequent changes, without which most assets would be purged. */
const frequent = [
  ...Array.from({ length: 8 }, () => "an upload"),
  ...Array.from({ length: 4 }, () => "an addition to an album"),
  "a change or removal of the position",
  "a change of date",
  "a change of rating",
  "a move to the trash",
];

beforeAll(async () => {
  const userId = await insertUser();
  owner = { userId, libraryId: await insertLibrary(userId) };
  other = { userId, libraryId: await insertLibrary(userId) };
  albumIds = [await insertAlbum(owner), await insertAlbum(owner), await insertAlbum(other)];
  ids.push(
    ...(await insertAssets(
      owner,
      DAYS.map((capturedAt) => ({ capturedAt, position: randomPosition() })),
    )),
  );
});

/** Compares the summaries with the expected ones, and returns the number of rows of each. */
async function expectCorrect(message: string): Promise<number[]> {
  const [stored, expected] = [await readSummaries(), await computeSummaries()];
  expect(stored.summaries, message).toEqual(expected.summaries);
  // Boxes never shrink, so a stored box may be larger than the box of the remaining assets.
  const tooSmall = [...expected.boxes].filter(([key, box]) => {
    const around = stored.boxes.get(key);
    if (around === undefined) return true;
    const holdsRows = around.south <= box.south && around.north >= box.north;
    return !holdsRows || around.west > box.west || around.east < box.east;
  });
  expect(tooSmall, message).toEqual([]);
  return Object.values(stored.summaries).map((lines) => lines.length);
}

describe("the summaries of counts and the map", () => {
  it("equal a recount after each of 300 random changes", { timeout: 120_000 }, async () => {
    const names = [...Object.keys(changes), ...frequent];
    const applied = new Set<string>();
    let maxSizes = [0, 0, 0, 0, 0];
    for (let i = 0; i < 300; i++) {
      const name = pick(names);
      await changes[name]?.();
      applied.add(name);
      const sizes = await expectCorrect(`change ${i}: ${name}`);
      maxSizes = maxSizes.map((size, k) => Math.max(size, sizes[k] ?? 0));
    }
    expect(applied.size).toBe(Object.keys(changes).length);
    expect(Math.min(...maxSizes)).toBeGreaterThan(5);
  });

  it("equal the summaries that a bulk insert computes", async () => {
    const { summaries } = await readSummaries();
    await insertInBulk(async () => {});
    expect((await readSummaries()).summaries).toEqual(summaries);
  });

  it("are empty once all assets are deleted", async () => {
    await run("DELETE FROM album_assets");
    await run("DELETE FROM assets");
    await expectCorrect("all deleted");
    const { summaries } = await readSummaries();
    expect(Object.values(summaries).flat()).toEqual([]);
  });
});
