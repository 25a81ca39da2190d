import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey } from "../../src/objects/keys.ts";
import { call, ROOT } from "../support/clients/api.ts";
import { pngOf } from "../support/media/images.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import {
  fillPath,
  operationsOf,
  prefixOf,
  readDocument,
  sampleBody,
  sampleQuery,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertLink,
  insertStack,
  insertTenant,
  rootOwner,
  SEEDED_VERSION,
  type Tenant,
} from "../support/clients/tenants.ts";

/** What needs no credential. Everything else does, whatever is added to the API. */
const OPEN = ["GET /api/server/ping", "GET /media/{asset_id}/{version_id}/{variant}"];
/** POST routes that only read. */
const READING_POSTS = ["POST /api/assets/exist"];
/** What tells of all owners' assets, and is for the owner of the deployment alone. */
const ROOT_ONLY = ["GET /api/integrity"];
/** What no API key may do, whatever it is allowed. */
const KEY_MANAGEMENT = /^\w+ \/api\/api-keys\//;

let document: ApiDocument;
let guarded: Operation[];
let tenant: Tenant;
let mine: Record<string, string>;
let foreign: Record<string, string>;
let ownerId: string;
let assetId = "";
let albumId: string;

beforeAll(async () => {
  document = await readDocument();
  guarded = operationsOf(document).filter((operation) => !OPEN.includes(operation.title));
  const root = await rootOwner();
  ownerId = root.userId;
  [assetId = ""] = await insertAssets(root, [{}]);
  albumId = await insertAlbum(root);
  const [taskId = ""] = await insertTaskRows(root, [{ assetId }]);
  mine = { lib_: root.libraryId, asset_: assetId, album_: albumId, btask_: taskId };
  mine["asset_stack_"] = await insertStack(root);
  mine["album_asset_"] = await insertLink(root, albumId, assetId);
  const picture = await pngOf(4, 4, () => [0, 0, 0, 255]);
  await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION), picture, { httpMetadata: { contentType: "image/png" } });
  tenant = await insertTenant();
  const [theirTaskId = ""] = await insertTaskRows(tenant, [{ assetId: tenant.assetId }]);
  const { libraryId, keyId } = tenant;
  foreign = { lib_: libraryId, asset_: tenant.assetId, album_: tenant.albumId, apikey_: keyId, btask_: theirTaskId };
  foreign["asset_stack_"] = await insertStack(tenant);
  foreign["album_asset_"] = await insertLink(tenant, tenant.albumId, tenant.assetId);
});

const reads = (operation: Operation): boolean => operation.method === "GET" || READING_POSTS.includes(operation.title);

async function ask(operation: Operation, ids: Record<string, string>, token: string | null = ROOT): Promise<Response> {
  const path = fillPath(operation, ids) + sampleQuery(document, operation);
  return await call(operation.method, path, { token, ...sampleBody(document, operation) });
}

async function statusesOf(operations: Operation[], ids: Record<string, string>, token: string | null) {
  const statuses: Record<string, number> = {};
  for (const operation of operations) statuses[operation.title] = (await ask(operation, ids, token)).status;
  return statuses;
}

const all = (operations: Operation[], status: number): Record<string, number> =>
  Object.fromEntries(operations.map((operation) => [operation.title, status]));

describe("a caller without a credential", () => {
  it("gets 401 from every route but the ping and the signed media", async () => {
    expect(guarded.length).toBeGreaterThan(15);
    expect(await statusesOf(guarded, mine, null)).toEqual(all(guarded, 401));
  });

  it("gets 401 with a token that opens nothing", async () => {
    expect(await statusesOf(guarded, mine, `${ROOT}x`)).toEqual(all(guarded, 401));
    expect(await statusesOf(guarded, mine, "apikey_of_nobody_0123456789abcdef")).toEqual(all(guarded, 401));
  });

  it("is told 401 in the contract's form, also where there is no route", async () => {
    for (const path of ["/api/albums", "/api/nothing-here"]) {
      const response = await call("GET", path, { token: null });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.json()).toMatchObject({ error: "unauthorized" });
    }
  });
});

describe("an API key", () => {
  it("that may only read gets 403 from every route that changes something, and nothing changes", async () => {
    const { secret } = await insertKey({ userId: ownerId, actions: ["read"] });
    const changing = guarded.filter((operation) => !reads(operation));
    expect(changing.length).toBeGreaterThan(8);
    expect(await statusesOf(changing, mine, secret)).toEqual(all(changing, 403));
    expect((await call("GET", `/api/albums/${albumId}`)).status).toBe(200);
  });

  it("that may only read gets past the door of every route that reads", async () => {
    const { secret } = await insertKey({ userId: ownerId, actions: ["read"] });
    const open = guarded.filter(
      (operation) => !KEY_MANAGEMENT.test(operation.title) && !ROOT_ONLY.includes(operation.title),
    );
    const reading = open.filter(reads);
    expect(reading.length).toBeGreaterThan(6);
    expect(await statusesOf(reading, mine, secret)).toEqual(all(reading, 200));
  });

  it("that may not read gets 403 from every route that reads", async () => {
    const { secret } = await insertKey({ userId: ownerId, actions: ["write", "delete", "delete_permanently"] });
    const reading = guarded.filter(reads);
    expect(await statusesOf(reading, mine, secret)).toEqual(all(reading, 403));
  });

  it("never reads what is the deployment's, even with every action", async () => {
    const { secret } = await insertKey({ userId: ownerId });
    const closed = guarded.filter((operation) => ROOT_ONLY.includes(operation.title));
    expect(await statusesOf(closed, mine, secret)).toEqual(all(closed, 403));
    expect(await statusesOf(closed, mine, tenant.secret)).toEqual(all(closed, 403));
    expect(await statusesOf(closed, mine, ROOT)).toEqual(all(closed, 200));
  });

  it("never manages keys, even with every action", async () => {
    const { secret } = await insertKey({ userId: ownerId });
    const managing = guarded.filter((operation) => KEY_MANAGEMENT.test(operation.title));
    expect(managing).toHaveLength(4);
    expect(await statusesOf(managing, mine, secret)).toEqual(all(managing, 403));
  });
});

describe("another owner's", () => {
  const withPathId = () => guarded.filter((operation) => operation.path.includes("{"));

  it("ids answer 404 on every route that takes one, like ids that nobody has", async () => {
    expect(withPathId().length).toBeGreaterThan(8);
    expect(await statusesOf(withPathId(), foreign, ROOT)).toEqual(all(withPathId(), 404));
    expect(await statusesOf(withPathId(), {}, ROOT)).toEqual(all(withPathId(), 404));
  });

  it("ids in a query open nothing: 404, 400, or a page without what they name", { timeout: 60_000 }, async () => {
    for (const operation of guarded) {
      for (const parameter of (operation.parameters ?? []).filter((each) => each.in === "query")) {
        for (const id of Object.values(foreign)) {
          const path = fillPath(operation, mine) + sampleQuery(document, operation, { [parameter.name]: id });
          const response = await call(operation.method, path, sampleBody(document, operation));
          const text = await response.text();
          expect(response.status, `${operation.method} ${path}: ${text}`).toBeLessThan(500);
          if (response.ok) for (const other of Object.values(foreign)) expect(text).not.toContain(other);
          const names = ["library_id", "album_id"].includes(parameter.name) && id.slice(0, -22) === prefixOf(parameter);
          if (names) expect(response.status, `${operation.method} ${path}`).toBe(404);
        }
      }
    }
  });

  it("library and album are 404 in a list, a cursor is 400, other ids are simply absent", async () => {
    const status = async (path: string) => (await call("GET", path)).status;
    expect(await status(`/api/assets?library_id=${tenant.libraryId}`)).toBe(404);
    expect(await status(`/api/assets?album_id=${tenant.albumId}`)).toBe(404);
    expect(await status(`/api/albums?library_id=${tenant.libraryId}`)).toBe(404);
    expect(await status(`/api/assets?starting_after_id=${tenant.assetId}`)).toBe(400);
    expect(await status(`/api/albums?starting_after_id=${tenant.albumId}`)).toBe(400);
    expect(await status(`/api/albums/${albumId}/assets?starting_after_id=${tenant.assetId}`)).toBe(400);
    const page = await call("GET", `/api/assets?ids=${tenant.assetId},${assetId}&include=`);
    expect((await page.json<{ data: { id: string }[] }>()).data.map((asset) => asset.id)).toEqual([assetId]);
    for (const path of [
      `/api/albums?ids=${tenant.albumId}`,
      `/api/albums?asset_id=${tenant.assetId}`,
      `/api/assets?stack_id=${newId("stack")}`,
      `/api/assets?stack_id=${foreign["asset_stack_"]}`,
      `/api/stacks?ids=${foreign["asset_stack_"]}`,
      `/api/stacks?primary_asset_id=${tenant.assetId}`,
    ]) {
      expect(await (await call("GET", path)).json(), path).toEqual({ data: [], has_more: false });
    }
  });

  it("asset is not found by an album, neither to hold it nor as its cover", async () => {
    const added = await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: [tenant.assetId] } });
    expect(await added.json()).toEqual({ added_assets: [], duplicate_assets: [], not_found_assets: [tenant.assetId] });
    const cover = await call("PATCH", `/api/albums/${albumId}`, { json: { album_cover_asset_id: tenant.assetId } });
    expect(cover.status).toBe(404);
    const removed = await call("DELETE", `/api/albums/${albumId}/assets`, {
      json: { asset_ids: [tenant.assetId] },
    });
    expect(removed.status).toBe(200);
  });

  it("library takes no album, no upload and no key of mine", async () => {
    expect((await call("POST", "/api/albums", { json: { library_id: tenant.libraryId } })).status).toBe(404);
    const json = {
      name: "k",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [tenant.libraryId],
    };
    expect((await call("POST", "/api/api-keys/", { json })).status).toBe(404);
  });

  it("things stay hidden when the ids are swapped: their key sees none of mine", async () => {
    expect(await statusesOf(withPathId().filter(reads), mine, tenant.secret)).toEqual(
      all(withPathId().filter(reads), 404),
    );
    const page = await call("GET", "/api/assets?include=", { token: tenant.secret });
    expect((await page.json<{ data: { id: string }[] }>()).data.map((asset) => asset.id)).toEqual([tenant.assetId]);
  });
});

describe("a key for selected libraries", () => {
  it("reaches its own libraries and answers 404 for the owner's others, on every route", async () => {
    const selected = await insertLibrary(ownerId, "selected");
    const { secret } = await insertKey({ userId: ownerId, libraryIds: [selected] });
    const outside = guarded.filter(
      (operation) => operation.path.includes("{") && !KEY_MANAGEMENT.test(operation.title),
    );
    expect(await statusesOf(outside, mine, secret)).toEqual(all(outside, 404));
    expect((await call("GET", `/api/libraries/${selected}`, { token: secret })).status).toBe(200);
    const { status } = await call("GET", `/api/assets?library_id=${mine["lib_"]}`, { token: secret });
    expect(status).toBe(404);
  });
});

describe("a library in the trash", () => {
  const prefixes = ["asset_", "album_", "btask_", "asset_stack_", "album_asset_"];

  it("hides what is in it: its ids answer 404 on every route, though its own does not", async () => {
    const libraryId = await insertLibrary(ownerId, "trashed");
    const owner = { userId: ownerId, libraryId };
    const [inIt = ""] = await insertAssets(owner, [{}]);
    const [taskId = ""] = await insertTaskRows(owner, [{ assetId: inIt }]);
    const ids: Record<string, string> = { asset_: inIt, album_: await insertAlbum(owner), btask_: taskId };
    ids["asset_stack_"] = await insertStack(owner);
    ids["album_asset_"] = await insertLink(owner, ids["album_"] ?? "", inIt);
    const known = prefixes.map((prefix) => ids[prefix] ?? "");
    const hidden = guarded.filter((operation) => {
      const path = fillPath(operation, ids);
      return known.some((id) => path.includes(id));
    });
    expect(hidden.length).toBeGreaterThan(15);
    expect((await call("GET", `/api/assets/${inIt}`)).status).toBe(200);
    expect((await call("POST", `/api/libraries/${libraryId}/trash`)).status).toBe(200);
    expect(await statusesOf(hidden, ids, ROOT)).toEqual(all(hidden, 404));
    for (const path of ["assets", "albums", "stacks", "album-assets", "events", "tasks"]) {
      const { status } = await call("GET", `/api/${path}?library_id=${libraryId}`);
      expect(status, path).toBe(404);
    }
    expect(await (await call("GET", "/api/tasks/?limit=1000")).text()).not.toContain(inIt);
    expect((await call("GET", `/api/libraries/${libraryId}`)).status).toBe(200);
  });
});
