/** Limits of scheduled runs and queue messages. */
import * as config from "../../src/kernel/config.ts";
import * as refreshPosters from "../../src/operations/delivery/posters/refreshPosters.ts";
import * as purge from "../../src/operations/deletion/purge.ts";
import * as purgeLibraries from "../../src/operations/deletion/purgeLibraries.ts";
import * as trash from "../../src/operations/deletion/trash.ts";
import * as cachePurges from "../../src/operations/delivery/cachePurges.ts";
import * as createOnce from "../../src/operations/idempotency/createOnce.ts";
import * as integrity from "../../src/operations/maintenance/integrity.ts";
import * as scrub from "../../src/operations/maintenance/scrub.ts";
import * as eventSweep from "../../src/operations/maintenance/eventSweep.ts";
import * as sweeps from "../../src/operations/maintenance/sweeps.ts";
import * as taskCompletion from "../../src/operations/tasks/taskCompletion.ts";
import * as cachePurger from "../../src/providers/cache/cachePurger.ts";
import * as cachePurgeRecords from "../../src/records/delivery/cachePurges.ts";
import * as queueJob from "../../src/jobs/queue.ts";
import * as renderFailures from "../../src/operations/delivery/renderFailures.ts";
import * as imagePrompt from "../../src/providers/describers/imagePrompt.ts";
import { limit, type Section } from "./entry.ts";

export const backgroundSection: Section = {
  title: "Background work",
  intro: "A scheduled run takes place every 15 minutes.",
  limits: [
    limit(taskCompletion, "MAX_REASON_BYTES", "bytes", "result or error message of a task", "cut"),
    limit(taskCompletion, "MAX_RETRIES", "items", "retries of a task", "the task fails with the reason"),
    limit(
      renderFailures,
      "MAX_RENDER_PAUSE_MS",
      "ms",
      "pause after rendering failed repeatedly",
      "the next request tries again",
    ),
    limit(
      imagePrompt,
      "MAX_COMPLETION_TOKENS",
      "items",
      "tokens of a caption's answer",
      "the task fails with the reason",
    ),
    limit(config, "DEFAULT_TRASH_RETENTION_DAYS", "days", "trash (`TRASH_RETENTION_DAYS`)", "deleted permanently"),
    limit(
      trash,
      "MAX_ASSETS_PER_CALL",
      "items",
      "assets deleted before emptying the trash answers",
      "the queue continues",
    ),
    limit(
      refreshPosters,
      "MAX_REFRESHED_POSTERS",
      "items",
      "videos whose posters are made again by one call or message",
      "the queue continues",
    ),
    limit(purge, "MAX_TRASHED_ASSETS_PER_RUN", "items", "trashed assets deleted per run", "the next run continues"),
    limit(
      purge,
      "MAX_CLEANUPS_PER_RUN",
      "items",
      "deleted assets whose objects are listed per run",
      "the next run continues",
    ),
    limit(
      purgeLibraries,
      "MAX_ASSETS_PER_RUN",
      "items",
      "assets of deleted libraries per run",
      "the next run continues",
    ),
    limit(cachePurger, "MAX_TAGS_PER_PURGE", "items", "tags of one purge of cached media", "another purge follows"),
    limit(
      cachePurges,
      "MAX_PURGES_PER_RUN",
      "items",
      "purges of cached media per message or run",
      "the next message or run continues",
    ),
    limit(cachePurges, "MAX_PURGE_WAIT_SECONDS", "seconds", "age of a purge that keeps failing", "it is given up"),
    limit(
      cachePurgeRecords,
      "MAX_TAGS_PER_LIBRARY",
      "items",
      "assets of a library that wait to be purged from the cache",
      "the cache forgets the whole library",
    ),
    limit(sweeps, "MAX_REQUEUED_ASSETS", "items", "assets with overdue tasks per run", "the next run continues"),
    limit(
      eventSweep,
      "MAX_SWEPT_EVENTS_PER_RUN",
      "items",
      "events per run that are checked for deleted assets",
      "the next run continues",
    ),
    limit(
      createOnce,
      "MAX_EXPIRED_KEYS_PER_RUN",
      "items",
      "expired `Idempotency-Key`s deleted per run",
      "the next run continues",
    ),
    limit(
      config,
      "DEFAULT_SCRUB_BYTES_PER_RUN",
      "bytes",
      "originals read again per run (`SCRUB_BYTES_PER_RUN`)",
      "the next run continues",
    ),
    limit(scrub, "MAX_SCRUBBED_FILES_PER_RUN", "items", "originals read again per run", "the next run continues"),
    limit(
      eventSweep,
      "EVENT_SWEEP_INTERVAL_MS",
      "ms",
      "time between two sweeps of the change feed, at least",
      "the next one waits",
    ),
    limit(integrity, "REPORT_INTERVAL_MS", "ms", "time between two integrity reports, at least", "the next one waits"),
    limit(scrub, "SCRUB_INTERVAL_MS", "ms", "time between two rounds of the scrub, at least", "the next one waits"),
    limit(queueJob, "MAX_CONCURRENT_MESSAGES", "items", "assets whose tasks run at the same time", "others wait"),
    limit(queueJob, "BATCH_WORK_MS", "ms", "work on one batch of queue messages", "the rest goes back to the queue"),
    limit(integrity, "MAX_FINDINGS", "items", "findings listed per kind in the integrity report", "only counted"),
  ],
};
