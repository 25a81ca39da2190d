/** Every change that the API or a chore makes, each on a small world of its own, which the same hands furnish. */
import { env } from "cloudflare:workers";
import { z } from "zod";
import { originalKey } from "../../src/objects/keys.ts";
import { drainLibraries } from "../../src/operations/deletion/purgeLibraries.ts";
import { cleanUpDeletions, purgeTrash } from "../../src/operations/deletion/purge.ts";
import { sweepObjects } from "../../src/operations/maintenance/sweeps.ts";
import { cleanUpVersions } from "../../src/operations/versions/versionCleanup.ts";
import { openDatabase } from "../../src/records/database.ts";
import { newLibrary, owner, sqlAll } from "../support/clients/account.ts";
import { call, uniqueBytes, uploadForm } from "../support/clients/api.ts";
import { deliver } from "../support/bindings/consumer.ts";
import { jpegWithOrientation, pngOf } from "../support/media/images.ts";
import { keptQueue } from "../support/bindings/queue.ts";
import { insertAssets, SEEDED_VERSION } from "../support/clients/tenants.ts";
import { versionForm } from "../support/clients/versions.ts";

export type Bindings = Partial<Cloudflare.Env>;

/** a, b and c in an album, c, d and e in a stack with c as its cover, e in the trash; p a photo with its file. */
export interface World {
  libraryId: string;
  known: Map<string, string>;
  a: string;
  b: string;
  c: string;
  d: string;
  e: string;
  p: string;
  album: string;
  stack: string;
  /** Of the deed: made before it is tried the first time, the same when it is tried again. */
  bytes: Uint8Array;
  versionId: string;
}

const withId = z.looseObject({ id: z.string() });
const quiet: Bindings = { QUEUE: keptQueue().binding };
let picture: Uint8Array;
let jpeg: Uint8Array;
let userId = "";

/** Once, before the first world. */
export async function prepare(): Promise<void> {
  ({ userId } = await owner());
  const png = await pngOf(16, 16, (x, y) => [x * 10, y * 10, 90, 255]);
  picture = new Uint8Array(await new Blob([png]).arrayBuffer());
  jpeg = await jpegWithOrientation(picture, 1);
}

async function made(path: string, options: { json?: unknown; body?: FormData }): Promise<string> {
  return withId.parse(await (await call("POST", path, { ...options, env: quiet })).json()).id;
}

export async function furnished(): Promise<World> {
  const libraryId = await newLibrary("a world");
  const inserted = await insertAssets({ userId, libraryId }, [{}, {}, {}, {}, {}]);
  const [a = "", b = "", c = "", d = "", e = ""] = inserted.toSorted();
  await sqlAll(
    `INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
     SELECT library_id, 'asset_created', 'asset', id, 1 FROM assets WHERE library_id = ? ORDER BY id`,
    libraryId,
  );
  for (const id of inserted) await env.BUCKET.put(originalKey(id, SEEDED_VERSION), "ten bytes.");
  const form = uploadForm(new Uint8Array([...picture, ...uniqueBytes(8)]), { libraryId, name: "p.png" });
  const p = await made("/api/assets", { body: form });
  const album = await made("/api/albums", { json: { name: "a", library_id: libraryId } });
  await call("POST", `/api/albums/${album}/assets`, { json: { asset_ids: [a, b, c] } });
  const json = { asset_ids: [c, d, e], primary_asset_id: c, library_id: libraryId };
  const stack = await made("/api/stacks", { json });
  await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [e] } });
  const ids = { a, b, c, d, e, p, album, stack };
  const known = new Map([
    ...Object.entries(ids).map(([name, id]): [string, string] => [id, name]),
    [libraryId, "library"],
  ]);
  return { libraryId, known, ...ids, bytes: uniqueBytes(300), versionId: "" };
}

async function withVersion(world: World): Promise<void> {
  world.versionId = await made(`/api/assets/${world.p}/versions`, { body: versionForm(picture) });
  world.known.set(world.versionId, "the edit");
}

export interface Deed {
  name: string;
  before?: (world: World) => Promise<unknown>;
  /** What is asked for, or done by itself: an error thrown is what a caller sees as a failure. */
  act: (world: World, bindings: Bindings) => Promise<unknown>;
  /** A second one is another one: nothing in the contract makes them equal. */
  mayDouble?: boolean;
  /** What it sees to is mended already, or never was. */
  changesNothing?: boolean;
}

/** A request that fails throws, so that it is asked for again; one that is refused was heard the first time. */
function request(
  method: string,
  path: (world: World) => string,
  options: (world: World) => object = () => ({}),
): Deed["act"] {
  return async (world, bindings) => {
    const response = await call(method, path(world), { ...options(world), env: { ...quiet, ...bindings } });
    if (response.status >= 500) throw new Error(`${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  };
}

const json = (body: (world: World) => unknown) => (world: World) => ({ json: body(world) });
const within = (path: string) => (world: World) => `${path}?library_id=${world.libraryId}`;
const deps = (bindings: Bindings, nowMs = Date.now()) => {
  const all = { ...env, ...quiet, ...bindings };
  return { db: openDatabase(all.DB, "primary"), bucket: all.BUCKET, queue: all.QUEUE, nowMs };
};

export const deeds: Deed[] = [
  {
    name: "upload",
    act: request(
      "POST",
      () => "/api/assets",
      (world) => ({ body: uploadForm(world.bytes, { libraryId: world.libraryId }) }),
    ),
  },
  {
    name: "upload of a photo that brings tasks",
    act: request(
      "POST",
      () => "/api/assets",
      (world) => ({
        body: uploadForm(new Uint8Array([...picture, ...world.bytes]), { libraryId: world.libraryId, name: "q.png" }),
      }),
    ),
  },
  {
    name: "upload of what is there",
    changesNothing: true,
    before: async (world) =>
      await made("/api/assets", { body: uploadForm(world.bytes, { libraryId: world.libraryId }) }),
    act: request(
      "POST",
      () => "/api/assets",
      (world) => ({ body: uploadForm(world.bytes, { libraryId: world.libraryId }) }),
    ),
  },
  {
    name: "upload of what the trash was emptied of",
    before: async (world) => {
      const id = await made("/api/assets", { body: uploadForm(world.bytes, { libraryId: world.libraryId }) });
      await call("POST", `/api/assets/trash?library_id=${world.libraryId}`, { json: { ids: [id] } });
      await sqlAll(
        "UPDATE libraries SET emptied_at = (SELECT max(trashed_at) FROM assets) WHERE id = ?",
        world.libraryId,
      );
    },
    act: request(
      "POST",
      () => "/api/assets",
      (world) => ({ body: uploadForm(world.bytes, { libraryId: world.libraryId }) }),
    ),
  },
  {
    name: "trash",
    act: request(
      "POST",
      within("/api/assets/trash"),
      json(({ a, c, p }) => ({ ids: [a, c, p] })),
    ),
  },
  {
    name: "restore",
    before: async ({ libraryId, a, c }) =>
      await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [a, c] } }),
    act: request(
      "POST",
      within("/api/assets/restore"),
      json(({ a, c, e }) => ({ ids: [a, c, e] })),
    ),
  },
  { name: "delete one", act: request("DELETE", ({ c }) => `/api/assets/${c}`) },
  {
    name: "delete one of a stack of two",
    before: async ({ libraryId, e }) =>
      await call("DELETE", `/api/assets?library_id=${libraryId}`, { json: { ids: [e] } }),
    act: request("DELETE", ({ d }) => `/api/assets/${d}`),
  },
  {
    name: "delete many",
    act: request(
      "DELETE",
      within("/api/assets"),
      json(({ a, c, d, p }) => ({ ids: [a, c, d, p] })),
    ),
  },
  { name: "delete a photo with a version", before: withVersion, act: request("DELETE", ({ p }) => `/api/assets/${p}`) },
  { name: "empty the trash", act: request("POST", within("/api/assets/empty-trash")) },
  {
    name: "make an album",
    mayDouble: true,
    act: request(
      "POST",
      () => "/api/albums",
      json(({ libraryId }) => ({ name: "n", library_id: libraryId })),
    ),
  },
  {
    name: "fill an album",
    act: request(
      "POST",
      ({ album }) => `/api/albums/${album}/assets`,
      json(({ a, d, p }) => ({ asset_ids: [a, d, p] })),
    ),
  },
  {
    name: "take out of an album",
    act: request(
      "DELETE",
      ({ album }) => `/api/albums/${album}/assets`,
      json(({ a, c, d }) => ({ asset_ids: [a, c, d] })),
    ),
  },
  {
    name: "cover an album",
    act: request(
      "PATCH",
      ({ album }) => `/api/albums/${album}`,
      json(({ b }) => ({ description: "words", album_cover_asset_id: b })),
    ),
  },
  { name: "delete an album", act: request("DELETE", ({ album }) => `/api/albums/${album}`) },
  {
    name: "make a stack",
    act: request(
      "POST",
      () => "/api/stacks",
      json(({ a, b, libraryId }) => ({ asset_ids: [a, b], primary_asset_id: b, library_id: libraryId })),
    ),
  },
  {
    name: "make a stack of another's cover",
    act: request(
      "POST",
      () => "/api/stacks",
      json(({ a, c, libraryId }) => ({ asset_ids: [a, c], library_id: libraryId })),
    ),
  },
  {
    name: "fill a stack",
    act: request(
      "POST",
      ({ stack }) => `/api/stacks/${stack}/assets`,
      json(({ a, b }) => ({ asset_ids: [a, b] })),
    ),
  },
  {
    name: "take out of a stack",
    act: request(
      "DELETE",
      ({ stack }) => `/api/stacks/${stack}/assets`,
      json(({ c }) => ({ asset_ids: [c] })),
    ),
  },
  {
    name: "cover a stack",
    act: request(
      "PATCH",
      ({ stack }) => `/api/stacks/${stack}`,
      json(({ d }) => ({ primary_asset_id: d })),
    ),
  },
  { name: "ungroup a stack", act: request("DELETE", ({ stack }) => `/api/stacks/${stack}`) },
  {
    name: "edit",
    act: request(
      "PATCH",
      ({ a }) => `/api/assets/${a}`,
      json(() => ({ latitude: 48, longitude: 11, original_datetime: "2001-02-03T04:05:06", description: "words" })),
    ),
  },
  {
    name: "edit many",
    act: request(
      "POST",
      () => "/api/assets/bulk-update",
      json(({ a, b, p }) => ({
        updates: [a, b, p].map((id) => ({ id, change: { original_datetime: "2031-02-03T04:05:06Z" } })),
      })),
    ),
  },
  {
    name: "append a version",
    act: request(
      "POST",
      ({ p }) => `/api/assets/${p}/versions`,
      () => ({ body: versionForm(jpeg) }),
    ),
  },
  {
    name: "replace a version",
    before: withVersion,
    act: request(
      "POST",
      ({ p, versionId }) => `/api/assets/${p}/versions/${versionId}/replace`,
      () => ({ body: versionForm(jpeg) }),
    ),
  },
  {
    name: "delete a version",
    before: withVersion,
    act: request("DELETE", ({ p, versionId }) => `/api/assets/${p}/versions/${versionId}`),
  },
  {
    name: "revert to the upload",
    before: async (world) => {
      await withVersion(world);
      const [row] = await sqlAll("SELECT original_version_id AS id FROM assets WHERE id = ?", world.p);
      world.versionId = String(row?.id);
    },
    act: request("POST", ({ p, versionId }) => `/api/assets/${p}/versions/${versionId}/revert`),
  },
  {
    name: "rename a library",
    act: request(
      "PATCH",
      ({ libraryId }) => `/api/libraries/${libraryId}`,
      json(() => ({ description: "words" })),
    ),
  },
  { name: "trash a library", act: request("POST", ({ libraryId }) => `/api/libraries/${libraryId}/trash`) },
  {
    name: "restore a library",
    before: async ({ libraryId }) => await call("POST", `/api/libraries/${libraryId}/trash`),
    act: request("POST", ({ libraryId }) => `/api/libraries/${libraryId}/restore`),
  },
  { name: "purge the trash", act: async (_, bindings) => await purgeTrash(deps(bindings, Date.now() + 1000), 0) },
  {
    name: "drain a library",
    before: async ({ libraryId }) => {
      await call("POST", `/api/libraries/${libraryId}/trash`);
      await call("DELETE", `/api/libraries/${libraryId}`);
    },
    act: async (_, bindings) => await drainLibraries(deps(bindings, Date.now() + 1000)),
  },
  {
    name: "clean up deletions",
    before: async ({ libraryId, c, a }) => {
      await call("DELETE", `/api/assets?library_id=${libraryId}`, { json: { ids: [a, c] } });
      await env.BUCKET.put(`renditions/${a}/${SEEDED_VERSION}/late.webp`, "late");
    },
    act: async (_, bindings) => await cleanUpDeletions(deps(bindings, Date.now() + 3 * 3600_000)),
  },
  {
    name: "clean up versions",
    before: async (world) => {
      await withVersion(world);
      await call("DELETE", `/api/assets/${world.p}/versions/${world.versionId}`, { env: quiet });
    },
    act: async (_, bindings) => await cleanUpVersions(deps(bindings, Date.now() + 3 * 3600_000)),
  },
  {
    name: "a photo's background work",
    act: async ({ p }, bindings) => {
      await sqlAll("UPDATE tasks SET due_at = 0 WHERE asset_id = ? AND status IN ('pending', 'started')", p);
      const { retryDelays } = await deliver([{ assetId: p }], { env: { ...quiet, ...bindings } });
      if (retryDelays.length > 0) throw new Error("comes again");
    },
  },
];

const DAY_MS = 24 * 3600_000;

/** What comes of itself in the days after: the schedule's chores. */
export async function daysLater(): Promise<void> {
  const later = deps({}, Date.now() + 3 * DAY_MS);
  await cleanUpDeletions(later);
  await cleanUpVersions(later);
  await sweepObjects(later);
  await sqlAll("DELETE FROM sweeps");
}

export async function clear(): Promise<void> {
  for (let page = await env.BUCKET.list(); page.objects.length > 0; page = await env.BUCKET.list()) {
    await env.BUCKET.delete(page.objects.map((object) => object.key));
  }
  const tables = ["events", "album_assets", "albums", "assets", "stacks", "tasks", "deletions", "version_deletions"];
  for (const table of tables) await sqlAll(`DELETE FROM ${table}`);
  await sqlAll("DELETE FROM libraries WHERE name = 'a world'");
}
