import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { call, ROOT, uniqueBytes, uploadForm, type CallOptions } from "../support/api.ts";
import {
  fillPath,
  operationsOf,
  readDocument,
  Referee,
  sampleBody,
  type ApiDocument,
  type Operation,
} from "../support/openapi.ts";
import { insertKey, insertUser, rootOwner } from "../support/tenants.ts";
import { pngOf } from "../support/pictures.ts";

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
    await walk("GET /media/{asset_id}/{version_id}/{variant}", asset.download_url, 200, { token: null });

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
    await walk("PATCH /api/albums/{album_id}", album, 200, { json: { album_cover_asset_id: asset.id } });
    await walk("GET /api/albums/{album_id}", album, 200);
    await walk("GET /api/albums", "/api/albums", 200);
    await walk("DELETE /api/albums/{album_id}/assets", `${album}/assets`, 200, ids);
    await walk("DELETE /api/albums/{album_id}", album, 200);

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
    await walk("POST /api/libraries", "/api/libraries", 201, { json: { name: "second" } });

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
      const path = operation.path.replaceAll(/\{\w+\}/g, "asset_stack_BM3nUmJ6fkBqBADyz5FEiu");
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
