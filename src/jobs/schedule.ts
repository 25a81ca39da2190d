/** The tasks that the cron trigger runs every 15 minutes, independently of each other. */
import { error as logError } from "../kernel/log.ts";
import type { Context } from "../operations/context.ts";
import { sweepSignIns } from "../operations/accounts/oauth/signInRequests.ts";
import { sweepSignInSecrets } from "../operations/accounts/signIn/signInPage.ts";
import { sweepSessions } from "../operations/accounts/sessions/sessions.ts";
import { cleanUpDeletedAssets, purgeTrash } from "../operations/deletion/purge.ts";
import { purgeAlbums } from "../operations/deletion/purgeAlbums.ts";
import { purgeLibraries } from "../operations/deletion/purgeLibraries.ts";
import { sweepCachePurges } from "../operations/delivery/cachePurges.ts";
import { cleanUpFaceCrops } from "../operations/delivery/faceCrops/faceCrops.ts";
import { continueFaceRuns } from "../operations/faces/faceRuns.ts";
import { groupOverdue } from "../operations/faces/groupFaces.ts";
import { sweepIdempotencyKeys } from "../operations/idempotency/createOnce.ts";
import { sweepEvents } from "../operations/maintenance/eventSweep.ts";
import { checkIntegrity } from "../operations/maintenance/integrity.ts";
import { scrubOriginals } from "../operations/maintenance/scrub.ts";
import { embedMissing } from "../operations/search/embedMissing.ts";
import { repackVectors } from "../operations/search/vectors/packVectors.ts";
import { sweepVectors } from "../operations/search/vectors/syncVectors.ts";
import { requeueOverdue, sweepObjects } from "../operations/maintenance/sweeps.ts";
import { indexOverdue } from "../operations/search/indexing/indexChanges.ts";
import { cleanUpVersions } from "../operations/versions/versionCleanup.ts";
import { jobContext } from "./context.ts";

type ScheduledTask = (context: Context) => Promise<unknown>;

/** Tasks that users wait for come first; the read-only checks come last. */
const scheduledTasks: [name: string, task: ScheduledTask][] = [
  ["requeue overdue tasks", requeueOverdue],
  ["purge the trash", purgeTrash],
  ["purge deleted albums", purgeAlbums],
  ["purge trashed libraries", purgeLibraries],
  ["purge cached media", sweepCachePurges],
  ["clean up deleted assets", cleanUpDeletedAssets],
  ["clean up deleted versions", cleanUpVersions],
  ["clean up crops of faces", cleanUpFaceCrops],
  ["delete expired idempotency keys", sweepIdempotencyKeys],
  ["delete ended sessions", sweepSessions],
  ["delete expired sign-ins", sweepSignIns],
  ["delete expired challenges and one-time links", sweepSignInSecrets],
  ["continue face detection of libraries", continueFaceRuns],
  ["group faces", groupOverdue],
  ["index changes for the search", indexOverdue],
  ["embed assets without a vector", embedMissing],
  ["update vectors of deleted and moved assets", sweepVectors],
  ["pack vectors again", repackVectors],
  ["sweep orphaned objects", sweepObjects],
  ["sweep events of deleted assets", (context) => sweepEvents(context)],
  ["check integrity", (context) => checkIntegrity(context)],
  ["verify stored originals", scrubOriginals],
];

export async function handleSchedule(
  _event: ScheduledController,
  env: Cloudflare.Env,
  execution: ExecutionContext,
): Promise<void> {
  const failures: unknown[] = [];
  for (const [name, run] of scheduledTasks) {
    try {
      await run(jobContext(env, execution));
    } catch (error) {
      logError("scheduled task failed; the next run retries it", { task: name, error: String(error) });
      failures.push(error);
    }
  }
  // A rejection marks the run as failed in the dashboard's list of cron events.
  if (failures.length > 0) throw new AggregateError(failures, "scheduled tasks failed");
}
