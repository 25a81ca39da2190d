import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { EVENT_SWEEP_INTERVAL_MS, sweepEvents } from "../../../src/operations/maintenance/eventSweep.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { testContext } from "../../support/context.ts";

beforeEach(async () => {
  await getRootOwner();
  for (const table of ["assets", "events", "sweep_positions"]) await sqlAll(`DELETE FROM ${table}`);
});

const typesOf = async (id: string): Promise<unknown[]> =>
  (await sqlAll("SELECT event_type FROM events WHERE entity_id = ? ORDER BY seq", id)).map((row) => row.event_type);

async function uploadUnique(): Promise<{ id: string }> {
  return await expectAsset(await uploadWithoutConsumer(uniqueBytes()), 201);
}

async function purge(id: string): Promise<void> {
  expect((await call("DELETE", `/api/assets/${id}`)).status).toBe(200);
}

describe("the sweep of events", () => {
  it("deletes earlier events of deleted assets, and keeps the rest of the feed", async () => {
    const [kept, gone] = [await uploadUnique(), await uploadUnique()];
    const album = await call("POST", "/api/albums", { json: { name: "a" } });
    const { id: albumId } = await album.json<{ id: string }>();
    await purge(gone.id);
    const before = await typesOf(kept.id);
    expect(before).toContain("asset_created");
    expect(await sweepEvents(testContext())).toBe(2);
    expect(await typesOf(gone.id)).toEqual(["asset_deleted"]);
    expect(await typesOf(kept.id)).toEqual(before);
    expect(await typesOf(albumId)).toEqual(["album_created"]);
  });

  it("deletes earlier events of deleted people and faces", async () => {
    const { id: asset } = await uploadUnique();
    await sqlAll("UPDATE assets SET width = 10, height = 10");
    const create = async (path: string, json: object): Promise<string> =>
      (await (await call("POST", path, { json })).json<{ id: string }>()).id;
    const people = [await create("/api/people", {}), await create("/api/people", {})];
    const bounding_box = { x: 0, y: 0, w: 1, h: 1 };
    const faces = [];
    for (const person_id of people)
      faces.push(await create("/api/faces", { asset_id: asset, person_id, bounding_box }));
    await call("DELETE", `/api/people/${people[0]}`);
    await call("DELETE", `/api/faces/${faces[0]}`);
    expect(await sweepEvents(testContext())).toBe(3);
    const types = await Promise.all([...people, ...faces].map(typesOf));
    expect(types).toEqual([["person_deleted"], ["person_created"], ["face_deleted"], ["face_created"]]);
    await sqlAll("DELETE FROM people");
  });

  it("reads the feed in parts, over several runs, and starts again after a week", async () => {
    const ids = Array.from({ length: 40 }, () => newId("asset"));
    for (const id of ids) {
      await sqlAll(
        `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
         SELECT id, 'asset_updated', 'asset', ?, 0 FROM libraries LIMIT 1`,
        id,
      );
    }
    const first = Number((await sqlAll("SELECT min(seq) AS seq FROM events"))[0]?.seq);
    const partSize = Math.ceil((first + 40) / 4);
    const startMs = Date.now();
    const database = countingD1(env.DB);
    const run = async (nowMs: number): Promise<number> => {
      database.reset();
      return await sweepEvents(testContext({ nowMs, db: openDatabase(database.binding, "primary") }), partSize);
    };
    let deleted = 0;
    for (let i = 0; i < 4; i++) {
      deleted += await run(startMs + i);
      // Each event, its entity, and the event again to delete it.
      expect(database.counts.rowsRead).toBeLessThanOrEqual(3 * partSize + 5);
    }
    expect(deleted).toBe(40);
    const gone = await uploadUnique();
    await purge(gone.id);
    expect(await run(startMs + EVENT_SWEEP_INTERVAL_MS - 1)).toBe(0);
    expect(database.counts.rowsRead).toBeLessThanOrEqual(2);
    for (let i = 0; i < 6; i++) deleted += await run(startMs + EVENT_SWEEP_INTERVAL_MS + i);
    expect(deleted).toBe(42);
    expect(await typesOf(gone.id)).toEqual(["asset_deleted"]);
  });
});
