/** Rows of the earlier table, one for each task, become one row for each asset. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { findTaskMismatches, readTasks } from "../../support/rows/taskRows.ts";

const CREATE = `CREATE TABLE tasks (id text PRIMARY KEY, library_id text, user_id text, asset_id text, task_type text,
  celery_task_id text, status text, result text, error_message text, retry_count integer DEFAULT 0 NOT NULL,
  due_at integer, created_at integer, started_at integer, completed_at integer)`;

function conversion(): string {
  const migration = env.TEST_MIGRATIONS.find(({ name }) => name.endsWith("_asset_tasks_of_tasks.sql"));
  return migration?.queries[0] ?? "";
}

it("converts the tasks of earlier versions", async () => {
  const [done, open] = [newId("asset"), newId("asset")];
  await env.DB.prepare(CREATE).run();
  const insert = `INSERT INTO tasks (id, library_id, user_id, asset_id, task_type, celery_task_id, status, result,
    error_message, retry_count, due_at, created_at, started_at, completed_at) VALUES (?, 'l', 'u', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const rows = [
    [done, "thumbhash", "success", null, "overloaded", 2, 10, 5, 11, 12],
    [done, "asset_description", "success", "skipped: no describer", null, 0, 10, 5, 11, 12],
    [open, "image_quality", "failure", null, "unreadable", 0, 10, 6, 11, 12],
    [open, "reverse_geocoding", "started", null, null, 0, 900, 7, 11, null],
    [open, "burst_detection", "pending", null, null, 1, 300, 6, 11, null],
  ];
  for (const [i, [assetId, type, ...rest]] of rows.entries()) {
    await sqlAll(insert, `btask_${i}`, assetId, type, `celery ${i}`, ...rest);
  }
  await env.DB.prepare(conversion()).run();
  expect(await readTasks(done)).toMatchObject([
    { task_type: "asset_description", status: "success", result: "skipped: no describer", error_message: null },
    { task_type: "thumbhash", status: "success", result: null, error_message: "overloaded", retry_count: 2 },
  ]);
  expect(await readTasks(open)).toMatchObject([
    { task_type: "burst_detection", status: "pending", retry_count: 1, due_at: 300, completed_at: null },
    { task_type: "quality_scoring", status: "failure", error_message: "unreadable", created_at: 6, completed_at: 12 },
    { task_type: "reverse_geocoding", status: "pending", due_at: 900, created_at: 7, started_at: 11 },
  ]);
  expect(await sqlAll("SELECT due_at, newest_at FROM asset_tasks ORDER BY newest_at")).toEqual([
    { due_at: null, newest_at: 5 },
    { due_at: 300, newest_at: 7 },
  ]);
  expect(await findTaskMismatches()).toEqual([]);
});
