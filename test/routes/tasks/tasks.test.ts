import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { taskSchema } from "../../../src/routes/tasks/schemas.ts";
import { refusalOf } from "../../support/clients/answers.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { insertTaskRows } from "../../support/rows/taskRows.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  rootOwner,
  type Tenant,
} from "../../support/clients/tenants.ts";

type TaskAnswer = z.infer<typeof taskSchema>;

const KEYS =
  "asset_id celery_task_id completed_at created_at error_message id result retry_count started_at status task_type";
const HOUR_MS = 3600_000;

let first: { userId: string; libraryId: string };
let second: { userId: string; libraryId: string };
let theirs: Tenant;
let theirTask = "";
let ids: string[];
let secondIds: string[];
let assetId = "";
beforeAll(async () => {
  first = await rootOwner();
  second = { userId: first.userId, libraryId: await insertLibrary(first.userId, "second") };
  theirs = await insertTenant();
  [assetId = ""] = await insertAssets(first, [{}]);
  const start = Date.now() - HOUR_MS;
  ids = await insertTaskRows(
    first,
    [
      { assetId, taskType: "thumbhash", status: "success" },
      { assetId, taskType: "image_quality", status: "success", result: "skipped: there is no picture yet" },
      { assetId, taskType: "asset_description", status: "failure", errorMessage: "the model is gone" },
      { taskType: "thumbhash", status: "pending" },
      { taskType: "thumbhash", status: "started" },
      { taskType: "thumbhash", status: "failure" },
    ],
    start,
  );
  secondIds = await insertTaskRows(second, [{ taskType: "thumbhash", status: "failure" }], start + 1);
  [theirTask = ""] = await insertTaskRows(theirs, [{ assetId: theirs.assetId, status: "failure" }], start);
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

/** As a list has them: ids sort by time. */
function newestFirst(...parts: (string | undefined)[]): string[] {
  return parts.flatMap((part) => part ?? []).toSorted((one, other) => (one < other ? 1 : -1));
}

/** Of the first library's tasks, the ones at these places, newest first. */
function mine(...places: number[]): string[] {
  return newestFirst(...places.map((place) => ids[place]));
}

describe("the list of tasks", () => {
  it("holds those of every library I own, newest first, with every key of the contract", async () => {
    expect(await idsOf("")).toEqual(newestFirst(...ids, ...secondIds));
    const [task] = await (await call("GET", "/api/tasks/?limit=1")).json<Record<string, unknown>[]>();
    expect(
      Object.keys(task ?? {})
        .toSorted()
        .join(" "),
    ).toBe(KEYS);
  });

  it("is the same with and without a slash", async () => {
    expect(await (await call("GET", "/api/tasks")).json()).toEqual(await (await call("GET", "/api/tasks/")).json());
  });

  it("can be narrowed to a library, a status, a kind of work, and to all of them", async () => {
    expect(await idsOf(`?library_id=${second.libraryId}`)).toEqual(secondIds);
    expect(await idsOf("?status=failure")).toEqual(newestFirst(ids[2], ids[5], ...secondIds));
    expect(await idsOf("?status=success")).toEqual(mine(0, 1));
    expect(await idsOf("?status=pending")).toEqual(mine(3));
    expect(await idsOf("?status=started")).toEqual(mine(4));
    expect(await idsOf("?task_type=image_quality")).toEqual(mine(1));
    expect(await idsOf("?task_type=thumbhash")).toEqual(newestFirst(...mine(0, 3, 4, 5), ...secondIds));
    expect(await idsOf(`?task_type=thumbhash&status=failure&library_id=${first.libraryId}`)).toEqual(mine(5));
    expect(await idsOf("?task_type=burst_detection")).toEqual([]);
  });

  it("stops at the limit, with the newest", async () => {
    expect(await idsOf("?limit=2")).toEqual(newestFirst(...ids, ...secondIds).slice(0, 2));
    expect(await idsOf("?task_type=thumbhash&limit=2")).toEqual(mine(4, 5));
  });

  it("takes every kind of work that the contract names, and no other", async () => {
    const kinds =
      "image_quality embedding face_detection face_clustering asset_description asset_storage_cleanup asset_version_storage_cleanup reverse_geocoding video_thumbnail_extract video_metadata_extract thumbhash display_proxy_generation burst_detection product_update_subscription";
    for (const kind of kinds.split(" ")) await list(`?task_type=${kind}`);
    await refusalOf(await call("GET", "/api/tasks/?task_type=mind_reading"), 422);
    await refusalOf(await call("GET", "/api/tasks/?status=skipped"), 422);
  });

  it("refuses a limit out of range instead of clamping it", async () => {
    for (const limit of ["0", "1001", "-1", "x"]) await refusalOf(await call("GET", `/api/tasks/?limit=${limit}`), 422);
    expect(await list("?limit=1000")).toHaveLength(7);
  });

  it("answers 404 for a library that is unknown, another's, trashed, or out of the key's scope", async () => {
    const trashed = await insertLibrary(first.userId, "trashed");
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(trashed).run();
    for (const id of [newId("library"), theirs.libraryId, trashed]) {
      await refusalOf(await call("GET", `/api/tasks/?library_id=${id}`), 404);
    }
    const { secret: token } = await insertKey({ userId: first.userId, libraryIds: [second.libraryId] });
    await refusalOf(await call("GET", `/api/tasks/?library_id=${first.libraryId}`, { token }), 404);
    expect(await idsOf("", token)).toEqual(secondIds);
    expect(await idsOf("?status=success", token)).toEqual([]);
  });

  it("never shows another owner's", async () => {
    expect(await idsOf("?limit=1000")).not.toContain(theirTask);
    expect(await idsOf("", theirs.secret)).toEqual([theirTask]);
  });
});

describe("one task", () => {
  it("is found by its id and by its delivery's", async () => {
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

  it("that was skipped is a success whose result says why", async () => {
    const task = taskSchema.parse(await (await call("GET", `/api/tasks/${ids[1]}`)).json());
    expect(task).toMatchObject({ status: "success", result: "skipped: there is no picture yet", error_message: null });
  });

  it("that is unknown, another's or out of the key's scope is a 404", async () => {
    for (const name of [newId("task"), crypto.randomUUID(), "anything", theirTask]) {
      await refusalOf(await call("GET", `/api/tasks/${name}`), 404);
    }
    const { secret: token } = await insertKey({ userId: first.userId, libraryIds: [second.libraryId] });
    await refusalOf(await call("GET", `/api/tasks/${ids[0]}`, { token }), 404);
    expect((await call("GET", `/api/tasks/${secondIds[0]}`, { token })).status).toBe(200);
  });

  it("with an id that is no task's is a 422", async () => {
    for (const name of ["btask_short", newId("asset")]) await refusalOf(await call("GET", `/api/tasks/${name}`), 422);
  });
});

describe("the tasks of an asset", () => {
  it("are all there, newest first", async () => {
    const found = await (await call("GET", `/api/tasks/asset/${assetId}`)).json<TaskAnswer[]>();
    expect(found.map((task) => task.id)).toEqual(mine(0, 1, 2));
  });

  it("are there for a trashed asset too", async () => {
    const [trashed = ""] = await insertAssets(first, [{ trashedAt: 1 }]);
    expect(await (await call("GET", `/api/tasks/asset/${trashed}`)).json()).toEqual([]);
  });

  it("of another's asset, or of none, are a 404", async () => {
    await refusalOf(await call("GET", `/api/tasks/asset/${theirs.assetId}`), 404);
    await refusalOf(await call("GET", `/api/tasks/asset/${newId("asset")}`), 404);
    await refusalOf(await call("GET", "/api/tasks/asset/asset_x"), 422);
  });
});

describe("what a list of tasks costs", () => {
  const LIMIT = 50;

  async function rowsRead(query: string, token: string): Promise<{ rows: number; found: number }> {
    const { binding, counts } = countingD1(env.DB);
    const response = await call("GET", `/api/tasks/${query}`, { token, env: { DB: binding } });
    const found = (await response.json<unknown[]>()).length;
    const rows = counts.statements
      .filter(({ sql }) => sql.includes('from "tasks"'))
      .map((statement) => statement.rowsRead);
    return { rows: rows.reduce((sum, count) => sum + count, 0), found };
  }

  it("is what it answers, however many tasks there are and whatever it is narrowed to", async () => {
    const owner = await insertTenant();
    const many = { userId: owner.userId, libraryId: owner.libraryId };
    const kinds = ["thumbhash", "image_quality", "asset_description", "display_proxy_generation"];
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      taskType: kinds[i % kinds.length] ?? "",
      // Among the oldest are the only ones that failed: a scan from the newest would read them all.
      status: i < 40 ? "failure" : "success",
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
