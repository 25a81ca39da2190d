/** Runs a task's handler and stores its change, as the runner does. */
import { applyChange } from "../../src/operations/tasks/applyChange.ts";
import type { TaskOutcome } from "../../src/operations/tasks/taskOutcome.ts";
import type { Context } from "../../src/operations/context.ts";
import type { Asset } from "../../src/records/assets/assets.ts";

type TaskHandler = (context: Context, asset: Asset) => Promise<TaskOutcome>;

/** Returns the outcome without the change, which is stored. */
export function applied(handler: TaskHandler): TaskHandler {
  return async (context, asset) => {
    const outcome = await handler(context, asset);
    if (!("change" in outcome) || outcome.change === undefined) return outcome;
    const { change, ...rest } = outcome;
    await applyChange(context, asset, change);
    return rest;
  };
}
