/** Lives lived at random against one library, and what must hold of it afterwards. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { cleanUpDeletions } from "../../src/operations/deletion/purge.ts";
import { sweepObjects } from "../../src/operations/maintenance/sweeps.ts";
import { openDatabase } from "../../src/records/database.ts";
import { sqlAll } from "../support/clients/account.ts";
import { storedKeys, watchedBucket, type BucketFaults } from "../support/bindings/bucket.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { FeedMirror } from "../support/clients/feedMirror.ts";
import { keptQueue } from "../support/bindings/queue.ts";
import { recount } from "../support/rows/recount.ts";
import { Actor, chanceOf, type Chance } from "./client.ts";

export interface Life {
  seed: number;
  libraryId: string;
  rounds: number;
  /** Deeds that run at once in a round. */
  abreast: number;
  /** One storage call in so many fails, before or after it was carried out; 0: none. */
  faultsIn: number;
}

function faultyBindings(chance: Chance, faultsIn: number): Partial<Cloudflare.Env> {
  if (faultsIn === 0) return { QUEUE: keptQueue().binding };
  const hit = (): boolean => chance.below(faultsIn) === 0;
  const fail = (): void => {
    if (hit()) throw new Error("D1_ERROR: network connection lost");
  };
  const bucketFaults: BucketFaults = hit()
    ? { [(["put", "delete", "get"] as const)[chance.below(3)] ?? "put"]: chance.below(2) === 0 ? "early" : "late" }
    : {};
  return {
    DB: countingD1(env.DB, { beforeBatch: fail, afterBatch: fail }).binding,
    BUCKET: watchedBucket(bucketFaults).binding,
    QUEUE: keptQueue(hit() ? new Error("queue is gone") : null).binding,
  };
}

/** Answers how often each deed had which status. */
export async function live(life: Life): Promise<Map<string, number>> {
  const chance = chanceOf(life.seed);
  const mirror = new FeedMirror(life.libraryId);
  const world = { libraryId: life.libraryId, chance, env: () => faultyBindings(chance, life.faultsIn) };
  const actor = await Actor.born(world);
  for (let round = 0; round < life.rounds; round++) {
    await Promise.all(Array.from({ length: life.abreast }, async () => await actor.act()));
    // A mirror that reads now and then, and in pages of any size, misses nothing either.
    if (chance.below(6) === 0) await mirror.poll(1 + chance.below(200));
  }
  await mirror.poll();
  await mirror.expectSame(`seed ${life.seed}, kept`);
  const fresh = new FeedMirror(life.libraryId);
  await fresh.poll();
  await fresh.expectSame(`seed ${life.seed}, from the beginning`);
  await expectKept(actor);
  if (life.faultsIn === 0) {
    const failed = [...actor.answers.keys()].filter((key) => / 5\d\d$/.test(key));
    expect(failed).toEqual([]);
  }
  return actor.answers;
}

async function expectKept(actor: Actor): Promise<void> {
  const rows = await sqlAll("SELECT id FROM assets");
  const there = new Set(rows.map((row) => row["id"]));
  expect([...actor.promised].filter((id) => !there.has(id))).toEqual([]);
}

const DAY_MS = 24 * 3600_000;

/** Once everything that was underway is over: no number is wrong, no object is missing, and none is left over. */
export async function expectInOrder(): Promise<void> {
  expect(await recount()).toEqual({});
  const deps = { db: openDatabase(env.DB, "primary"), bucket: env.BUCKET, nowMs: Date.now() + 3 * DAY_MS };
  await cleanUpDeletions(deps);
  await sweepObjects(deps);
  const rows = await sqlAll(`SELECT a.id AS asset, a.current_version_id AS version FROM assets a
    UNION SELECT a.id, a.original_version_id FROM assets a WHERE a.original_version_id IS NOT NULL
    UNION SELECT v.asset_id, v.id FROM asset_versions v`);
  const wanted = rows.map((row) => `originals/${String(row["asset"])}/${String(row["version"])}`).toSorted();
  const keys = await storedKeys();
  expect(keys.filter((key) => key.startsWith("originals/")).toSorted()).toEqual(wanted);
  const alive = new Set(rows.map((row) => String(row["asset"])));
  expect(keys.filter((key) => !alive.has(key.split("/")[1] ?? ""))).toEqual([]);
}
