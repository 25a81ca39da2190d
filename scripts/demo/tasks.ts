/** Waits for the background tasks of the uploaded assets. */
import { setTimeout as sleep } from "node:timers/promises";
import { listTasks, type Api, type DemoTask } from "./client.ts";
import { showProgress } from "./report.ts";

/** Longer than a slow machine takes for the samples, so that a task that never ends is reported. */
const MAX_WAIT_MS = 10 * 60_000;
const POLL_MS = 500;

export interface TaskCounts {
  finished: number;
  failures: DemoTask[];
}

function isFinished({ status }: DemoTask): boolean {
  return status === "success" || status === "failure";
}

async function readTasks(api: Api, ids: string[]): Promise<DemoTask[]> {
  const lists: DemoTask[][] = [];
  for (const id of ids) lists.push(await listTasks(api, id));
  return lists.flat();
}

/** Polls until every task has ended. Throws with the unfinished ones after ten minutes. */
export async function waitForTasks(api: Api, ids: string[], maxWaitMs = MAX_WAIT_MS): Promise<TaskCounts> {
  const deadlineMs = Date.now() + maxWaitMs;
  let shown = -1;
  for (;;) {
    const tasks = await readTasks(api, ids);
    const finished = tasks.filter(isFinished);
    if (finished.length !== shown) showProgress(finished.length, tasks.length, "background tasks");
    shown = finished.length;
    const failures = finished.filter(({ status }) => status === "failure");
    if (finished.length === tasks.length) return { finished: tasks.length, failures };
    if (Date.now() > deadlineMs) {
      const open = tasks
        .filter((task) => !isFinished(task))
        .map((task) => `${task.task_type} of ${task.asset_id ?? ""}`);
      throw new Error(`Tasks did not end within ${Math.round(maxWaitMs / 60_000)} minutes: ${open.join(", ")}`);
    }
    await sleep(POLL_MS);
  }
}
