/** The deferred work of an asset: which tasks are open, doing them in order, and recording how each went. */
import { parseConfig } from "../../kernel/config.ts";
import { AppError } from "../../kernel/errors.ts";
import { describerOf } from "../../providers/describers/describer.ts";
import { placeFinderOf } from "../../providers/places/placeFinder.ts";
import { findAssetForWork, type Asset } from "../../records/assets/assets.ts";
import { openDatabase } from "../../records/database.ts";
import * as records from "../../records/tasks/tasks.ts";
import type { Outcome, WorkDeps } from "./taskOutcome.ts";
import { runBurst } from "./handlers/burst.ts";
import { runDescription } from "./handlers/description.ts";
import { runDisplayProxy } from "./handlers/displayProxy.ts";
import { runQuality } from "./handlers/quality.ts";
import { runReverseGeocoding } from "./handlers/reverseGeocoding.ts";
import { runThumbhash } from "./handlers/thumbhash.ts";
import { runVideoStill } from "./handlers/videoPoster.ts";

type Task = records.Task;
type Run = (deps: WorkDeps, asset: Asset) => Promise<Outcome>;

interface Kind {
  type: records.TaskType;
  run: Run;
  /** Makes the picture that later kinds look at: they wait until it is settled. */
  makesPicture: boolean;
}

/** Every kind of work there is, in the order it is done. */
const kinds: Kind[] = [
  { type: "burst_detection", run: runBurst, makesPicture: false },
  {
    type: "reverse_geocoding",
    run: (deps, asset) => runReverseGeocoding(deps, asset, deps.places ?? null),
    makesPicture: false,
  },
  { type: "display_proxy_generation", run: runDisplayProxy, makesPicture: true },
  { type: "video_thumbnail_extract", run: runVideoStill, makesPicture: true },
  { type: "thumbhash", run: runThumbhash, makesPicture: false },
  { type: "image_quality", run: runQuality, makesPicture: false },
  {
    type: "asset_description",
    run: (deps, asset) => runDescription(deps, asset, deps.describer ?? null),
    makesPicture: false,
  },
];

function kindOf(task: Task): Kind | undefined {
  return kinds.find((kind) => kind.type === task.taskType);
}

export function workDeps(env: Cloudflare.Env): WorkDeps {
  const config = parseConfig({ ...env });
  return {
    db: openDatabase(env.DB, "primary"),
    bucket: env.BUCKET,
    queue: env.QUEUE,
    images: env.IMAGES,
    media: env.MEDIA,
    describer: describerOf(config, env),
    places: placeFinderOf(config, env),
    nowMs: Date.now(),
  };
}

const MAX_REASON_CHARACTERS = 500;
const MAX_RETRIES = 5;
const FIRST_RETRY_MS = 30_000;
/** A queue holds a message back for 12 hours at most, and refuses to for longer. */
const MAX_RETRY_MS = 12 * 3600_000;
/** A consumer lives 15 minutes at most: a claim this old belonged to one that died. */
const STARTED_TOO_LONG_MS = 15 * 60_000;

/** 30 s, 1, 2, 4, 8 minutes; later where the one who refused asked for a longer pause. */
function retryDelayMs(retryCount: number, retryAfterSeconds = 0): number {
  return Math.max(FIRST_RETRY_MS * 2 ** retryCount, Math.min(retryAfterSeconds * 1000, MAX_RETRY_MS));
}

/** Clients read it: a failed statement's text, with what was bound to it, is none of theirs. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /^Failed query|D1_ERROR/.test(text) ? "the database did not answer" : text.slice(0, MAX_REASON_CHARACTERS);
}

function again(error: unknown): Outcome {
  const retryAfterSeconds = error instanceof AppError ? error.retryAfterSeconds : undefined;
  return { kind: "again", reason: reasonOf(error), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}

async function attempt(deps: WorkDeps, task: Task): Promise<Outcome> {
  const kind = kindOf(task);
  if (kind === undefined) return { kind: "impossible", reason: `no work is known by the name ${task.taskType}` };
  // What exceeds memory or CPU ends its consumer without a word; it must not do so for ever.
  if (task.retryCount > MAX_RETRIES) {
    return { kind: "impossible", reason: "its consumer stopped again and again before it was done" };
  }
  try {
    // Read anew for each task: the one before may have changed the row, or someone may have deleted it.
    const asset = task.assetId === null ? null : await findAssetForWork(deps.db, task.assetId);
    return asset === null ? { kind: "impossible", reason: "the asset is gone" } : await kind.run(deps, asset);
  } catch (error) {
    return again(error);
  }
}

/** The contract knows no status for skipped work: it is a success whose result says so. */
function endOf(outcome: Outcome): records.TaskEnd {
  if (outcome.kind === "done") return { status: "success", result: outcome.result, errorMessage: null };
  if (outcome.kind === "skipped") {
    return { status: "success", result: `skipped: ${outcome.reason}`, errorMessage: null };
  }
  return { status: "failure", result: null, errorMessage: outcome.reason };
}

/** The clock of one delivery: it starts at `deps.nowMs` and runs on. */
type Clock = () => number;

function clockFrom(nowMs: number): Clock {
  const beganMs = Date.now();
  return () => nowMs + (Date.now() - beganMs);
}

/** Settled; to be tried again; or in the hands of another consumer. */
type End = { kind: "settled" } | { kind: "later"; delayMs: number } | { kind: "elsewhere" };

async function runTask(deps: WorkDeps, open: Task, clock: Clock): Promise<End> {
  const startMs = clock();
  const task = await records.claimTask(deps.db, open.id, startMs, startMs + STARTED_TOO_LONG_MS);
  if (task === null) {
    // Whoever has it has a message of its own. If it died, the sweep rings again when its claim has run out.
    const delayMs = open.dueAt - startMs;
    return open.status === "pending" && delayMs > 0 ? { kind: "later", delayMs } : { kind: "elsewhere" };
  }
  const outcome = await attempt(deps, task);
  const endMs = clock();
  if (outcome.kind === "again" && task.retryCount < MAX_RETRIES) {
    const delayMs = retryDelayMs(task.retryCount, outcome.retryAfterSeconds);
    await records.retryTask(deps.db, task, outcome.reason, endMs + delayMs);
    return { kind: "later", delayMs };
  }
  await records.finishTask(deps.db, task, endOf(outcome), endMs);
  return { kind: "settled" };
}

/** Unknown kinds first: they only fail. */
function place(task: Task): number {
  return kinds.findIndex((kind) => kind.type === task.taskType);
}

async function listOpen(deps: WorkDeps, assetId: string): Promise<Task[]> {
  return (await records.listUnfinishedTasks(deps.db, assetId)).toSorted((a, b) => place(a) - place(b));
}

/**
 * Does what is still open for the asset, trashed or not: a restore finds it complete. Null when there is nothing left
 * to come back for, else the seconds after which all that is left is due: one delivery then tries it together.
 */
export async function workOn(deps: WorkDeps, assetId: string): Promise<number | null> {
  const clock = clockFrom(deps.nowMs);
  const tried = new Set<string>();
  let open = await listOpen(deps, assetId);
  const delaysMs: number[] = [];
  for (;;) {
    const task = open.find((candidate) => !tried.has(candidate.id));
    if (task === undefined) break;
    tried.add(task.id);
    const end = await runTask(deps, task, clock);
    if (end.kind === "later") delaysMs.push(end.delayMs);
    if (kindOf(task)?.makesPicture !== true) continue;
    if (end.kind !== "settled") break;
    // A new picture reopens the work that looks at it, or adds it.
    open = await listOpen(deps, assetId);
  }
  return delaysMs.length === 0 ? null : Math.ceil(Math.max(...delaysMs) / 1000);
}

/** The queue has stopped delivering: what waits to be tried has failed, and says so. What another consumer runs goes on. */
export async function giveUp(deps: WorkDeps, assetId: string): Promise<void> {
  await records.failWaitingTasks(deps.db, assetId, "given up after too many deliveries", deps.nowMs);
}
