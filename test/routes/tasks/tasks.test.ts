import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { taskSchema } from "../../../src/routes/tasks/schemas.ts";
import { expectError } from "../../support/clients/responses.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { insertTaskRows } from "../../support/rows/taskRows.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { insertAssets, insertKey, insertLibrary, insertTenant, type Tenant } from "../../support/clients/tenants.ts";

type TaskAnswer = z.infer<typeof taskSchema>;

const KEYS =
  "asset_id celery_task_id completed_at created_at error_message id outcome result retry_count started_at status task_type";
const HOUR_MS = 3600_000;

let first: { userId: string; libraryId: string };
let second: { userId: string; libraryId: string };
let otherTenant: Tenant;
let otherTenantTask = "";
let ids: string[];
let secondIds: string[];
let assetId = "";
beforeAll(async () => {
  first = await getRootOwner();
  second = { userId: first.userId, libraryId: await insertLibrary(first.userId, "second") };
  otherTenant = await insertTenant();
  [assetId = ""] = await insertAssets(first, [{}]);
  const start = Date.now() - HOUR_MS;
  ids = await insertTaskRows(
    first,
    [
      { assetId, taskType: "thumbhash", status: "success" },
      { assetId, taskType: "quality_scoring", status: "success", result: "skipped: there is no picture yet" },
      { assetId, taskType: "asset_description", status: "failure", errorMessage: "the model is gone" },
      { taskType: "thumbhash", status: "pending" },
      { taskType: "thumbhash", status: "started" },
      { taskType: "thumbhash", status: "failure" },
    ],
    start,
  );
  secondIds = await insertTaskRows(second, [{ taskType: "thumbhash", status: "failure" }], start + 1);
  createdAfter = new Map([...ids.map((id, i): [string, number] => [id, i]), [secondIds[0] ?? "", 1]]);
  [otherTenantTask = ""] = await insertTaskRows(
    otherTenant,
    [{ assetId: otherTenant.assetId, status: "failure" }],
    start,
  );
});

async function list(query = "", token?: string): Promise<TaskAnswer[]> {
  const response = await call("GET", `/api/tasks/${query}`, token === undefined ? {} : { token });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return z.array(taskSchema).parse(JSON.parse(text));
}

async function idsOf(query: string, token?: string): Promise<string[]> {
  return (await list(query, token)).map((task) => task.id);
}

/** Milliseconds after the first task, by id. */
let createdAfter: Map<string, number>;

/** List order: the time of creation, then the id. */
function newestFirst(...parts: (string | undefined)[]): string[] {
  const ageOf = (id: string): number => createdAfter.get(id) ?? 0;
  return parts
    .flatMap((part) => part ?? [])
    .toSorted((one, other) => ageOf(other) - ageOf(one) || (one < other ? 1 : -1));
}

/** Tasks of the first library at the given positions, newest first. */
function tasksAt(...places: number[]): string[] {
  return newestFirst(...places.map((place) => ids[place]));
}

describe("GET /api/tasks", () => {
  it("lists tasks of all libraries in scope, newest first, with the contract's keys", async () => {
    expect(await idsOf("")).toEqual(newestFirst(...ids, ...secondIds));
    const [task] = await (await call("GET", "/api/tasks/?limit=1")).json<Record<string, unknown>[]>();
    expect(
      Object.keys(task ?? {})
        .toSorted()
        .join(" "),
    ).toBe(KEYS);
  });

  it("is the same with and without a trailing slash", async () => {
    expect(await (await call("GET", "/api/tasks")).json()).toEqual(await (await call("GET", "/api/tasks/")).json());
  });

  it("filters by library, status, task type and combinations of them", async () => {
    expect(await idsOf(`?library_id=${second.libraryId}`)).toEqual(secondIds);
    expect(await idsOf("?status=failure")).toEqual(newestFirst(ids[2], ids[5], ...secondIds));
    expect(await idsOf("?status=success")).toEqual(tasksAt(0, 1));
    expect(await idsOf("?status=pending")).toEqual(tasksAt(3));
    expect(await idsOf("?status=started")).toEqual(tasksAt(4));
    for (const name of ["quality_scoring", "image_quality"])
      expect(await idsOf(`?task_type=${name}`)).toEqual(tasksAt(1));
    expect(await idsOf("?task_type=thumbhash")).toEqual(newestFirst(...tasksAt(0, 3, 4, 5), ...secondIds));
    expect(await idsOf(`?task_type=thumbhash&status=failure&library_id=${first.libraryId}`)).toEqual(tasksAt(5));
    expect(await idsOf("?task_type=burst_detection")).toEqual([]);
  });

  it("returns the newest tasks up to the limit", async () => {
    expect(await idsOf("?limit=2")).toEqual(newestFirst(...ids, ...secondIds).slice(0, 2));
    expect(await idsOf("?task_type=thumbhash&limit=2")).toEqual(tasksAt(4, 5));
  });

  const python = (version: string): Record<string, string> => ({
    "x-stainless-lang": "python",
    "x-stainless-package-version": version,
  });
  it.each([
    [python("0.159.0"), "image_quality"],
    [python("0.177.9"), "image_quality"],
    [python("0.178.0"), "quality_scoring"],
    [python("1.0.0"), "quality_scoring"],
    [python("1.2.3"), "quality_scoring"],
    [python("x"), "quality_scoring"],
    [python("abc"), "quality_scoring"],
    [{ "x-stainless-package-version": "0.1.0" }, "quality_scoring"],
    [{}, "quality_scoring"],
  ])("names quality_scoring as the client of the headers %o knows it: %s", async (headers, name) => {
    const paths = [
      "/api/tasks?task_type=quality_scoring",
      "/api/tasks/?task_type=quality_scoring",
      `/api/tasks/${ids[1]}`,
      "/api/tasks?task_type=image_quality",
    ];
    for (const path of paths) {
      const body: unknown = await (await call("GET", path, { headers })).json();
      expect([body].flat(), path).toMatchObject([{ id: ids[1], task_type: name }]);
    }
  });

  it("accepts the contract's task types and no others", async () => {
    const kinds =
      "quality_scoring image_quality person_metrics_refresh embedding face_detection face_clustering asset_description asset_storage_cleanup asset_version_storage_cleanup reverse_geocoding video_thumbnail_extract video_metadata_extract thumbhash display_proxy_generation burst_detection product_update_subscription";
    for (const kind of kinds.split(" ")) await list(`?task_type=${kind}`);
    await expectError(await call("GET", "/api/tasks/?task_type=mind_reading"), 422);
    await expectError(await call("GET", "/api/tasks/?status=skipped"), 422);
  });

  it("rejects a limit out of range instead of clamping it", async () => {
    for (const limit of ["0", "1001", "-1", "x"])
      await expectError(await call("GET", `/api/tasks/?limit=${limit}`), 422);
    expect(await list("?limit=1000")).toHaveLength(7);
  });

  it("returns 404 for a library that is unknown, foreign, trashed or outside the key's scope", async () => {
    const trashed = await insertLibrary(first.userId, "trashed");
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(trashed).run();
    for (const id of [newId("library"), otherTenant.libraryId, trashed]) {
      await expectError(await call("GET", `/api/tasks/?library_id=${id}`), 404);
    }
    const { secret: token } = await insertKey({ userId: first.userId, libraryIds: [second.libraryId] });
    await expectError(await call("GET", `/api/tasks/?library_id=${first.libraryId}`, { token }), 404);
    expect(await idsOf("", token)).toEqual(secondIds);
    expect(await idsOf("?status=success", token)).toEqual([]);
  });

  it("excludes tasks of other accounts", async () => {
    expect(await idsOf("?limit=1000")).not.toContain(otherTenantTask);
    expect(await idsOf("", otherTenant.secret)).toEqual([otherTenantTask]);
  });
});

describe("GET /api/tasks/{id}", () => {
  it("finds a task by its id and by its delivery id", async () => {
    const task = taskSchema.parse(await (await call("GET", `/api/tasks/${ids[2]}`)).json());
    expect(task).toMatchObject({
      id: ids[2],
      asset_id: assetId,
      status: "failure",
      error_message: "the model is gone",
    });
    expect(await (await call("GET", `/api/tasks/${task.celery_task_id}`)).json()).toEqual(task);
    expect((await call("GET", `/api/tasks/${task.celery_task_id}/`)).status).toBe(200);
  });

  it("returns a skipped task as a success whose result states the reason", async () => {
    const task = taskSchema.parse(await (await call("GET", `/api/tasks/${ids[1]}`)).json());
    expect(task).toMatchObject({ status: "success", result: "skipped: there is no picture yet", error_message: null });
  });

  it("returns 404 for a task that is unknown, foreign or outside the key's scope", async () => {
    for (const name of [newId("task"), crypto.randomUUID(), "anything", otherTenantTask]) {
      await expectError(await call("GET", `/api/tasks/${name}`), 404);
    }
    const { secret: token } = await insertKey({ userId: first.userId, libraryIds: [second.libraryId] });
    await expectError(await call("GET", `/api/tasks/${ids[0]}`, { token }), 404);
    expect((await call("GET", `/api/tasks/${secondIds[0]}`, { token })).status).toBe(200);
  });

  it("returns 422 for the id of another entity", async () => {
    for (const name of ["btask_short", newId("asset")]) await expectError(await call("GET", `/api/tasks/${name}`), 422);
  });
});

describe("a task added later to an old asset", () => {
  it("is the first of the list, and counts at the time it was added", async () => {
    const owner = await insertTenant();
    const many = { userId: owner.userId, libraryId: owner.libraryId };
    const [old = "", newer = ""] = await insertAssets(many, [{}, {}]);
    await insertTaskRows(many, [{ assetId: old }], Date.now() - 2 * HOUR_MS);
    const [newerTask = ""] = await insertTaskRows(many, [{ assetId: newer }], Date.now() - HOUR_MS);
    const json = { latitude: 52.52, longitude: 13.405 };
    const queue = recordingQueue().binding;
    await call("PATCH", `/api/assets/${old}`, { token: owner.secret, json, env: { QUEUE: queue } });
    const found = await list("", owner.secret);
    expect(found.map((task) => [task.asset_id, task.task_type, task.status])).toEqual([
      [old, "reverse_geocoding", "pending"],
      [newer, "thumbhash", "success"],
      [old, "thumbhash", "success"],
    ]);
    expect(await idsOf("?limit=1", owner.secret)).toEqual([found[0]?.id]);
    expect(await idsOf("?status=success", owner.secret)).toEqual([newerTask, found[2]?.id]);
  });
});

describe("GET /api/tasks/asset/{id}", () => {
  it("returns all tasks of an asset, newest first", async () => {
    const found = await (await call("GET", `/api/tasks/asset/${assetId}`)).json<TaskAnswer[]>();
    expect(found.map((task) => task.id)).toEqual(tasksAt(0, 1, 2));
  });

  it("includes the tasks of a trashed asset", async () => {
    const [trashed = ""] = await insertAssets(first, [{ trashedAt: 1 }]);
    expect(await (await call("GET", `/api/tasks/asset/${trashed}`)).json()).toEqual([]);
  });

  it("returns 404 for a foreign or unknown asset", async () => {
    await expectError(await call("GET", `/api/tasks/asset/${otherTenant.assetId}`), 404);
    await expectError(await call("GET", `/api/tasks/asset/${newId("asset")}`), 404);
    await expectError(await call("GET", "/api/tasks/asset/asset_x"), 422);
  });
});

describe("the cost of a task list", () => {
  const LIMIT = 50;

  async function rowsRead(query: string, token: string): Promise<{ rows: number; found: number }> {
    const { binding, counts } = countingD1(env.DB);
    const response = await call("GET", `/api/tasks/${query}`, { token, env: { DB: binding } });
    const found = (await response.json<unknown[]>()).length;
    const rows = counts.statements
      .filter(({ sql }) => sql.includes('"asset_tasks"'))
      .map((statement) => statement.rowsRead);
    return { rows: rows.reduce((sum, count) => sum + count, 0), found };
  }

  it.each([1, 4])("is proportional to its result, with %i tasks for each asset and any filter", async (perAsset) => {
    const owner = await insertTenant();
    const many = { userId: owner.userId, libraryId: owner.libraryId };
    const kinds = ["thumbhash", "quality_scoring", "asset_description", "display_proxy_generation"] as const;
    const assetIds = Array.from({ length: 5000 / perAsset }, () => newId("asset"));
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      assetId: assetIds[Math.floor(i / perAsset)] ?? "",
      taskType: kinds[i % kinds.length] ?? "thumbhash",
      // Only the oldest tasks failed, so a scan from the newest would read all of them.
      status: i < 40 ? ("failure" as const) : ("success" as const),
    }));
    await insertTaskRows(many, rows, Date.now() - HOUR_MS);
    const measured: Record<string, { rows: number; found: number }> = {};
    for (const query of [
      "",
      "&status=success",
      "&status=failure",
      "&status=pending",
      "&task_type=thumbhash",
      "&task_type=thumbhash&status=failure",
      "&task_type=embedding",
    ]) {
      measured[query] = await rowsRead(`?limit=${LIMIT}${query}`, owner.secret);
    }
    for (const [query, { rows: read, found }] of Object.entries(measured)) {
      expect(read, `${query}: ${JSON.stringify(measured)}`).toBeLessThanOrEqual(5 * found + 50);
    }
  });
});
