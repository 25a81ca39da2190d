import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { call, ROOT, uniqueBytes, uploadForm, type CallOptions } from "../support/clients/api.ts";
import {
  fillPath,
  operationsOf,
  readDocument,
  Referee,
  sampleBody,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { insertKey, insertUser, rootOwner } from "../support/clients/tenants.ts";
import { pngOf } from "../support/media/images.ts";
import { plainPng, versionForm } from "../support/clients/versions.ts";

let document: ApiDocument;
let operations: Operation[];
let referee: Referee;

beforeAll(async () => {
  document = await readDocument();
  operations = operationsOf(document);
  referee = new Referee(document);
});

function operationOf(title: string): Operation {
  const found = operations.find((operation) => operation.title === title);
  if (found === undefined) throw new Error(`${title} is not published`);
  return found;
}

/** Calls the path, and holds the answer against what is published for `title`. */
async function walk(title: string, path: string, status: number, options: CallOptions = {}): Promise<Response> {
  const operation = operationOf(title);
  const response = await call(operation.method, path, options);
  const copy = response.clone();
  expect(response.status, title).toBe(status);
  expect(await referee.judge(operation, response), title).toEqual({ valid: true, errors: [] });
  return copy;
}

async function idFrom(response: Response): Promise<string> {
  return (await response.json<{ id: string }>()).id;
}

describe("answers are what is published", () => {
  it("by every operation, on a walk that calls them all", async () => {
    await walk("GET /api/server/ping", "/api/server/ping", 200, { token: null });
    await walk("GET /api/users/me", "/api/users/me", 200);
    const { libraryId } = await rootOwner();
    await walk("GET /api/libraries", "/api/libraries", 200);
    await walk("GET /api/libraries/{library_id}", `/api/libraries/${libraryId}`, 200);
    await walk("PATCH /api/libraries/{library_id}", `/api/libraries/${libraryId}`, 200, {
      json: { description: "all of it" },
    });

    const bytes = uniqueBytes();
    const stored = await walk("POST /api/assets", "/api/assets", 201, { body: uploadForm(bytes) });
    await walk("POST /api/assets", "/api/assets", 200, { body: uploadForm(bytes) });
    const asset = await stored.json<{ id: string; download_url: string }>();
    const film = { body: uploadForm(uniqueBytes(), { name: "film.mp4" }) };
    const filmId = await idFrom(await walk("POST /api/assets", "/api/assets", 201, film));
    const still = { body: await pngOf(4, 4, () => [0, 0, 0, 255]), headers: { "content-type": "image/png" } };
    await walk("PUT /api/assets/{asset_id}/still", `/api/assets/${filmId}/still`, 200, still);
    for (const query of ["", "?include=", "?include=metadata,faces,people,metrics,file_data,variants,legacy"]) {
      await walk("GET /api/assets", `/api/assets${query}`, 200);
      await walk("GET /api/assets/{asset_id}", `/api/assets/${asset.id}${query}`, 200);
    }
    await walk("GET /api/assets/counts", "/api/assets/counts", 200);
    const viewport = "bbox=-180,-90,180,90&cell_size=10";
    await walk("GET /api/assets/geo-clusters", `/api/assets/geo-clusters?${viewport}`, 200);
    const change = {
      description: "a walk",
      latitude: 52.52,
      longitude: 13.405,
      original_datetime: "2024-07-15T12:00:00",
    };
    await walk("PATCH /api/assets/{asset_id}", `/api/assets/${asset.id}`, 200, { json: change });
    const updates = { json: { updates: [{ id: asset.id, change: { description: null } }] } };
    await walk("POST /api/assets/bulk-update", "/api/assets/bulk-update", 200, updates);
    await walk("GET /media/{asset_id}/{version_id}/{variant}", asset.download_url, 200, { token: null });

    await walk("GET /api/assets/{asset_id}/download", `/api/assets/${asset.id}/download`, 200);
    await walk("GET /api/assets/{asset_id}/thumbnail", `/api/assets/${filmId}/thumbnail?size=small`, 200);
    const edit = { body: versionForm(await plainPng(1)) };
    const versions = `/api/assets/${asset.id}/versions`;
    await walk("GET /api/assets/{asset_id}/versions", versions, 200);
    const edited = await walk("POST /api/assets/{asset_id}/versions", `${versions}?include=variants`, 201, edit);
    await walk("POST /api/assets/{asset_id}/versions", versions, 200, { body: versionForm(await plainPng(1)) });
    const [{ id: uploadId }] = await (
      await walk("GET /api/assets/{asset_id}/versions", `${versions}?include=variants`, 200)
    ).json<[{ id: string }]>();
    const replaceTitle = "POST /api/assets/{asset_id}/versions/{version_id}/replace";
    const other = { body: versionForm(await plainPng(2)) };
    const editId = await idFrom(await walk(replaceTitle, `${versions}/${await idFrom(edited)}/replace`, 201, other));
    await walk("DELETE /api/assets/{asset_id}/versions/{version_id}", `${versions}/${editId}`, 200);
    await walk("POST /api/assets/{asset_id}/versions/{version_id}/revert", `${versions}/${uploadId}/revert`, 200);

    await walk("POST /api/assets/exist", "/api/assets/exist", 200, {
      json: { deviceId: "test device", deviceAssetIds: ["device-asset-1"] },
    });

    const work = await walk("GET /api/tasks/asset/{asset_id}", `/api/tasks/asset/${asset.id}`, 200);
    const [task] = await work.json<{ id: string; celery_task_id: string }[]>();
    await walk("GET /api/tasks/", "/api/tasks/", 200);
    await walk("GET /api/tasks/{task_id}", `/api/tasks/${task?.id}`, 200);
    await walk("GET /api/tasks/{task_id}", `/api/tasks/${task?.celery_task_id}`, 200);
    await walk("GET /api/integrity", "/api/integrity", 200);

    const albumId = await idFrom(await walk("POST /api/albums", "/api/albums", 201, { json: { name: "walk" } }));
    const album = `/api/albums/${albumId}`;
    const ids = { json: { asset_ids: [asset.id, newId("asset")] } };
    await walk("GET /api/albums/{album_id}/assets", `${album}/assets`, 200);
    await walk("POST /api/albums/{album_id}/assets", `${album}/assets`, 200, ids);
    await walk("GET /api/albums/{album_id}/assets", `${album}/assets`, 200);
    const links = await walk("GET /api/album-assets", `/api/album-assets?album_id=${albumId}`, 200);
    const [link] = (await links.json<{ data: { id: string }[] }>()).data;
    await walk("GET /api/album-assets/{album_asset_id}", `/api/album-assets/${link?.id}`, 200);
    await walk("PATCH /api/albums/{album_id}", album, 200, { json: { album_cover_asset_id: asset.id } });
    await walk("GET /api/albums/{album_id}", album, 200);
    await walk("GET /api/albums", "/api/albums", 200);
    await walk("DELETE /api/albums/{album_id}/assets", `${album}/assets`, 200, ids);
    await walk("DELETE /api/albums/{album_id}", album, 200);

    await walk("GET /api/events", "/api/events?limit=200", 200);

    const copyId = await idFrom(
      await walk("POST /api/assets", "/api/assets", 201, { body: uploadForm(uniqueBytes()) }),
    );
    const pair = { json: { asset_ids: [asset.id, copyId] } };
    const stackId = await idFrom(await walk("POST /api/stacks", "/api/stacks", 201, pair));
    const stack = `/api/stacks/${stackId}`;
    await walk("POST /api/stacks/{stack_id}/assets", `${stack}/assets`, 200, { json: { asset_ids: [filmId] } });
    await walk("PATCH /api/stacks/{stack_id}", stack, 200, { json: { primary_asset_id: asset.id } });
    await walk("GET /api/stacks/{stack_id}", stack, 200);
    await walk("GET /api/stacks", "/api/stacks", 200);
    await walk("DELETE /api/stacks/{stack_id}/assets", `${stack}/assets`, 200, { json: { asset_ids: [filmId] } });
    await walk("DELETE /api/stacks/{stack_id}", stack, 200);

    const key = {
      name: "phone",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [libraryId],
    };
    const keyId = await idFrom(await walk("POST /api/api-keys/", "/api/api-keys/", 201, { json: key }));
    await walk("GET /api/api-keys/", "/api/api-keys/", 200);
    await walk("PATCH /api/api-keys/{key_id}", `/api/api-keys/${keyId}`, 200, { json: { name: "tablet" } });
    await walk("DELETE /api/api-keys/{key_id}", `/api/api-keys/${keyId}`, 200);

    await walk("POST /api/assets/trash", "/api/assets/trash", 200, { json: { ids: [asset.id, filmId] } });
    await walk("POST /api/assets/restore", "/api/assets/restore", 200, { json: { ids: [asset.id] } });
    await walk("POST /api/assets/empty-trash", "/api/assets/empty-trash", 200);
    await walk("DELETE /api/assets", "/api/assets", 200, { json: { ids: [filmId, copyId] } });
    await walk("DELETE /api/assets/{asset_id}", `/api/assets/${asset.id}`, 200);
    const second = { json: { name: "second" } };
    const secondId = await idFrom(await walk("POST /api/libraries", "/api/libraries", 201, second));
    const trashed = `/api/libraries/${secondId}`;
    await walk("DELETE /api/libraries/{library_id}", trashed, 409);
    await walk("POST /api/libraries/{library_id}/trash", `${trashed}/trash`, 200);
    await walk("POST /api/libraries/{library_id}/restore", `${trashed}/restore`, 200);
    await walk("POST /api/libraries/{library_id}/trash", `${trashed}/trash`, 200);
    await walk("DELETE /api/libraries/{library_id}", trashed, 200);

    const succeeded = [...referee.seen]
      .filter(([, statuses]) => [...statuses].some((status) => status < 300))
      .map(([title]) => title);
    expect(succeeded.toSorted()).toEqual(operations.map((operation) => operation.title).toSorted());
  });
});

/** What goes wrong on purpose, for every published operation that takes it. */
const failing: { what: string; status: number; applies: (operation: Operation) => boolean; options: CallOptions }[] = [
  { what: "no credential", status: 401, applies: () => true, options: { token: null } },
  {
    what: "a bookmark of someone's own making",
    status: 400,
    applies: () => true,
    options: { headers: { "x-d1-bookmark": "yesterday" } },
  },
  {
    what: "too many requests with one credential",
    status: 429,
    applies: () => true,
    options: { env: { CREDENTIAL_LIMIT: { limit: () => Promise.resolve({ success: false }) } } },
  },
  { what: "an id that nobody has", status: 404, applies: ({ path }) => path.includes("{"), options: {} },
  {
    what: "a body that is not JSON",
    status: 415,
    applies: takesJson,
    options: { body: "a=b", headers: { "content-type": "text/plain" } },
  },
  {
    what: "half a JSON body",
    status: 400,
    applies: takesJson,
    options: { body: '{"name', headers: { "content-type": "application/json" } },
  },
  { what: "an array for a body", status: 422, applies: takesJson, options: { json: [] } },
  {
    what: "a JSON body of 10 MB",
    status: 413,
    applies: takesJson,
    options: { json: { name: "x".repeat(10_000_000) } },
  },
];

function takesJson(operation: Operation): boolean {
  return operation.requestBody?.content?.["application/json"] !== undefined;
}

const OPEN = ["/api/server/ping", "/media/{asset_id}/{version_id}/{variant}"];

describe("every failure has the published form and a request id", () => {
  for (const { what, status, applies, options } of failing) {
    it(`of ${what}: ${status}`, async () => {
      for (const operation of operations.filter((each) => !OPEN.includes(each.path) && applies(each))) {
        const sample = options.json === undefined && options.body === undefined ? sampleBody(document, operation) : {};
        const response = await call(operation.method, fillPath(operation), { token: ROOT, ...sample, ...options });
        expect(response.status, operation.title).toBe(status);
        await expectErrorForm(operation, response);
      }
    });
  }

  it("of a malformed id in a path: 422", async () => {
    for (const operation of operations.filter(({ path }) => path.includes("{") && !OPEN.includes(path))) {
      const other = operation.path.includes("{stack_id}") ? "asset" : "asset_stack";
      const path = operation.path.replaceAll(/\{\w+\}/g, `${other}_BM3nUmJ6fkBqBADyz5FEiu`);
      const response = await call(operation.method, path, sampleBody(document, operation));
      expect(response.status, operation.title).toBe(422);
      await expectErrorForm(operation, response);
    }
  });

  it("of an action that the key does not have: 403", async () => {
    const { secret } = await insertKey({ userId: await insertUser(), actions: [] });
    for (const operation of operations.filter(({ path }) => !OPEN.includes(path))) {
      const response = await call(operation.method, fillPath(operation), {
        token: secret,
        ...sampleBody(document, operation),
      });
      expect(response.status, operation.title).toBe(403);
      await expectErrorForm(operation, response);
    }
  });
});

async function expectErrorForm(operation: Operation, response: Response): Promise<void> {
  expect(response.headers.get("x-request-id"), operation.title).toMatch(/^[\w-]{36}$/);
  expect(response.headers.get("cache-control"), operation.title).toBe("no-store");
  const body = await response.clone().json<Record<string, unknown>>();
  expect(Object.keys(body).toSorted(), operation.title).toEqual(["detail", "error", "message"]);
  expect(body.message, operation.title).toMatch(/\S/);
  expect(body.error, operation.title).toMatch(/^[a-z_]+$/);
  expect(Array.isArray(body.detail), operation.title).toBe(response.status === 422);
  expect(await referee.judge(operation, response), operation.title).toEqual({ valid: true, errors: [] });
}

describe("the referee itself", () => {
  it("refuses a body with a missing, a wrong or an unpublished key", async () => {
    const operation = operationOf("GET /api/libraries/{library_id}");
    const { libraryId } = await rootOwner();
    const library = await (await call("GET", `/api/libraries/${libraryId}`)).json<Record<string, unknown>>();
    const { name: _name, ...nameless } = library;
    for (const body of [nameless, { ...library, asset_count: "1" }, { ...library, secret: 1 }]) {
      expect((await referee.judge(operation, Response.json(body))).valid).toBe(false);
    }
    expect((await referee.judge(operation, Response.json(library))).valid).toBe(true);
    expect((await referee.judge(operation, Response.json(library, { status: 202 }))).valid).toBe(false);
  });
});
