/** Every change that the API or a scheduled task makes, each run against a freshly seeded library. */
import { env } from "cloudflare:workers";
import { z } from "zod";
import { originalKey } from "../../src/objects/keys.ts";
import { purgeLibraries } from "../../src/operations/deletion/purgeLibraries.ts";
import { cleanUpDeletedAssets, purgeTrash } from "../../src/operations/deletion/purge.ts";
import { sweepObjects } from "../../src/operations/maintenance/sweeps.ts";
import { cleanUpVersions } from "../../src/operations/versions/versionCleanup.ts";
import { openDatabase } from "../../src/records/database.ts";
import { deleteAlbum, findHiddenAlbum, purgeAlbumPart } from "../../src/records/deletion/purgeAlbums.ts";
import { createLibrary, getRootOwner, sqlAll } from "../support/clients/account.ts";
import { call, uniqueBytes, uploadForm } from "../support/clients/api.ts";
import { deliver } from "../support/bindings/consumer.ts";
import { jpegWithOrientation, renderPng } from "../support/media/images.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { insertAssets, SEEDED_VERSION_ID } from "../support/clients/tenants.ts";
import { versionForm } from "../support/clients/versions.ts";
import { testContext, testConfig } from "../support/context.ts";
import type { Context } from "../../src/operations/context.ts";
import { makeDue } from "../support/rows/taskRows.ts";

export type Bindings = Partial<Cloudflare.Env>;

/**
 * An album holds a, b and c; a stack holds c (its cover), d and e; e is in the trash; p is an uploaded photo. The named
 * person has a face on a and two on c, of which one is the portrait; the unnamed one has one on c; b has a face without
 * a person.
 */
export interface TestLibrary {
  libraryId: string;
  /** Labels that replace ids in snapshots, so that two runs compare equal. */
  idLabels: Map<string, string>;
  a: string;
  b: string;
  c: string;
  d: string;
  e: string;
  p: string;
  album: string;
  stack: string;
  named: string;
  unnamed: string;
  portrait: string;
  looseFace: string;
  /** File of an upload action; a retry sends the same bytes. */
  bytes: Uint8Array;
  versionId: string;
  /** The destination of a move; empty without one. */
  otherLibraryId: string;
}

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;
const LIBRARY_NAME = "simulated library";

const withId = z.looseObject({ id: z.string() });
const withoutConsumer: Bindings = { QUEUE: recordingQueue().binding };
let png: Uint8Array;
let jpeg: Uint8Array;
let userId = "";

/** Prepares the shared images and the owner. Call once, before the first seedTestLibrary. */
export async function prepareActions(): Promise<void> {
  ({ userId } = await getRootOwner());
  const stream = await renderPng(16, 16, (x, y) => [x * 10, y * 10, 90, 255]);
  png = new Uint8Array(await new Blob([stream]).arrayBuffer());
  jpeg = await jpegWithOrientation(png, 1);
}

async function createEntity(path: string, options: { json?: unknown; body?: FormData }): Promise<string> {
  return withId.parse(await (await call("POST", path, { ...options, env: withoutConsumer })).json()).id;
}

export async function seedTestLibrary(): Promise<TestLibrary> {
  const libraryId = await createLibrary(`${LIBRARY_NAME} ${crypto.randomUUID()}`);
  const inserted = await insertAssets({ userId, libraryId }, [{}, {}, {}, {}, {}]);
  const [a = "", b = "", c = "", d = "", e = ""] = inserted.toSorted();
  await sqlAll(
    `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
     SELECT library_id, 'asset_created', 'asset', id, 1 FROM assets WHERE library_id = ? ORDER BY id`,
    libraryId,
  );
  for (const id of inserted) await env.BUCKET.put(originalKey(id, SEEDED_VERSION_ID), "ten bytes.");
  const form = uploadForm(new Uint8Array([...png, ...uniqueBytes(8)]), { libraryId, name: "p.png" });
  const p = await createEntity("/api/assets", { body: form });
  const album = await createEntity("/api/albums", { json: { name: "a", library_id: libraryId } });
  await call("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [a, b, c] } });
  const json = { asset_ids: [c, d, e], primary_asset_id: c, library_id: libraryId };
  const stack = await createEntity("/api/stacks", { json });
  await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [e] } });
  const people = await seedPeople(libraryId, { a, b, c });
  const ids = { a, b, c, d, e, p, album, stack, ...people };
  const idLabels = new Map([
    ...Object.entries(ids).map(([label, id]): [string, string] => [id, label]),
    [libraryId, "library"],
  ]);
  return { libraryId, idLabels, ...ids, bytes: uniqueBytes(300), versionId: "", otherLibraryId: "" };
}

async function seedPeople(libraryId: string, { a, b, c }: { a: string; b: string; c: string }) {
  await sqlAll("UPDATE assets SET width = 100, height = 100 WHERE library_id = ? AND width = 0", libraryId);
  const newPerson = async (name: string | null): Promise<string> =>
    await createEntity("/api/people", { json: { name, library_id: libraryId } });
  const newFace = async (asset_id: string, person_id: string | null, sizePx: number): Promise<string> => {
    const bounding_box = { x: 0, y: 0, w: sizePx, h: sizePx };
    return await createEntity("/api/faces", { json: { asset_id, person_id, bounding_box } });
  };
  const [named, unnamed] = [await newPerson("Ada"), await newPerson(null)];
  await newFace(a, named, 20);
  const portrait = await newFace(c, named, 10);
  await newFace(c, named, 30);
  await newFace(c, unnamed, 40);
  const looseFace = await newFace(b, null, 50);
  await call("PATCH", `/api/people/${named}`, { json: { thumbnail_face_id: portrait } });
  return { named, unnamed, portrait, looseFace };
}

async function addVersion(library: TestLibrary): Promise<void> {
  library.versionId = await createEntity(`/api/assets/${library.p}/versions`, { body: versionForm(png) });
  library.idLabels.set(library.versionId, "edited version");
}

async function addOtherLibrary(library: TestLibrary): Promise<void> {
  library.otherLibraryId = await createLibrary(`${LIBRARY_NAME} ${crypto.randomUUID()}`);
  library.idLabels.set(library.otherLibraryId, "other library");
}

export interface Action {
  name: string;
  setUp?: (library: TestLibrary) => Promise<unknown>;
  /** Sends the request or runs the task. Throws where a client or the queue would retry. */
  run: (library: TestLibrary, bindings: Bindings) => Promise<unknown>;
  /** The library is already in the resulting state. */
  isNoOp?: boolean;
}

/** Throws on a 5xx, which a client would retry; a 4xx is a final response. */
export function request(
  method: string,
  path: (library: TestLibrary) => string,
  options: (library: TestLibrary) => object = () => ({}),
): Action["run"] {
  return async (library, bindings) => {
    const response = await call(method, path(library), {
      ...options(library),
      env: { ...withoutConsumer, ...bindings },
    });
    if (response.status >= 500) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
}

export const jsonBody = (body: (library: TestLibrary) => unknown) => (library: TestLibrary) => ({
  json: body(library),
});
const inLibrary = (path: string) => (library: TestLibrary) => `${path}?library_id=${library.libraryId}`;
const contextAt = (bindings: Bindings, nowMs: number): Context => {
  const all = { ...env, ...withoutConsumer, ...bindings };
  return testContext({ db: openDatabase(all.DB, "primary"), bucket: all.BUCKET, queue: all.QUEUE, nowMs });
};

export const actions: Action[] = [
  {
    name: "upload a file",
    run: request(
      "POST",
      () => "/api/assets",
      (library) => ({ body: uploadForm(library.bytes, { libraryId: library.libraryId }) }),
    ),
  },
  {
    name: "upload a photo with pending tasks",
    run: request(
      "POST",
      () => "/api/assets",
      (library) => ({
        body: uploadForm(new Uint8Array([...png, ...library.bytes]), { libraryId: library.libraryId, name: "q.png" }),
      }),
    ),
  },
  {
    name: "upload a duplicate",
    isNoOp: true,
    setUp: async (library) =>
      await createEntity("/api/assets", { body: uploadForm(library.bytes, { libraryId: library.libraryId }) }),
    run: request(
      "POST",
      () => "/api/assets",
      (library) => ({ body: uploadForm(library.bytes, { libraryId: library.libraryId }) }),
    ),
  },
  {
    name: "upload a duplicate of an asset in the cleared trash",
    setUp: async (library) => {
      const id = await createEntity("/api/assets", {
        body: uploadForm(library.bytes, { libraryId: library.libraryId }),
      });
      await call("POST", `/api/assets/trash?library_id=${library.libraryId}`, { json: { ids: [id] } });
      await sqlAll(
        "UPDATE libraries SET trash_cleared_at = (SELECT max(trashed_at) FROM assets) WHERE id = ?",
        library.libraryId,
      );
    },
    run: request(
      "POST",
      () => "/api/assets",
      (library) => ({ body: uploadForm(library.bytes, { libraryId: library.libraryId }) }),
    ),
  },
  {
    name: "trash assets",
    run: request(
      "POST",
      inLibrary("/api/assets/trash"),
      jsonBody(({ a, c, p }) => ({ ids: [a, c, p] })),
    ),
  },
  {
    name: "restore assets",
    setUp: async ({ libraryId, a, c }) =>
      await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [a, c] } }),
    run: request(
      "POST",
      inLibrary("/api/assets/restore"),
      jsonBody(({ a, c, e }) => ({ ids: [a, c, e] })),
    ),
  },
  { name: "delete an asset", run: request("DELETE", ({ c }) => `/api/assets/${c}`) },
  {
    name: "delete an asset of a stack with two members",
    setUp: async ({ libraryId, e }) =>
      await call("DELETE", `/api/assets?library_id=${libraryId}`, { json: { ids: [e] } }),
    run: request("DELETE", ({ d }) => `/api/assets/${d}`),
  },
  {
    name: "delete several assets",
    run: request(
      "DELETE",
      inLibrary("/api/assets"),
      jsonBody(({ a, c, d, p }) => ({ ids: [a, c, d, p] })),
    ),
  },
  {
    name: "move assets to another library",
    setUp: async (library) => {
      await addOtherLibrary(library);
      await addVersion(library);
    },
    run: request(
      "POST",
      () => "/api/assets/move",
      jsonBody(({ a, c, p, libraryId, otherLibraryId }) => ({
        asset_ids: [a, c, p],
        source_library_id: libraryId,
        destination_library_id: otherLibraryId,
      })),
    ),
  },
  { name: "delete a photo with a version", setUp: addVersion, run: request("DELETE", ({ p }) => `/api/assets/${p}`) },
  { name: "empty the trash", run: request("POST", inLibrary("/api/assets/empty-trash")) },
  {
    name: "create an album",
    run: request(
      "POST",
      () => "/api/albums",
      ({ libraryId }) => ({
        json: { name: "n", library_id: libraryId },
        headers: { "idempotency-key": `album-of-${libraryId}` },
      }),
    ),
  },
  {
    name: "add assets to an album",
    run: request(
      "POST",
      ({ album }) => `/api/albums/${album}/assets`,
      jsonBody(({ a, d, p }) => ({ asset_ids: [a, d, p] })),
    ),
  },
  {
    name: "remove assets from an album",
    run: request(
      "DELETE",
      ({ album }) => `/api/albums/${album}/assets`,
      jsonBody(({ a, c, d }) => ({ asset_ids: [a, c, d] })),
    ),
  },
  {
    name: "set the cover of an album",
    run: request(
      "PATCH",
      ({ album }) => `/api/albums/${album}`,
      jsonBody(({ b }) => ({ description: "text", album_cover_asset_id: b })),
    ),
  },
  { name: "delete an album", run: request("DELETE", ({ album }) => `/api/albums/${album}`) },
  {
    name: "delete an album in parts of one membership",
    run: async ({ album, libraryId }, { DB = env.DB }) => {
      const db = openDatabase(DB, "primary");
      await deleteAlbum(db, { id: album, libraryId }, Date.now(), 1);
      for (let hidden = await findHiddenAlbum(db, album); hidden !== null; hidden = await findHiddenAlbum(db, album))
        await purgeAlbumPart(db, hidden, Date.now(), 1);
    },
  },
  {
    name: "create a stack",
    run: request(
      "POST",
      () => "/api/stacks",
      jsonBody(({ a, b, libraryId }) => ({ asset_ids: [a, b], primary_asset_id: b, library_id: libraryId })),
    ),
  },
  {
    name: "create a stack with the cover of another stack",
    run: request(
      "POST",
      () => "/api/stacks",
      jsonBody(({ a, c, libraryId }) => ({ asset_ids: [a, c], library_id: libraryId })),
    ),
  },
  {
    name: "add assets to a stack",
    run: request(
      "POST",
      ({ stack }) => `/api/stacks/${stack}/assets`,
      jsonBody(({ a, b }) => ({ asset_ids: [a, b] })),
    ),
  },
  {
    name: "remove assets from a stack",
    run: request(
      "DELETE",
      ({ stack }) => `/api/stacks/${stack}/assets`,
      jsonBody(({ c }) => ({ asset_ids: [c] })),
    ),
  },
  {
    name: "set the cover of a stack",
    run: request(
      "PATCH",
      ({ stack }) => `/api/stacks/${stack}`,
      jsonBody(({ d }) => ({ primary_asset_id: d })),
    ),
  },
  { name: "delete a stack", run: request("DELETE", ({ stack }) => `/api/stacks/${stack}`) },
  {
    name: "update the metadata of an asset",
    run: request(
      "PATCH",
      ({ a }) => `/api/assets/${a}`,
      jsonBody(() => ({
        latitude: 48,
        longitude: 11,
        original_datetime: "2001-02-03T04:05:06",
        description: "text",
        rating: 5,
      })),
    ),
  },
  {
    name: "update the metadata of several assets",
    run: request(
      "POST",
      () => "/api/assets/bulk-update",
      jsonBody(({ a, b, p }) => ({
        updates: [a, b, p].map((id, i) => ({ id, change: { original_datetime: "2031-02-03T04:05:06Z", rating: i } })),
      })),
    ),
  },
  {
    name: "append a version",
    run: request(
      "POST",
      ({ p }) => `/api/assets/${p}/versions`,
      () => ({ body: versionForm(jpeg) }),
    ),
  },
  {
    name: "replace a version",
    setUp: addVersion,
    run: request(
      "POST",
      ({ p, versionId }) => `/api/assets/${p}/versions/${versionId}/replace`,
      () => ({ body: versionForm(jpeg) }),
    ),
  },
  {
    name: "delete a version",
    setUp: addVersion,
    run: request("DELETE", ({ p, versionId }) => `/api/assets/${p}/versions/${versionId}`),
  },
  {
    name: "revert to the original version",
    setUp: async (library) => {
      await addVersion(library);
      const [row] = await sqlAll("SELECT original_version_id AS id FROM assets WHERE id = ?", library.p);
      library.versionId = String(row?.id);
    },
    run: request("POST", ({ p, versionId }) => `/api/assets/${p}/versions/${versionId}/revert`),
  },
  {
    name: "update a library",
    run: request(
      "PATCH",
      ({ libraryId }) => `/api/libraries/${libraryId}`,
      jsonBody(() => ({ description: "text" })),
    ),
  },
  { name: "trash a library", run: request("POST", ({ libraryId }) => `/api/libraries/${libraryId}/trash`) },
  {
    name: "restore a library",
    setUp: async ({ libraryId }) => await call("POST", `/api/libraries/${libraryId}/trash`),
    run: request("POST", ({ libraryId }) => `/api/libraries/${libraryId}/restore`),
  },
  {
    name: "purge expired trash",
    run: async (_, bindings) =>
      await purgeTrash({
        ...contextAt(bindings, Date.now() + 1000),
        config: testConfig({ trashRetentionDays: 0 }),
      }),
  },
  {
    name: "purge a deleted library",
    setUp: async ({ libraryId }) => {
      await call("POST", `/api/libraries/${libraryId}/trash`);
      await call("DELETE", `/api/libraries/${libraryId}`);
    },
    run: async (_, bindings) => await purgeLibraries(contextAt(bindings, Date.now() + 1000)),
  },
  {
    name: "clean up deleted assets",
    setUp: async ({ libraryId, c, a }) => {
      await call("DELETE", `/api/assets?library_id=${libraryId}`, { json: { ids: [a, c] } });
      await env.BUCKET.put(`renditions/${a}/${SEEDED_VERSION_ID}/late`, "late");
    },
    run: async (_, bindings) => await cleanUpDeletedAssets(contextAt(bindings, Date.now() + 3 * HOUR_MS)),
  },
  {
    name: "clean up deleted versions",
    setUp: async (library) => {
      await addVersion(library);
      await call("DELETE", `/api/assets/${library.p}/versions/${library.versionId}`, { env: withoutConsumer });
    },
    run: async (_, bindings) => await cleanUpVersions(contextAt(bindings, Date.now() + 3 * HOUR_MS)),
  },
  {
    name: "run the pending tasks of a photo",
    run: async ({ p }, bindings) => {
      await makeDue(p, 0);
      const { retryDelays } = await deliver([{ assetId: p }], { env: { ...withoutConsumer, ...bindings } });
      if (retryDelays.length > 0) throw new Error("the message is retried");
    },
  },
];

/** Runs the scheduled cleanup as three days later, after every retention and grace period. */
export async function runCleanup(): Promise<void> {
  const later = contextAt({}, Date.now() + 3 * DAY_MS);
  await cleanUpDeletedAssets(later);
  await cleanUpVersions(later);
  await sweepObjects(later);
  await sqlAll("DELETE FROM sweep_positions");
}

export async function clearStorage(): Promise<void> {
  for (let page = await env.BUCKET.list(); page.objects.length > 0; page = await env.BUCKET.list()) {
    await env.BUCKET.delete(page.objects.map((object) => object.key));
  }
  const tables = [
    "events",
    "album_assets",
    "albums",
    "assets",
    "stacks",
    "asset_tasks",
    "asset_cleanups",
    "version_cleanups",
  ];
  for (const table of [...tables, "faces", "people"]) await sqlAll(`DELETE FROM ${table}`);
  await sqlAll("DELETE FROM libraries WHERE name LIKE ? || ' %'", LIBRARY_NAME);
}
