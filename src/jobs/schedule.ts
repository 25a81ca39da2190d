/** What runs every quarter of an hour, each part by itself: one that fails does not keep the next from its turn. */
import { parseConfig } from "../kernel/config.ts";
import { error as logError } from "../kernel/log.ts";
import { drainLibraries } from "../operations/deletion/purgeLibraries.ts";
import { checkIntegrity } from "../operations/maintenance/integrity.ts";
import { cleanUpDeletions, purgeTrash } from "../operations/deletion/purge.ts";
import { ringOverdue, scheduleDeps, sweepObjects, type ScheduleDeps } from "../operations/maintenance/sweeps.ts";
import { cleanUpVersions } from "../operations/versions/versionCleanup.ts";

type Chore = (deps: ScheduleDeps, env: Cloudflare.Env) => Promise<unknown>;

/** In this order: what someone waits for comes first, what only looks comes last. */
const chores: [name: string, chore: Chore][] = [
  ["ring for overdue work", ringOverdue],
  ["purge the trash", (deps, env) => purgeTrash(deps, parseConfig({ ...env }).trashRetentionDays)],
  ["drain trashed libraries", drainLibraries],
  ["clean up after deletions", cleanUpDeletions],
  ["clean up after versions", cleanUpVersions],
  ["sweep objects without a row", sweepObjects],
  ["check the integrity", (deps) => checkIntegrity(deps)],
];

export async function handleSchedule(_event: ScheduledController, env: Cloudflare.Env): Promise<void> {
  const failures: unknown[] = [];
  for (const [name, chore] of chores) {
    try {
      await chore(scheduleDeps(env), env);
    } catch (error) {
      logError("a scheduled chore failed; the next run tries again", { chore: name, error: String(error) });
      failures.push(error);
    }
  }
  // Failed, so that the dashboard's list of cron runs shows it.
  if (failures.length > 0) throw new AggregateError(failures, "scheduled chores failed");
}
