import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey } from "../../src/objects/keys.ts";
import { call, ROOT_API_KEY, searchForm, type CallOptions } from "../support/clients/api.ts";
import { renderPng } from "../support/media/images.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import {
  fillPath,
  listOperations,
  idPrefixOf,
  readDocument,
  sampleBody,
  sampleQuery,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { signIn } from "../support/clients/sessions.ts";
import { accessRules, isForbiddenToKeys } from "./accessRules.ts";
import { insertPersonWithFace } from "./accessSweep.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertLibrary,
  insertAlbumMembership,
  insertStack,
  insertTenant,
  SEEDED_VERSION_ID,
  type Tenant,
} from "../support/clients/tenants.ts";

function requirementOf({ title }: Operation): string | undefined {
  return accessRules[title]?.requires;
}

function takesKeys({ title }: Operation): boolean {
  const rule = accessRules[title];
  return rule === undefined || !isForbiddenToKeys(rule);
}

let document: ApiDocument;
let protectedOperations: Operation[];
let tenant: Tenant;
let ownIds: Record<string, string>;
let otherTenantIds: Record<string, string>;
let ownerId: string;
let assetId = "";
let albumId: string;

beforeAll(async () => {
  document = await readDocument();
  protectedOperations = listOperations(document).filter((operation) => requirementOf(operation) !== "none");
  const root = await getRootOwner();
  ownerId = root.userId;
  [assetId = ""] = await insertAssets(root, [{}]);
  albumId = await insertAlbum(root);
  const [taskId = ""] = await insertTaskRows(root, [{ assetId }]);
  ownIds = { lib_: root.libraryId, asset_: assetId, album_: albumId, btask_: taskId };
  ownIds["asset_stack_"] = await insertStack(root);
  Object.assign(ownIds, await insertPersonWithFace(root, assetId));
  ownIds["album_asset_"] = await insertAlbumMembership(root, albumId, assetId);
  const png = await renderPng(4, 4, () => [0, 0, 0, 255]);
  await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION_ID), png, {
    httpMetadata: { contentType: "image/png" },
  });
  tenant = await insertTenant();
  const [otherTaskId = ""] = await insertTaskRows(tenant, [{ assetId: tenant.assetId }]);
  const { libraryId, keyId } = tenant;
  otherTenantIds = {
    lib_: libraryId,
    asset_: tenant.assetId,
    album_: tenant.albumId,
    apikey_: keyId,
    btask_: otherTaskId,
  };
  otherTenantIds["asset_stack_"] = await insertStack(tenant);
  Object.assign(otherTenantIds, await insertPersonWithFace(tenant, tenant.assetId));
  otherTenantIds["album_asset_"] = await insertAlbumMembership(tenant, tenant.albumId, tenant.assetId);
});

/** Preferences of the caller's own account may be changed by every credential that reads. */
const isRead = (operation: Operation): boolean => requirementOf(operation) === "read";

/** The search needs a criterion, which no schema requires. */
function bodyOf(operation: Operation): CallOptions {
  if (operation.title === "POST /api/search") return { body: searchForm({ media_type: "image" }) };
  return sampleBody(document, operation);
}

async function send(
  operation: Operation,
  ids: Record<string, string>,
  token: string | null = ROOT_API_KEY,
): Promise<Response> {
  const path = fillPath(operation, ids) + sampleQuery(document, operation, accessRules[operation.title]?.query);
  return await call(operation.method, path, { token, ...bodyOf(operation) });
}

async function collectStatuses(operations: Operation[], ids: Record<string, string>, token: string | null) {
  const statuses: Record<string, number> = {};
  for (const operation of operations) statuses[operation.title] = (await send(operation, ids, token)).status;
  return statuses;
}

const uniformStatuses = (operations: Operation[], status: number): Record<string, number> =>
  Object.fromEntries(operations.map((operation) => [operation.title, status]));

describe("a request without a valid credential", () => {
  it("gets 401 from every operation except the ping and signed media", async () => {
    expect(protectedOperations.length).toBeGreaterThan(15);
    expect(await collectStatuses(protectedOperations, ownIds, null)).toEqual(uniformStatuses(protectedOperations, 401));
  });

  it("gets 401 with an unknown token", async () => {
    expect(await collectStatuses(protectedOperations, ownIds, `${ROOT_API_KEY}x`)).toEqual(
      uniformStatuses(protectedOperations, 401),
    );
    expect(await collectStatuses(protectedOperations, ownIds, "apikey_unknown_0123456789abcdef")).toEqual(
      uniformStatuses(protectedOperations, 401),
    );
  });

  it("gets the contract's 401 body", async () => {
    for (const path of ["/api/albums", "/api/assets/not-an-id"]) {
      const response = await call("GET", path, { token: null });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.json()).toMatchObject({ error: "unauthorized" });
    }
  });
});

describe("an API key", () => {
  it("with the read action gets 403 from every write operation, and nothing changes", async () => {
    const { secret } = await insertKey({ userId: ownerId, actions: ["read"] });
    const writeOperations = protectedOperations.filter((operation) => !isRead(operation));
    expect(writeOperations.length).toBeGreaterThan(8);
    expect(await collectStatuses(writeOperations, ownIds, secret)).toEqual(uniformStatuses(writeOperations, 403));
    expect((await call("GET", `/api/albums/${albumId}`)).status).toBe(200);
  });

  it("with the read action gets 200 from every read operation", async () => {
    const { secret } = await insertKey({ userId: ownerId, actions: ["read"] });
    const readOperations = protectedOperations.filter(takesKeys).filter(isRead);
    expect(readOperations.length).toBeGreaterThan(6);
    expect(await collectStatuses(readOperations, ownIds, secret)).toEqual(uniformStatuses(readOperations, 200));
  });

  it("without the read action gets 403 from every read operation", async () => {
    const { secret } = await insertKey({ userId: ownerId, actions: ["write", "delete", "delete_permanently"] });
    const readOperations = protectedOperations.filter(isRead);
    expect(await collectStatuses(readOperations, ownIds, secret)).toEqual(uniformStatuses(readOperations, 403));
  });

  it("never reads deployment-wide data, even with every action", async () => {
    const { secret } = await insertKey({ userId: ownerId });
    const ofOwner = protectedOperations.filter((operation) => requirementOf(operation) === "owner");
    expect(ofOwner.length).toBeGreaterThan(4);
    expect(await collectStatuses(ofOwner, ownIds, secret)).toEqual(uniformStatuses(ofOwner, 403));
    expect(await collectStatuses(ofOwner, ownIds, tenant.secret)).toEqual(uniformStatuses(ofOwner, 403));
    expect(await collectStatuses(ofOwner, ownIds, (await signIn(tenant.userId)).token)).toEqual(
      uniformStatuses(ofOwner, 403),
    );
    expect((await call("GET", "/api/integrity")).status).toBe(200);
  });

  it("never manages the account or its credentials, even with every action", async () => {
    const { secret } = await insertKey({ userId: ownerId });
    const ofSessions = protectedOperations.filter((operation) => requirementOf(operation) === "session");
    expect(ofSessions.length).toBeGreaterThan(6);
    expect(await collectStatuses(ofSessions, ownIds, secret)).toEqual(uniformStatuses(ofSessions, 403));
  });
});

describe("another tenant's", () => {
  const withPathId = () => protectedOperations.filter((operation) => operation.path.includes("{"));

  it("ids return 404 in every path, like unknown ids", async () => {
    expect(withPathId().length).toBeGreaterThan(8);
    expect(await collectStatuses(withPathId(), otherTenantIds, ROOT_API_KEY)).toEqual(
      uniformStatuses(withPathId(), 404),
    );
    expect(await collectStatuses(withPathId(), {}, ROOT_API_KEY)).toEqual(uniformStatuses(withPathId(), 404));
  });

  it("ids in a query return 404, 400 or a page without their entities", { timeout: 60_000 }, async () => {
    for (const operation of protectedOperations) {
      for (const parameter of (operation.parameters ?? []).filter((each) => each.in === "query")) {
        for (const id of Object.values(otherTenantIds)) {
          const query = { ...accessRules[operation.title]?.query, [parameter.name]: id };
          const path = fillPath(operation, ownIds) + sampleQuery(document, operation, query);
          const response = await call(operation.method, path, bodyOf(operation));
          const text = await response.text();
          expect(response.status, `${operation.method} ${path}: ${text}`).toBeLessThan(500);
          if (response.ok) for (const other of Object.values(otherTenantIds)) expect(text).not.toContain(other);
          const isScopeParameter =
            ["library_id", "album_id"].includes(parameter.name) && id.slice(0, -22) === idPrefixOf(parameter);
          if (isScopeParameter) expect(response.status, `${operation.method} ${path}`).toBe(404);
        }
      }
    }
  });

  it("library and album return 404 in a list, a cursor returns 400, other ids match nothing", async () => {
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
      `/api/assets?stack_id=${otherTenantIds["asset_stack_"]}`,
      `/api/stacks?ids=${otherTenantIds["asset_stack_"]}`,
      `/api/stacks?primary_asset_id=${tenant.assetId}`,
    ]) {
      expect(await (await call("GET", path)).json(), path).toEqual({ data: [], has_more: false });
    }
  });

  it("asset cannot be added to an album or become its cover", async () => {
    const added = await call("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: [tenant.assetId] } });
    expect(await added.json()).toEqual({ added_assets: [], duplicate_assets: [], not_found_assets: [tenant.assetId] });
    const cover = await call("PATCH", `/api/albums/${albumId}`, { json: { album_cover_asset_id: tenant.assetId } });
    expect(cover.status).toBe(404);
    const removed = await call("DELETE", `/api/albums/${albumId}/assets`, {
      json: { asset_ids: [tenant.assetId] },
    });
    expect(removed.status).toBe(200);
  });

  it("library accepts no album and no API key of the caller", async () => {
    expect((await call("POST", "/api/albums", { json: { library_id: tenant.libraryId } })).status).toBe(404);
    const json = {
      name: "k",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [tenant.libraryId],
    };
    expect((await call("POST", "/api/api-keys/", { json })).status).toBe(404);
  });

  it("key reads nothing of the root user", async () => {
    const reads = withPathId().filter(isRead);
    expect(await collectStatuses(reads, ownIds, tenant.secret)).toEqual(uniformStatuses(reads, 404));
    const page = await call("GET", "/api/assets?include=", { token: tenant.secret });
    expect((await page.json<{ data: { id: string }[] }>()).data.map((asset) => asset.id)).toEqual([tenant.assetId]);
  });
});

describe("a key for selected libraries", () => {
  it("reads its libraries and gets 404 for the owner's other libraries from every operation", async () => {
    const selected = await insertLibrary(ownerId, "selected");
    const { secret } = await insertKey({ userId: ownerId, libraryIds: [selected] });
    const operations = protectedOperations.filter((operation) => operation.path.includes("{") && takesKeys(operation));
    expect(await collectStatuses(operations, ownIds, secret)).toEqual(uniformStatuses(operations, 404));
    expect((await call("GET", `/api/libraries/${selected}`, { token: secret })).status).toBe(200);
    const { status } = await call("GET", `/api/assets?library_id=${ownIds["lib_"]}`, { token: secret });
    expect(status).toBe(404);
  });
});

describe("a trashed library", () => {
  const prefixes = ["asset_", "album_", "btask_", "asset_stack_", "album_asset_"];

  it("hides its contents: their ids return 404 from every operation, while its own id returns 200", async () => {
    const libraryId = await insertLibrary(ownerId, "trashed");
    const owner = { userId: ownerId, libraryId };
    const [trashedAssetId = ""] = await insertAssets(owner, [{}]);
    const [taskId = ""] = await insertTaskRows(owner, [{ assetId: trashedAssetId }]);
    const ids: Record<string, string> = { asset_: trashedAssetId, album_: await insertAlbum(owner), btask_: taskId };
    ids["asset_stack_"] = await insertStack(owner);
    ids["album_asset_"] = await insertAlbumMembership(owner, ids["album_"] ?? "", trashedAssetId);
    const entityIds = prefixes.map((prefix) => ids[prefix] ?? "");
    const hiddenOperations = protectedOperations.filter((operation) => {
      const path = fillPath(operation, ids);
      return entityIds.some((id) => path.includes(id));
    });
    expect(hiddenOperations.length).toBeGreaterThan(15);
    expect((await call("GET", `/api/assets/${trashedAssetId}`)).status).toBe(200);
    expect((await call("POST", `/api/libraries/${libraryId}/trash`)).status).toBe(200);
    expect(await collectStatuses(hiddenOperations, ids, ROOT_API_KEY)).toEqual(uniformStatuses(hiddenOperations, 404));
    for (const path of ["assets", "albums", "stacks", "album-assets", "events", "tasks"]) {
      const { status } = await call("GET", `/api/${path}?library_id=${libraryId}`);
      expect(status, path).toBe(404);
    }
    expect(await (await call("GET", "/api/tasks/?limit=1000")).text()).not.toContain(trashedAssetId);
    expect((await call("GET", `/api/libraries/${libraryId}`)).status).toBe(200);
  });
});
