import { beforeEach, describe, expect, it } from "vitest";
import {
  MAX_PURGE_WAIT_SECONDS,
  MAX_PURGES_PER_RUN,
  PURGE_RETRY_SECONDS,
  purgeCachedMedia,
  SECOND_PURGE_DELAY_MS,
  sweepCachePurges,
} from "../../../src/operations/delivery/cachePurges.ts";
import { MAX_TAGS_PER_PURGE, type CachePurger } from "../../../src/providers/cache/cachePurger.ts";
import { MAX_TAGS_PER_LIBRARY } from "../../../src/records/delivery/cachePurges.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll, getRootOwner } from "../../support/clients/account.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { insertAssets } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";
import { storeAsset } from "../../support/storeAsset.ts";
import { env } from "cloudflare:workers";

const NOW = Date.now();

interface RecordingPurger extends CachePurger {
  calls: string[][];
}

/** Records the purges; `refuse` returns the reason to refuse the nth one. */
function recordingPurger(refuse: (call: number) => string | null = () => null): RecordingPurger {
  const calls: string[][] = [];
  return {
    calls,
    purge: (tags) => {
      calls.push(tags);
      return Promise.resolve(refuse(calls.length));
    },
  };
}

async function purge(cachePurger: CachePurger | null, nowMs = NOW): Promise<number | null> {
  return await purgeCachedMedia(testContext({ cachePurger, nowMs }));
}

function tagsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `asset_${String(i).padStart(4, "0")}`);
}

async function insertTags(tags: string[], libraryId = "library_1"): Promise<void> {
  await sqlAll(
    "INSERT INTO cache_purges (tag, library_id, requested_at) SELECT value, ?, 1 FROM json_each(?)",
    libraryId,
    JSON.stringify(tags),
  );
}

async function waiting(): Promise<unknown[]> {
  return (await sqlAll("SELECT tag FROM cache_purges ORDER BY tag")).map(({ tag }) => tag);
}

beforeEach(async () => {
  await sqlAll("DELETE FROM cache_purges");
});

describe("purging cached media", () => {
  it("purges each tag twice, because a request from before the change may store its response in between", async () => {
    await insertTags(["asset_a", "asset_b"]);
    const purger = recordingPurger();
    expect(await purge(purger)).toBeNull();
    expect(await purge(purger, NOW + SECOND_PURGE_DELAY_MS - 1)).toBeNull();
    expect(purger.calls).toEqual([["asset_a", "asset_b"]]);
    expect(await purge(purger, NOW + SECOND_PURGE_DELAY_MS)).toBeNull();
    expect(purger.calls).toEqual([
      ["asset_a", "asset_b"],
      ["asset_a", "asset_b"],
    ]);
    expect(await waiting()).toEqual([]);
  });

  it("sends at most 100 tags a call and goes on in the next run after a burst", async () => {
    const tags = tagsOf(MAX_TAGS_PER_PURGE * MAX_PURGES_PER_RUN + 1);
    for (const [i, tag] of tags.entries()) if (i % 900 === 0) await insertTags(tags.slice(i, i + 900), tag);
    const purger = recordingPurger();
    expect(await purge(purger)).toBe(PURGE_RETRY_SECONDS);
    expect(purger.calls).toHaveLength(MAX_PURGES_PER_RUN);
    expect(new Set(purger.calls.map((call) => call.length))).toEqual(new Set([MAX_TAGS_PER_PURGE]));
    expect(await purge(purger)).toBeNull();
    expect(purger.calls.flat().toSorted()).toEqual(tags);
  });

  it("stops at the first refusal and repeats the refused tags", async () => {
    await insertTags(tagsOf(MAX_TAGS_PER_PURGE + 1));
    const purger = recordingPurger((call) => (call === 2 ? "1134 rate limited" : null));
    expect(await purge(purger)).toBe(PURGE_RETRY_SECONDS);
    expect(purger.calls).toHaveLength(2);
    expect(await purge(purger)).toBeNull();
    expect(purger.calls[2]).toEqual(purger.calls[1]);
  });

  it("repeats a purge that ended with the isolate", async () => {
    await insertTags(["asset_a"]);
    const dying: CachePurger = { purge: () => Promise.reject(new Error("the isolate ended")) };
    await expect(purge(dying)).rejects.toThrow("the isolate ended");
    expect(await waiting()).toEqual(["asset_a"]);
    const purger = recordingPurger();
    await purge(purger, NOW + SECOND_PURGE_DELAY_MS);
    expect(purger.calls).toEqual([["asset_a"]]);
    expect(await waiting()).toEqual([]);
  });

  it("keeps a tag that another change requests during its second purge", async () => {
    const asset = await storeAsset("a.png", uniqueBytes());
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", asset.id);
    const purger = recordingPurger();
    await purge(purger);
    const meddling: CachePurger = {
      purge: async () => {
        await sqlAll("UPDATE assets SET trashed_at = NULL WHERE id = ?", asset.id);
        return null;
      },
    };
    await purge(meddling, NOW + SECOND_PURGE_DELAY_MS);
    expect(await waiting()).toEqual([asset.id]);
    await purge(purger, NOW + SECOND_PURGE_DELAY_MS);
    expect(purger.calls).toEqual([[asset.id], [asset.id]]);
  });

  it("replaces more than 1,000 tags of a library by the library's own", async () => {
    // The first 100 are purged before the others are counted.
    const tags = tagsOf(MAX_TAGS_PER_PURGE + MAX_TAGS_PER_LIBRARY + 1);
    await insertTags(tags.slice(1));
    await insertTags(["other"], "library_2");
    const [few, many] = [recordingPurger(), recordingPurger()];
    await purge(few);
    expect(few.calls.flat()).toHaveLength(tags.length);
    await sqlAll("DELETE FROM cache_purges");
    await insertTags(tags);
    await insertTags(["other"], "library_2");
    await purge(many);
    expect(many.calls).toEqual([tags.slice(0, MAX_TAGS_PER_PURGE), ["library_1", "other"]]);
  });

  it("costs one round trip when nothing is due, and one a call otherwise", async () => {
    const d1 = countingD1(env.DB);
    const run = async (): Promise<number> => {
      d1.reset();
      await purgeCachedMedia(testContext({ cachePurger: recordingPurger(), db: openDatabase(d1.binding, "primary") }));
      return d1.counts.roundTrips;
    };
    expect(await run()).toBe(1);
    await insertTags(["asset_a"]);
    expect(await run()).toBe(1);
  });

  it("keeps a tag that waits for days, because later changes of the asset leave its time as it is", async () => {
    const asset = await storeAsset("d.png", uniqueBytes());
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", asset.id);
    await sqlAll("UPDATE cache_purges SET requested_at = ?", Math.floor(NOW / 1000) - MAX_PURGE_WAIT_SECONDS + 60);
    await sqlAll("UPDATE assets SET trashed_at = NULL WHERE id = ?", asset.id);
    const purger = recordingPurger();
    await sweepCachePurges(testContext({ cachePurger: purger, nowMs: NOW }));
    expect(purger.calls).toEqual([[asset.id]]);
    await sqlAll("UPDATE cache_purges SET passes = 0, due_at = 0, requested_at = 1");
    await sweepCachePurges(testContext({ cachePurger: purger, nowMs: NOW }));
    expect(await waiting()).toEqual([]);
  });

  it("deletes the tags of expired responses where no cache is in front of the Worker", async () => {
    await insertTags(["asset_a"]);
    const asset = await storeAsset("e.png", uniqueBytes());
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", asset.id);
    await sweepCachePurges(testContext({ cachePurger: null, nowMs: NOW }));
    expect(await waiting()).toEqual([asset.id]);
  });

  it("does nothing without a cache in front of the Worker", async () => {
    await insertTags(["asset_a"]);
    expect(await purge(null)).toBeNull();
    expect(await waiting()).toEqual(["asset_a"]);
  });
});

describe("the rows of changes", () => {
  it("are not written for uploads, tasks and changes of metadata", async () => {
    const asset = await storeAsset("b.png", uniqueBytes());
    await sqlAll("UPDATE assets SET thumbhash = 'x', description = 'y', width = 5 WHERE id = ?", asset.id);
    expect(await waiting()).toEqual([]);
  });

  it("cost four written rows per asset until the second purge", async () => {
    const ids = await insertAssets(await getRootOwner(), [{}, {}, {}]);
    const [first = "", recorded = "", unrecorded = ""] = ids;
    const d1 = countingD1(env.DB);
    const trash = async (id: string): Promise<number> => {
      const result = await env.DB.prepare("UPDATE assets SET trashed_at = 5 WHERE id = ?").bind(id).run();
      return result.meta.rows_written;
    };
    // The first one adds the rows that count the trash of its day; both others write the same ones but for the purge.
    await trash(first);
    await insertTags([recorded]);
    const withoutPurge = await trash(recorded);
    await sqlAll("DELETE FROM cache_purges");
    const withPurge = await trash(unrecorded);
    const context = testContext({ cachePurger: recordingPurger(), db: openDatabase(d1.binding, "primary") });
    for (const nowMs of [NOW, NOW + SECOND_PURGE_DELAY_MS]) await purgeCachedMedia({ ...context, nowMs });
    expect(await waiting()).toEqual([]);
    expect(withPurge - withoutPurge + d1.counts.rowsWritten).toBe(4);
  });

  it("are one per asset, however often it changes, and one for any number of assets deleted from the trash", async () => {
    const { userId, libraryId } = await getRootOwner();
    const ids = await insertAssets(
      { userId, libraryId },
      Array.from({ length: 20 }, () => ({})),
    );
    const set = async (value: string) =>
      await sqlAll(
        `UPDATE assets SET trashed_at = ${value} WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(ids),
      );
    for (const value of ["5", "NULL", "6"]) await set(value);
    expect(await waiting()).toEqual(ids.toSorted());
    await sqlAll("DELETE FROM cache_purges");
    await sqlAll("DELETE FROM assets WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
    expect(await waiting()).toEqual([`${libraryId}-trash`]);
  });

  it("are not written for the assets of a trashed library, whose tag was purged", async () => {
    const { userId, libraryId } = await getRootOwner();
    await insertAssets({ userId, libraryId }, [{}, {}]);
    await sqlAll("UPDATE libraries SET trashed_at = 5 WHERE id = ?", libraryId);
    expect(await waiting()).toEqual([libraryId]);
    await sqlAll("DELETE FROM assets WHERE library_id = ?", libraryId);
    expect(await waiting()).toEqual([libraryId]);
    await sqlAll("UPDATE libraries SET trashed_at = NULL WHERE id = ?", libraryId);
  });
});
