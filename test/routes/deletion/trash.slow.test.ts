import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { sqlAll, storageUsage } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { deliver } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { seedLibrary } from "../../support/rows/seed.ts";
import { insertKey, insertUser } from "../../support/clients/tenants.ts";

const queue = recordingQueue();
const database = countingD1(env.DB);

/** Assets of a page with `include`, and one that shows whether there are more. */
const PAGE = 21;

/** A library of `count` assets, nine of ten in the trash. */
async function libraryWithTrash(count: number) {
  const userId = await insertUser();
  const { secret: token } = await insertKey({ userId });
  const { libraryId, albumId } = await seedLibrary(userId, count);
  await sqlAll("UPDATE assets SET stack_id = NULL WHERE library_id = ?", libraryId);
  await sqlAll("UPDATE assets SET trashed_at = 1000 WHERE library_id = ? AND substr(id, -1) <> '7'", libraryId);
  await sqlAll(
    "UPDATE albums SET asset_count = (SELECT count(*) FROM album_assets WHERE album_id = ?1 AND trashed_at IS NULL) WHERE id = ?1",
    albumId,
  );
  const measure = async (method: string, path: string) => {
    database.reset();
    const response = await call(method, path, { token, env: { DB: database.binding, QUEUE: queue.binding } });
    expect(response.status, path).toBe(200);
    return { body: await response.text(), rows: database.counts.rowsRead, roundTrips: database.counts.roundTrips };
  };
  return { libraryId, measure };
}

it("empties a trash of any size at constant cost, and every read excludes it immediately", async () => {
  const costs: { rows: number; roundTrips: number }[] = [];
  for (const count of [3000, 30_000]) {
    const { libraryId, measure } = await libraryWithTrash(count);
    queue.sent.length = 0;
    const { rows, roundTrips } = await measure("POST", "/api/assets/empty-trash");
    costs.push({ rows, roundTrips });
    expect((await storageUsage(libraryId)).count).toBe(count - 1000);
    const live = await sqlAll("SELECT id FROM assets WHERE library_id = ? AND trashed_at IS NULL", libraryId);
    for (const order of ["asc", "desc"]) {
      const page = await measure("GET", `/api/assets?include=&state=trashed&order=${order}`);
      expect(JSON.parse(page.body)).toEqual({ data: [], has_more: false });
      // The credential's memory holds the trash as it was before, so one page of it is read and discarded.
      expect(page.rows).toBeLessThanOrEqual(6 + PAGE);
    }
    const counts = await measure("GET", "/api/assets/counts?state=trashed");
    expect(JSON.parse(counts.body)).toEqual({ data: [], has_more: false });
    for (let i = 0; i < 40 && queue.sent.length > 0; i++) {
      await deliver(queue.sent.splice(0), { env: { QUEUE: queue.binding } });
    }
    expect((await storageUsage(libraryId)).count).toBe(live.length);
  }
  expect(costs[1]?.roundTrips).toBe(costs[0]?.roundTrips);
  expect(costs[1]?.rows).toBeLessThanOrEqual((costs[0]?.rows ?? 0) * 1.1);
  const wrong = Object.keys(await findInconsistencies()).filter(
    (what) => !/^an album's (ends|count)|^an asset's count/.test(what),
  );
  expect(wrong).toEqual([]);
}, 240_000);
