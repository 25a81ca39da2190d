/** Random requests against one library, and the invariants that must hold afterwards. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { cleanUpDeletedAssets, purgeTrash } from "../../src/operations/deletion/purge.ts";
import { purgeAlbums } from "../../src/operations/deletion/purgeAlbums.ts";
import { sweepObjects } from "../../src/operations/maintenance/sweeps.ts";
import { indexChanges } from "../../src/operations/search/indexing/indexChanges.ts";
import { openDatabase } from "../../src/records/database.ts";
import { POSTERS_PREFIX, PROXIES_PREFIX, RENDITIONS_PREFIX } from "../../src/objects/keys.ts";
import { sqlAll } from "../support/clients/account.ts";
import { storedKeys, instrumentedBucket, type BucketFaults } from "../support/bindings/bucket.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { FeedMirror } from "../support/clients/feedMirror.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { findInconsistencies } from "../support/rows/consistency.ts";
import { findIndexDifferences, indexAll } from "../support/search/textIndex.ts";
import { RandomClient, createRandomSource, type RandomSource } from "./client.ts";
import { testContext } from "../support/context.ts";

export interface SimulationOptions {
  seed: number;
  libraryId: string;
  otherLibraryId: string;
  rounds: number;
  /** Requests that run at the same time in a round. */
  concurrency: number;
  /** One storage call in this many fails, before or after its effect; 0 disables faults. */
  callsPerFault: number;
  /** Called after each round. */
  afterRound?: () => Promise<void>;
}

function createFaultyBindings(random: RandomSource, callsPerFault: number): Partial<Cloudflare.Env> {
  if (callsPerFault === 0) return { QUEUE: recordingQueue().binding };
  const isFaulty = (): boolean => random.nextInt(callsPerFault) === 0;
  const fail = (): void => {
    if (isFaulty()) throw new Error("D1_ERROR: network connection lost");
  };
  const bucketFaults: BucketFaults = isFaulty()
    ? {
        [(["put", "delete", "get"] as const)[random.nextInt(3)] ?? "put"]:
          random.nextInt(2) === 0 ? "rejected" : "response_lost",
      }
    : {};
  return {
    DB: countingD1(env.DB, { beforeBatch: fail, afterBatch: fail }).binding,
    SEARCH_DB: countingD1(env.SEARCH_DB, { beforeBatch: fail, afterBatch: fail }).binding,
    BUCKET: instrumentedBucket(bucketFaults).binding,
    QUEUE: recordingQueue(isFaulty() ? new Error("queue unavailable") : null).binding,
  };
}

/** Indexes changes for the search, with faults, as the queue does while requests run. */
async function runIndexing(bindings: Partial<Cloudflare.Env>): Promise<void> {
  const db = openDatabase(bindings.DB ?? env.DB, "primary");
  const searchDb = openDatabase(bindings.SEARCH_DB ?? env.SEARCH_DB, "primary");
  // A message whose handling failed is delivered again.
  await indexChanges(testContext({ db, searchDb })).catch(() => false);
}

/** Runs a simulation and returns how often each action returned each status, keyed `${action} ${status}`. */
export async function runSimulation(options: SimulationOptions): Promise<Map<string, number>> {
  const random = createRandomSource(options.seed);
  // Its own, so that the requests of a seed do not depend on the indexing.
  const indexingRandom = createRandomSource(options.seed + 1000);
  const { libraryId, otherLibraryId } = options;
  const mirrors = [libraryId, otherLibraryId].map((id) => new FeedMirror(id));
  const clientOptions = {
    libraryId,
    otherLibraryId,
    random,
    createBindings: () => createFaultyBindings(random, options.callsPerFault),
  };
  const client = await RandomClient.create(clientOptions);
  for (let round = 0; round < options.rounds; round++) {
    await Promise.all([
      ...Array.from({ length: options.concurrency }, async () => await client.runRandomAction()),
      ...(indexingRandom.nextInt(4) === 0
        ? [runIndexing(createFaultyBindings(indexingRandom, options.callsPerFault))]
        : []),
    ]);
    await options.afterRound?.();
    // Polling at random times and page sizes must not miss an event.
    for (const mirror of mirrors) if (random.nextInt(6) === 0) await mirror.poll(1 + random.nextInt(200));
  }
  // Scheduled runs finish what a fault interrupted: assets of a cleared trash have no event until they are purged.
  while ((await purgeAlbums(testContext())) + (await purgeTrash(testContext())) > 0);
  for (const mirror of mirrors) {
    await mirror.poll();
    await mirror.expectMatchesLists(`seed ${options.seed}: mirror polled during the simulation`);
  }
  for (const id of [libraryId, otherLibraryId]) {
    const freshMirror = new FeedMirror(id);
    await freshMirror.poll();
    await freshMirror.expectMatchesLists(`seed ${options.seed}: mirror read from the first event`);
  }
  await expectAcknowledgedAssets(client);
  await indexAll();
  expect(await findIndexDifferences()).toEqual([]);
  if (options.callsPerFault === 0) {
    // 507 is the storage limit of the other library.
    const failed = [...client.responseCounts.keys()].filter((key) => / 5\d\d$/.test(key) && !key.endsWith(" 507"));
    expect(failed).toEqual([]);
  }
  return client.responseCounts;
}

async function expectAcknowledgedAssets(client: RandomClient): Promise<void> {
  const rows = await sqlAll("SELECT id FROM assets");
  const stored = new Set(rows.map((row) => row["id"]));
  expect([...client.acknowledged].filter((id) => !stored.has(id))).toEqual([]);
}

const DAY_MS = 24 * 3600_000;

/** Asserts that every count is right and that the bucket holds exactly the objects of the stored assets. */
export async function expectConsistentStorage(): Promise<void> {
  expect(await findInconsistencies()).toEqual({});
  const context = testContext({ nowMs: Date.now() + 3 * DAY_MS });
  await cleanUpDeletedAssets(context);
  await sweepObjects(context);
  const rows = await sqlAll(`SELECT a.id AS asset, a.current_version_id AS version FROM assets a
    UNION SELECT a.id, a.original_version_id FROM assets a WHERE a.original_version_id IS NOT NULL
    UNION SELECT v.asset_id, v.id FROM asset_versions v`);
  const expected = rows.map((row) => `originals/${String(row["asset"])}/${String(row["version"])}`).toSorted();
  const keys = await storedKeys();
  expect(keys.filter((key) => key.startsWith("originals/")).toSorted()).toEqual(expected);
  const assetIds = new Set(rows.map((row) => String(row["asset"])));
  expect(keys.filter((key) => !assetIds.has(key.split("/")[1] ?? ""))).toEqual([]);
  expect(await listUncountedFiles()).toEqual([]);
}

/** The name under which a rendition's size is counted, if one row counts all scaled variants of its version. */
const SCALED_RENDITION = /\/(?:thumbnail|small|preview)$/;

/** Bytes by asset, version and name of the counting row. */
function addBytes(sums: Map<string, number>, name: string, bytes: number): void {
  sums.set(name, (sums.get(name) ?? 0) + bytes);
}

/**
 * Posters, proxies and renditions whose size does not count as storage. A counted file may lack an object after a fault,
 * so the scaled renditions of a version may have fewer bytes than their row.
 */
async function listUncountedFiles(): Promise<string[]> {
  const counted = new Map<string, number>();
  for (const row of await sqlAll("SELECT asset_id, version_id, name, size_bytes FROM derived_files")) {
    const file = [row.asset_id, row.version_id, row.name].join("/");
    addBytes(counted, file.replace(SCALED_RENDITION, "/scaled"), Number(row.size_bytes));
  }
  const stored = new Map<string, number>();
  for (const [prefix, name] of [
    [POSTERS_PREFIX, "/poster"],
    [PROXIES_PREFIX, "/proxy"],
    [RENDITIONS_PREFIX, ""],
  ] as const) {
    const { objects } = await env.BUCKET.list({ prefix });
    for (const { key, size } of objects.filter((object) => !object.key.endsWith(".failure"))) {
      addBytes(stored, `${key.slice(prefix.length)}${name}`.replace(SCALED_RENDITION, "/scaled"), size);
    }
  }
  const isUncounted = ([file, bytes]: [string, number]): boolean =>
    file.endsWith("/scaled") ? bytes > (counted.get(file) ?? 0) : bytes !== counted.get(file);
  return [...stored].filter(isUncounted).map(([file, bytes]) => `${file} ${bytes}`);
}
