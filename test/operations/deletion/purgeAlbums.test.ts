import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { MEMBERSHIPS_PER_PART } from "../../../src/records/deletion/purgeAlbums.ts";
import { deliver, runSchedule } from "../../support/bindings/consumer.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { insertKey, insertUser } from "../../support/clients/tenants.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { seedLibrary } from "../../support/rows/seed.ts";

const MEMBERS = 2.5 * MEMBERSHIPS_PER_PART;

let token: string;
let libraryId: string;
let albumId: string;
let memberId: string;
let membershipId: string;
const queue = recordingQueue();

/** A library whose every asset is in one album, through the triggers that count. */
async function albumOfAll(count: number): Promise<void> {
  const userId = await insertUser();
  ({ secret: token } = await insertKey({ userId }));
  ({ libraryId } = await seedLibrary(userId, count));
  await sqlAll("DELETE FROM album_assets WHERE library_id = ?", libraryId);
  await sqlAll("UPDATE assets SET album_count = 1, stack_id = NULL, trashed_at = NULL WHERE library_id = ?", libraryId);
  const created = await call("POST", "/api/albums", { token, json: { name: "all", library_id: libraryId } });
  ({ id: albumId } = await created.json<{ id: string }>());
  await sqlAll(
    `INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, created_at, updated_at)
     SELECT 'album_' || id, library_id, ?2, id, local_us, 0, 0 FROM assets WHERE library_id = ?1`,
    libraryId,
    albumId,
  );
  await sqlAll("UPDATE albums SET asset_count = ?2 WHERE id = ?1", albumId, count);
  const [membership] = await sqlAll(
    "SELECT id, asset_id FROM album_assets WHERE album_id = ? ORDER BY id DESC",
    albumId,
  );
  membershipId = String(membership?.id);
  memberId = String(membership?.asset_id);
}

async function request(method: string, path: string, json?: unknown): Promise<Response> {
  return await call(method, path, { token, env: { QUEUE: queue.binding }, ...(json === undefined ? {} : { json }) });
}

async function listed(path: string): Promise<number> {
  const response = await request("GET", path);
  expect(response.status, path).toBe(200);
  return (await response.json<{ data: unknown[] }>()).data.length;
}

async function remaining(): Promise<number> {
  return (await sqlAll("SELECT 1 FROM album_assets WHERE album_id = ?", albumId)).length;
}

async function eventTypes(): Promise<string[]> {
  const rows = await sqlAll("SELECT event_type FROM events WHERE library_id = ? ORDER BY seq", libraryId);
  return rows.map((row) => String(row.event_type));
}

async function deliverAll(): Promise<void> {
  for (let i = 0; i < 20 && queue.sent.length > 0; i++)
    await deliver(queue.sent.splice(0), { env: { QUEUE: queue.binding } });
}

beforeEach(async () => {
  queue.sent.length = 0;
  await albumOfAll(MEMBERS);
});

describe("deleting an album of several parts", () => {
  it("hides the album and its memberships at once, and deletes one part", async () => {
    expect((await request("DELETE", `/api/albums/${albumId}`)).status).toBe(200);
    expect(await remaining()).toBe(MEMBERS - MEMBERSHIPS_PER_PART);
    expect(queue.sent).toEqual([{ deleteAlbumId: albumId }]);
    for (const [method, path, json] of [
      ["GET", `/api/albums/${albumId}`],
      ["PATCH", `/api/albums/${albumId}`, { name: "x" }],
      ["DELETE", `/api/albums/${albumId}`],
      ["GET", `/api/albums/${albumId}/assets`],
      ["POST", `/api/albums/${albumId}/assets`, { asset_ids: [memberId] }],
      ["DELETE", `/api/albums/${albumId}/assets`, { asset_ids: [memberId] }],
      ["GET", `/api/album-assets?library_id=${libraryId}&album_id=${albumId}`],
      ["GET", `/api/album-assets/${membershipId}`],
      ["GET", `/api/assets?library_id=${libraryId}&album_id=${albumId}`],
    ] as const) {
      expect((await request(method, path, json)).status, `${method} ${path}`).toBe(404);
    }
    expect(await listed(`/api/albums?library_id=${libraryId}&ids=${albumId}`)).toBe(0);
    expect(await listed(`/api/albums?library_id=${libraryId}&asset_id=${memberId}`)).toBe(0);
    expect(await listed(`/api/album-assets?library_id=${libraryId}`)).toBe(0);
    expect(await listed(`/api/album-assets?library_id=${libraryId}&asset_id=${memberId}`)).toBe(0);
    expect(await listed(`/api/album-assets?library_id=${libraryId}&ids=${membershipId}`)).toBe(0);
  });

  it("deletes the rest by queue messages, with one event per membership and album_deleted as the last", async () => {
    await request("DELETE", `/api/albums/${albumId}`);
    await deliverAll();
    expect(await remaining()).toBe(0);
    const expected = [...Array.from({ length: MEMBERS }, () => "album_asset_removed"), "album_deleted"];
    expect(await eventTypes()).toEqual(["album_created", ...expected]);
    expect(await sqlAll("SELECT id FROM albums WHERE id = ?", albumId)).toEqual([]);
    expect(await listed(`/api/assets?library_id=${libraryId}&album_filter=in_album`)).toBe(0);
    expect(await findInconsistencies()).toEqual({});
  });

  it("records no album_updated for a deleted album whose members change", async () => {
    await request("DELETE", `/api/albums/${albumId}`);
    const trashed = await request("POST", `/api/assets/trash?library_id=${libraryId}`, { ids: [memberId] });
    expect(trashed.status).toBe(200);
    await request("DELETE", `/api/assets?library_id=${libraryId}`, { ids: [memberId] });
    await deliverAll();
    const types = await eventTypes();
    expect(types).not.toContain("album_updated");
    expect(types.filter((type) => type === "album_asset_removed")).toHaveLength(MEMBERS);
    expect(await findInconsistencies()).toEqual({});
  });

  it("continues by schedule when the message is lost, and ignores a repeated message", async () => {
    await request("DELETE", `/api/albums/${albumId}`);
    const [message] = queue.sent.splice(0);
    await runSchedule();
    expect(await remaining()).toBe(0);
    const events = await eventTypes();
    await deliver([message, message], { env: { QUEUE: queue.binding } });
    expect(queue.sent).toEqual([]);
    expect(await eventTypes()).toEqual(events);
    expect(await findInconsistencies()).toEqual({});
  });

  it("acknowledges a message for an unknown album", async () => {
    const { acknowledged } = await deliver([{ deleteAlbumId: newId("album") }], { env: { QUEUE: queue.binding } });
    expect(acknowledged).toBe(1);
  });

  it("reads rows in proportion to a part, whatever the size of the album", async () => {
    const rowsOfDelete = async (): Promise<number> => {
      const { binding, counts } = countingD1(env.DB);
      await call("DELETE", `/api/albums/${albumId}`, { token, env: { DB: binding, QUEUE: queue.binding } });
      return counts.rowsRead;
    };
    const rows = await rowsOfDelete();
    await albumOfAll(3 * MEMBERS);
    expect(await rowsOfDelete()).toBeLessThan(1.1 * rows);
    expect(rows).toBeLessThan(20 * MEMBERSHIPS_PER_PART);
  });
});
