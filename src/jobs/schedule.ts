/** What runs every quarter of an hour: ring for overdue work, clear what crashed uploads left. */
import { ringOverdue, sweepOriginals } from "../operations/sweeps.ts";
import { workDeps } from "../operations/work.ts";

export async function handleSchedule(_event: ScheduledController, env: Cloudflare.Env): Promise<void> {
  const deps = workDeps(env);
  await ringOverdue(deps);
  await sweepOriginals(deps);
}
