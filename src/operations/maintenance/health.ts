/** Whether the storage behind the service answers. Anyone may ask, so an isolate asks at most every ten seconds. */
import { warn } from "../../kernel/log.ts";
import { headOriginal } from "../../objects/uploads/originals.ts";
import { findSchemaVersion } from "../../records/maintenance/schemaVersion.ts";
import type { Context } from "../context.ts";

export const HEALTH_MEMORY_MS = 10_000;
/** Storage that takes longer counts as failed. */
export const HEALTH_TIMEOUT_MS = 5_000;

export interface Health {
  /** The newest migration; null if the database failed or is empty. */
  schemaVersion: string | null;
  database: boolean;
  storage: boolean;
}

/** The object never exists: a health check tests whether R2 answers. */
const ABSENT_KEY = "health";

async function withTimeout<T>(call: Promise<T>): Promise<T> {
  const timeout = new Promise<never>((_settle, fail) => {
    setTimeout(() => fail(new Error(`no answer within ${HEALTH_TIMEOUT_MS} ms`)), HEALTH_TIMEOUT_MS);
  });
  return await Promise.race([call, timeout]);
}

async function answers<T>(name: string, call: Promise<T>): Promise<{ ok: boolean; value: T | null }> {
  try {
    return { ok: true, value: await withTimeout(call) };
  } catch (error) {
    warn("health check failed", { binding: name, error: String(error) });
    return { ok: false, value: null };
  }
}

async function readHealth({ db, bucket }: Context): Promise<Health> {
  const [database, storage] = await Promise.all([
    answers("DB", findSchemaVersion(db)),
    answers("BUCKET", headOriginal(bucket, ABSENT_KEY)),
  ]);
  return { schemaVersion: database.value, database: database.ok, storage: storage.ok };
}

/** The last answer of an isolate, by bucket: tests have several. */
const known = new WeakMap<object, { atMs: number; health: Promise<Health> }>();

async function readAndRemember(context: Context): Promise<Health> {
  const health = readHealth(context);
  known.set(context.bucket, { atMs: context.nowMs, health });
  return await health;
}

/**
 * Costs one D1 query and one R2 read, or nothing within ten seconds of the last check. A check never settles if its
 * request was cancelled, so that others wait for it only `HEALTH_TIMEOUT_MS`.
 */
export async function checkHealth(context: Context): Promise<Health> {
  const last = known.get(context.bucket);
  if (last === undefined || context.nowMs - last.atMs >= HEALTH_MEMORY_MS) return await readAndRemember(context);
  return await withTimeout(last.health).catch(() => readAndRemember(context));
}
