/** Runs a task's handler and stores its change, as the runner does. */
import { planDerivedChange } from "../../src/operations/tasks/saveRun.ts";
import type { AssetChange, TaskOutcome } from "../../src/operations/tasks/taskOutcome.ts";
import type { Context } from "../../src/operations/context.ts";
import { findAssetForTask, type Asset } from "../../src/records/assets/assets.ts";
import { findSnapshot, saveTasks } from "../../src/records/tasks/claims.ts";
import { insertTaskRows, readTasks } from "./rows/taskRows.ts";

type TaskHandler = (context: Context, asset: Asset) => Promise<TaskOutcome>;

/** Stores a change of `asset`, as a task read it. Returns false if the asset has changed since, or was deleted. */
export async function storeChange(context: Context, asset: Asset, change: AssetChange): Promise<boolean> {
  if ((await findAssetForTask(context.db, asset.id)) === null) return false;
  if ((await readTasks(asset.id)).length === 0) await insertTaskRows(asset, [{ assetId: asset.id }]);
  const snapshot = await findSnapshot(context.db, asset.id);
  if (snapshot === null) return false;
  const outcome: TaskOutcome = { kind: "done", result: null, change };
  const task = { status: "pending", dueAt: 0, createdAt: 0 } as const;
  const derived = planDerivedChange(asset, [{ type: "thumbhash", task, asset, outcome, startedMs: 0, endedMs: 0 }]);
  return (await saveTasks(context.db, snapshot.row, derived, context.nowMs)) !== null;
}

/** Returns the outcome without the change, which is stored. */
export function applied(handler: TaskHandler): TaskHandler {
  return async (context, asset) => {
    const outcome = await handler(context, asset);
    if (!("change" in outcome) || outcome.change === undefined) return outcome;
    const { change, ...rest } = outcome;
    await storeChange(context, asset, change);
    return rest;
  };
}
