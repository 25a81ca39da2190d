import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../../src/kernel/ids.ts";
import {
  ASSETS_PER_PART,
  indexChanges,
  PARTS_PER_RUN,
} from "../../../../src/operations/search/indexing/indexChanges.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { deliver, runSchedule } from "../../../support/bindings/consumer.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { recordingQueue, type RecordingQueue } from "../../../support/bindings/queue.ts";
import { createLibrary, getRootOwner, sqlAll } from "../../../support/clients/account.ts";
import { call, uniqueBytes, upload } from "../../../support/clients/api.ts";
import { testContext } from "../../../support/context.ts";
import { seedLibrary } from "../../../support/rows/seed.ts";
import {
  findByText,
  findIndexDifferences,
  indexAll,
  indexContents,
  rebuildIndex,
} from "../../../support/search/textIndex.ts";

let libraryId: string;
let userId: string;
let queue: RecordingQueue;

beforeAll(async () => {
  ({ userId } = await getRootOwner());
  await indexAll();
});

beforeEach(async () => {
  libraryId = await createLibrary();
  queue = recordingQueue();
});

async function send(method: string, path: string, json?: unknown): Promise<{ id: string }> {
  const response = await call(method, path, { env: { QUEUE: queue.binding }, ...(json === undefined ? {} : { json }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? { id: "" } : await response.json();
}

async function newAsset(name = "photo.jpg", inLibrary = libraryId): Promise<string> {
  const response = await upload(uniqueBytes(), { name, libraryId: inLibrary, env: { QUEUE: queue.binding } });
  return (await response.json<{ id: string }>()).id;
}

const newAlbum = async (name: string): Promise<string> =>
  (await send("POST", "/api/albums", { name, library_id: libraryId })).id;

/** Delivers the message of the indexing that the last change sent, once. */
async function deliverIndexing(): Promise<void> {
  const messages = queue.indexing.splice(0);
  expect(messages).toHaveLength(1);
  await deliver(messages, { env: { QUEUE: queue.binding } });
  queue = recordingQueue();
}

describe("one delivery after a change", () => {
  it("a new caption is found, and the old one is not", async () => {
    const id = await newAsset();
    await send("PATCH", `/api/assets/${id}`, { description: "Lighthouse at dawn" });
    await deliverIndexing();
    expect(await findByText(libraryId, "lighthouse")).toEqual([id]);
    await send("PATCH", `/api/assets/${id}`, { description: "A windmill" });
    await deliverIndexing();
    expect([await findByText(libraryId, "lighthouse"), await findByText(libraryId, "windmill")]).toEqual([[], [id]]);
  });

  it("an asset is found by its new album, and by the album's new name", async () => {
    const id = await newAsset();
    const albumId = await newAlbum("Honeymoon");
    await send("POST", `/api/albums/${albumId}/assets`, { asset_ids: [id] });
    await deliverIndexing();
    expect(await findByText(libraryId, "honeymoon")).toEqual([id]);
    await send("PATCH", `/api/albums/${albumId}`, { name: "Anniversary" });
    await deliverIndexing();
    expect([await findByText(libraryId, "honeymoon"), await findByText(libraryId, "anniversary")]).toEqual([[], [id]]);
  });

  it("a trashed asset is not in the index, and a restored one is", async () => {
    const id = await newAsset("sunrise.jpg");
    await deliver([{ assetId: id }], { env: { QUEUE: queue.binding } });
    await deliverIndexing();
    expect(await findByText(libraryId, "sunrise")).toEqual([id]);
    await send("POST", `/api/assets/trash?library_id=${libraryId}`, { ids: [id] });
    await deliverIndexing();
    expect(await findByText(libraryId, "sunrise")).toEqual([]);
    await send("POST", `/api/assets/restore?library_id=${libraryId}`, { ids: [id] });
    await deliverIndexing();
    expect(await findByText(libraryId, "sunrise")).toEqual([id]);
  });

  it("a moved asset is found in its new library only", async () => {
    const other = await createLibrary();
    const id = await newAsset("meteor.jpg");
    await send("POST", "/api/assets/move", {
      asset_ids: [id],
      source_library_id: libraryId,
      destination_library_id: other,
    });
    await indexAll();
    const places = [await findByText(libraryId, "meteor"), await findByText(other, "meteor")];
    expect(places).toEqual([[], [id]]);
  });
});

describe("messages", () => {
  it("are shared by changes that follow each other, and sent by none that only read", async () => {
    const id = await newAsset();
    queue.indexing.length = 0;
    for (const description of ["a", "b", "c"]) await send("PATCH", `/api/assets/${id}`, { description });
    await send("GET", `/api/assets/${id}`);
    expect(queue.indexing).toHaveLength(1);
    const reader = recordingQueue();
    await call("GET", `/api/assets/${id}`, { env: { QUEUE: reader.binding } });
    expect(reader.indexing).toEqual([]);
  });

  it("of an upload are its task message alone, whose consumer starts the indexing", async () => {
    const id = await newAsset("upload.jpg");
    expect([queue.sent, queue.indexing]).toEqual([[{ assetId: id }], []]);
    await deliver(queue.sent, { env: { QUEUE: queue.binding } });
    expect(queue.indexing).toHaveLength(1);
  });

  it("that the queue refused are replaced by the schedule", async () => {
    const broken = recordingQueue(new Error("queue unavailable"));
    const id = await newAsset();
    await call("PATCH", `/api/assets/${id}`, { json: { description: "zeppelin" }, env: { QUEUE: broken.binding } });
    expect(await findByText(libraryId, "zeppelin")).toEqual([]);
    await runSchedule();
    expect(await findByText(libraryId, "zeppelin")).toEqual([id]);
  });
});

describe("a large album", () => {
  it("that is renamed is indexed in parts that continue each other", async () => {
    const { libraryId: seeded, albumId } = await seedLibrary(userId, 2500);
    await rebuildIndex();
    const [row] = await sqlAll(
      "SELECT count(*) AS n FROM album_assets WHERE album_id = ? AND trashed_at IS NULL",
      albumId,
    );
    const members = Number(row?.["n"]);
    expect(members).toBeGreaterThan(2 * ASSETS_PER_PART.paid);
    expect((await findByText(seeded, "seeded", 2000)).length).toBe(members);
    await sqlAll("UPDATE albums SET name = 'Expedition' WHERE id = ?", albumId);
    await sqlAll(
      `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at) VALUES (?, 'album_updated', 'album', ?, 1)`,
      seeded,
      albumId,
    );
    await deliver([{ indexChanges: true }], { env: { QUEUE: queue.binding } });
    expect((await findByText(seeded, "expedition", 2000)).length).toBe(members);
    expect(await findByText(seeded, "seeded")).toEqual([]);
    expect(await findIndexDifferences()).toEqual([]);
  });

  it("reads none of its assets again when only its members change", async () => {
    const { libraryId: seeded, albumId } = await seedLibrary(userId, 2000);
    await indexAll();
    await rebuildIndex();
    const [row] = await sqlAll(
      "SELECT id FROM assets WHERE library_id = ? AND album_count = 0 AND trashed_at IS NULL LIMIT 1",
      seeded,
    );
    await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: [row?.["id"]] } });
    const db = countingD1(env.DB);
    await indexAll(testContext({ db: openDatabase(db.binding, "primary") }));
    expect(db.counts.rowsRead).toBeLessThan(60);
    expect(await findByText(seeded, "seeded", 2000)).toContain(row?.["id"]);
  });
});

it("continues after a run that was overtaken, and leaves what the other wrote", async () => {
  const ids = [await newAsset("overtaken.jpg"), await newAsset("overtaken.jpg")];
  let isFirst = true;
  const slow = countingD1(env.DB, {
    beforeBatch: async (statements) => {
      if (!isFirst || !statements.some((sql) => sql.includes("file_metadata"))) return;
      isFirst = false;
      await indexAll();
      await call("PATCH", `/api/assets/${ids[0] ?? ""}`, { json: { description: "newer" } });
      await indexAll();
    },
  });
  await indexAll(testContext({ db: openDatabase(slow.binding, "primary") }));
  expect(isFirst).toBe(false);
  expect(await findByText(libraryId, "newer")).toEqual([ids[0]]);
  expect(await findIndexDifferences()).toEqual([]);
});

it("starts over when the main database was restored to an earlier time", async () => {
  const id = await newAsset("restored.jpg");
  await indexAll();
  await env.SEARCH_DB.prepare("UPDATE search_state SET seq = seq + 1000, revision = revision + 1").run();
  await call("PATCH", `/api/assets/${id}`, { json: { description: "earlier" } });
  await indexAll();
  expect(await findByText(libraryId, "earlier")).toEqual([id]);
  expect(await findIndexDifferences()).toEqual([]);
});

it("is bounded in one message", async () => {
  await seedLibrary(userId, ASSETS_PER_PART.paid * (PARTS_PER_RUN.paid + 2));
  await env.SEARCH_DB.prepare("UPDATE search_state SET index_version = 0, revision = revision + 1").run();
  const context = testContext();
  expect(await indexChanges(context)).toBe(true);
  await deliver([{ indexChanges: true }], { env: { QUEUE: queue.binding } });
  await indexAll();
  const [row] = (await env.SEARCH_DB.prepare("SELECT count(*) AS n FROM search_documents").all()).results;
  const [live] = await sqlAll("SELECT count(*) AS n FROM assets WHERE trashed_at IS NULL");
  expect(row).toEqual(live);
});

it("finds an asset by the people in it, also after they are renamed and merged", async () => {
  const id = await newAsset();
  const [anna, otto] = [newId("person"), newId("person")];
  for (const [person, name] of [
    [anna, "Anna"],
    [otto, "Otto"],
  ]) {
    await sqlAll(
      "INSERT INTO people (id, library_id, user_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, 1, 1)",
      person,
      libraryId,
      userId,
      name,
    );
  }
  await sqlAll(
    `INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, source, created_at, updated_at)
     VALUES (?, ?, ?, ?, 0, 0, 10, 10, 'manual', 1, 1)`,
    newId("face"),
    libraryId,
    id,
    anna,
  );
  const event = async (type: string, entity: string, entityId: string): Promise<void> => {
    await sqlAll(
      "INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at) VALUES (?, ?, ?, ?, 1)",
      libraryId,
      type,
      entity,
      entityId,
    );
  };
  const [face] = await sqlAll("SELECT id FROM faces WHERE asset_id = ?", id);
  await event("face_created", "face", String(face?.["id"]));
  await indexAll();
  expect(await findByText(libraryId, "anna")).toEqual([id]);
  await sqlAll("UPDATE people SET name = 'Annabel' WHERE id = ?", anna);
  await event("person_updated", "person", anna);
  await indexAll();
  expect(await findByText(libraryId, "annabel")).toEqual([id]);
  await sqlAll("UPDATE faces SET person_id = ? WHERE asset_id = ?", otto, id);
  await sqlAll("DELETE FROM people WHERE id = ?", anna);
  await event("person_deleted", "person", anna);
  await indexAll();
  expect([await findByText(libraryId, "annabel"), await findByText(libraryId, "otto")]).toEqual([[], [id]]);
  expect(await findIndexDifferences()).toEqual([]);
});

describe("the routes of the owner", () => {
  it("show how far the index is, and rebuild it with the same contents", async () => {
    const id = await newAsset("rebuilt.jpg");
    const status = async () => await (await call("GET", "/api/search-index")).json();
    expect(await status()).toMatchObject({ is_rebuilding: false, events_behind: 2 });
    await indexAll();
    expect(await status()).toMatchObject({ is_rebuilding: false, events_behind: 0 });
    const before = await indexContents();
    const response = await call("POST", "/api/search-index/rebuild", { env: { QUEUE: queue.binding } });
    expect([response.status, queue.indexing.length]).toEqual([202, 1]);
    expect(await status()).toMatchObject({ is_rebuilding: true });
    await indexAll();
    expect(await indexContents()).toEqual(before);
    expect(await findByText(libraryId, "rebuilt")).toEqual([id]);
  });
});

describe("the cost of the indexing", () => {
  const measure = async () => {
    const [db, searchDb] = [countingD1(env.DB), countingD1(env.SEARCH_DB)];
    await indexAll(
      testContext({ db: openDatabase(db.binding, "primary"), searchDb: openDatabase(searchDb.binding, "primary") }),
    );
    const { rowsRead, rowsWritten } = searchDb.counts;
    return {
      main: { trips: db.counts.roundTrips, read: db.counts.rowsRead, written: db.counts.rowsWritten },
      search: { trips: searchDb.counts.roundTrips, read: rowsRead, written: rowsWritten },
    };
  };

  it("of a new caption is a few rows and round trips, and a row written if the document is the same", async () => {
    const id = await newAsset();
    await indexAll();
    await send("PATCH", `/api/assets/${id}`, { description: "costly" });
    const changed = await measure();
    await send("PATCH", `/api/assets/${id}`, { rating: 3 });
    const same = await measure();
    expect(changed).toMatchObject({ main: { trips: 2, written: 0 }, search: { trips: 3 } });
    expect(changed.main.read).toBeLessThanOrEqual(16);
    expect(changed.search.read).toBeLessThanOrEqual(30);
    expect(changed.search.written).toBeLessThanOrEqual(6);
    expect(same.search.written).toBeLessThanOrEqual(1);
  });

  it("of many assets is three rows written for each", async () => {
    for (let i = 0; i < 20; i++) await newAsset();
    const { search } = await measure();
    expect(search.written).toBeLessThanOrEqual(20 * 3 + 1);
  });
});
