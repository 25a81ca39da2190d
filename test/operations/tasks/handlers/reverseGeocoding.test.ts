import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { getAlbum } from "../../../../src/operations/albums/albums.ts";
import type { Principal } from "../../../../src/operations/accounts/authentication.ts";
import { updateAsset } from "../../../../src/operations/assets/metadataUpdates.ts";
import * as handlers from "../../../../src/operations/tasks/handlers/reverseGeocoding.ts";
import { jobContext } from "../../../../src/jobs/context.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import { PartialPlaceError, type Place, type PlaceFinder } from "../../../../src/providers/places/placeFinder.ts";
import { addAlbumAssets } from "../../../../src/records/albums/albumAssets.ts";
import type { Asset } from "../../../../src/records/assets/assets.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { sqlAll } from "../../../support/clients/account.ts";
import { uniqueBytes } from "../../../support/clients/api.ts";
import { recordingQueue } from "../../../support/bindings/queue.ts";
import { insertAlbum } from "../../../support/clients/tenants.ts";
import { reloadAsset, storeAsset } from "../../../support/storeAsset.ts";
import { applied } from "../../../support/applied.ts";
import { testContext } from "../../../support/context.ts";
import { tasksByType, type TaskRow } from "../../../support/rows/taskRows.ts";

const runReverseGeocoding = applied(handlers.runReverseGeocoding);

const KISUMU: Place = {
  city: "Kisumu",
  state: "Kisumu County",
  country: "Kenya",
  countryCode: "KE",
  sublocation: null,
  placeName: null,
};
const BERLIN = { latitude: 52.52, longitude: 13.405 };

/** Place finder that returns `answer()` and records the coordinates that it receives. */
function finderReturning(answer: () => Promise<Place | null>): { finder: PlaceFinder; requests: [number, number][] } {
  const asked: [number, number][] = [];
  const find = async (latitude: number, longitude: number): Promise<Place | null> => {
    asked.push([latitude, longitude]);
    return await answer();
  };
  return { finder: { find }, requests: asked };
}

/** Uploads a unique photo with coordinates in Kenya and without place names. */
async function storePhotoInKenya(): Promise<Asset> {
  const bytes = new Blob([await sampleBytes("0006_adobe_coords.jpg"), uniqueBytes(16)]);
  return await storeAsset("placed.jpg", new Uint8Array(await bytes.arrayBuffer()));
}

/** The asset's owner with access to all libraries. */
function ownerOf(asset: Asset): Principal {
  return { userId: asset.userId, libraryIds: null, actions: ["read", "write"], isSession: false, isOwner: false };
}

async function move(asset: Asset, position: typeof BERLIN | null): Promise<void> {
  await updateAsset(testContext(), ownerOf(asset), asset.id, { position });
}

async function eventTypes(asset: Asset): Promise<string[]> {
  const rows = await sqlAll("SELECT event_type AS type FROM events WHERE entity_id = ? ORDER BY seq", asset.id);
  return rows.map(({ type }) => String(type));
}

async function taskOf(asset: Asset): Promise<TaskRow | undefined> {
  return (await tasksByType(asset.id))["reverse_geocoding"];
}

describe("the reverse_geocoding task", () => {
  it("stores the place and writes one event when it runs repeatedly", async () => {
    const asset = await storePhotoInKenya();
    const before = await eventTypes(asset);
    const { finder, requests: asked } = finderReturning(() => Promise.resolve(KISUMU));
    for (let i = 0; i < 3; i++) {
      expect(await runReverseGeocoding(testContext({ placeFinder: finder }), await reloadAsset(asset))).toEqual({
        kind: "done",
        result: null,
      });
    }
    const named = await reloadAsset(asset);
    expect(named.metadata).toMatchObject({ ...KISUMU, timezone: "Africa/Nairobi", altitude: 1361.69 });
    expect(await eventTypes(asset)).toEqual([...before, "metadata_updated"]);
    expect(named.metadataUpdatedAt).toBeGreaterThan(asset.metadataUpdatedAt);
    expect(asked[0]).toEqual([asset.latitude, asset.longitude]);
  });

  it("uses the bundled place data when run through the queue handler", async () => {
    const asset = await storePhotoInKenya();
    await runPendingTasks({ ...jobContext(env, createExecutionContext()), queue: recordingQueue().binding }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "success", result: null, error_message: null });
    const { metadata } = await reloadAsset(asset);
    expect(metadata).toMatchObject({ country: "Kenya", countryCode: "KE", timezone: "Africa/Nairobi" });
  });

  it("keeps place names from the file above geocoded ones", async () => {
    const asset = await storeAsset("thompson-springs.jpg");
    const found = { ...KISUMU, city: "Mesa County", state: "Colorado", countryCode: "US", sublocation: "Somewhere" };
    await runReverseGeocoding(
      testContext({ placeFinder: finderReturning(() => Promise.resolve(found)).finder }),
      asset,
    );
    expect((await reloadAsset(asset)).metadata).toMatchObject({
      city: "Thompson Springs",
      state: "Utah",
      country: "United States",
      countryCode: "US",
      sublocation: "Somewhere",
    });
    await move(asset, BERLIN);
    const berlin = { ...KISUMU, city: "Berlin", state: null, country: "Germany", countryCode: "DE" };
    await runReverseGeocoding(
      testContext({ placeFinder: finderReturning(() => Promise.resolve(berlin)).finder }),
      await reloadAsset(asset),
    );
    expect((await reloadAsset(asset)).metadata).toMatchObject({ ...berlin, timezone: "Europe/Berlin" });
    // Moving back to the file's position clears the geocoded place before the next task runs.
    await move(asset, null);
    expect((await reloadAsset(asset)).metadata).toMatchObject({
      city: "Thompson Springs",
      countryCode: null,
      sublocation: null,
    });
  });

  it("succeeds on the high seas and reports that no place was found", async () => {
    const asset = await storePhotoInKenya();
    const before = await eventTypes(asset);
    const result = await runReverseGeocoding(
      testContext({ placeFinder: finderReturning(() => Promise.resolve(null)).finder }),
      asset,
    );
    expect(result).toEqual({ kind: "done", result: "no place found at these coordinates" });
    expect((await reloadAsset(asset)).metadata).toMatchObject({ city: null, timezone: "Africa/Nairobi" });
    expect(await eventTypes(asset)).toEqual(before);
  });

  it("clears place names that the finder no longer returns", async () => {
    const asset = await storePhotoInKenya();
    for (const place of [KISUMU, null]) {
      await runReverseGeocoding(
        testContext({ placeFinder: finderReturning(() => Promise.resolve(place)).finder }),
        await reloadAsset(asset),
      );
    }
    expect((await reloadAsset(asset)).metadata).toMatchObject({
      city: null,
      country: null,
      timezone: "Africa/Nairobi",
    });
  });

  it("discards the place when the asset moved meanwhile, and stores the new one in the same delivery", async () => {
    const asset = await storePhotoInKenya();
    let moved = false;
    const { finder, requests: asked } = finderReturning(async () => {
      if (moved) return { ...KISUMU, city: "Berlin" };
      moved = true;
      await move(asset, BERLIN);
      return KISUMU;
    });
    await runPendingTasks(testContext({ placeFinder: finder }), asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "success", retry_count: 0 });
    expect((await reloadAsset(asset)).metadata).toMatchObject({ ...BERLIN, city: "Berlin" });
    expect(asked).toEqual([
      [asset.latitude, asset.longitude],
      [BERLIN.latitude, BERLIN.longitude],
    ]);
  });

  it("keeps a caption written while it runs", async () => {
    const asset = await storePhotoInKenya();
    const { finder } = finderReturning(async () => {
      await updateAsset(testContext(), ownerOf(asset), asset.id, {
        description: "words",
      });
      return KISUMU;
    });
    await runPendingTasks(testContext({ placeFinder: finder }), asset.id);
    expect((await reloadAsset(asset)).metadata).toMatchObject({ description: "words", city: "Kisumu" });
  });

  it("is skipped without coordinates or without a place finder", async () => {
    const { finder, requests: asked } = finderReturning(() => Promise.resolve(KISUMU));
    const bare = await storeAsset("cyclamen_persicum.jpg");
    expect(await runReverseGeocoding(testContext({ placeFinder: finder }), bare)).toMatchObject({ kind: "skipped" });
    expect(asked).toEqual([]);
    const asset = await storePhotoInKenya();
    expect(await runReverseGeocoding(testContext(), asset)).toMatchObject({ kind: "skipped" });
  });

  it("stores a partial place and retries for the missing detail", async () => {
    const asset = await storePhotoInKenya();
    const landmark = { ...KISUMU, sublocation: "Milimani", placeName: "Impala Park" };
    let tries = 0;
    const { finder } = finderReturning(() => {
      tries += 1;
      if (tries > 1) return Promise.resolve(landmark);
      return Promise.reject(new PartialPlaceError(KISUMU, "rate_limited", "slow down", { retryAfterSeconds: 7200 }));
    });
    const nowMs = Date.now();
    await runPendingTasks(testContext({ nowMs, placeFinder: finder }), asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "pending", error_message: "slow down" });
    expect((await reloadAsset(asset)).metadata).toMatchObject(KISUMU);
    await runPendingTasks(testContext({ nowMs: nowMs + 3600_000, placeFinder: finder }), asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "pending" });
    await runPendingTasks(testContext({ nowMs: nowMs + 7201_000, placeFinder: finder }), asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "success" });
    expect((await reloadAsset(asset)).metadata).toMatchObject(landmark);
    // A later run with a partial place keeps the earlier detail.
    const less = finderReturning(() =>
      Promise.reject(new PartialPlaceError(KISUMU, "not_configured", "the key is refused")),
    );
    expect(await runReverseGeocoding(testContext({ placeFinder: less.finder }), await reloadAsset(asset))).toEqual({
      kind: "failed",
      reason: "the key is refused",
    });
    expect((await reloadAsset(asset)).metadata).toMatchObject(landmark);
  });

  it("refines the time zone by country and updates the local time, also in albums", async () => {
    const asset = await storePhotoInKenya();
    const who = { userId: asset.userId, libraryId: asset.libraryId };
    const album = await insertAlbum(who);
    await addAlbumAssets(
      testContext().db,
      await getAlbum(testContext(), ownerOf(asset), album),
      [asset.id],
      Date.now(),
    );
    const before = await eventTypes(asset);
    const { finder } = finderReturning(() => Promise.resolve({ ...KISUMU, countryCode: "RW", country: "Rwanda" }));
    await runReverseGeocoding(testContext({ placeFinder: finder }), asset);
    const named = await reloadAsset(asset);
    expect(named.metadata.timezone).not.toBe("Africa/Nairobi");
    expect([named.localUs, named.localOffsetMinutes]).toEqual([asset.localUs, 120]);
    expect(named.metadata.originalDatetime).toEqual({ wallUs: asset.localUs, offsetMinutes: null });
    expect(await eventTypes(asset)).toEqual([...before, "metadata_updated", "asset_updated"]);
    expect(await getAlbum(testContext(), ownerOf(asset), album)).toMatchObject({ endOffsetMinutes: 120 });
    expect(await taskOf(asset)).toMatchObject({ status: "pending" });
    await runReverseGeocoding(testContext({ placeFinder: finder }), await reloadAsset(asset));
    expect(await eventTypes(asset)).toHaveLength(before.length + 2);
  });

  it("is retried after temporary errors and then succeeds", async () => {
    const asset = await storePhotoInKenya();
    let failures = 2;
    const { finder } = finderReturning(() => {
      failures -= 1;
      return failures < 0 ? Promise.resolve(KISUMU) : Promise.reject(new Error("tile request failed"));
    });
    let nowMs = Date.now();
    for (const expected of ["pending", "pending", "success"]) {
      await runPendingTasks(testContext({ nowMs, placeFinder: finder }), asset.id);
      expect((await taskOf(asset))?.["status"]).toBe(expected);
      nowMs += 3600_000;
    }
    expect(await taskOf(asset)).toMatchObject({ retry_count: 2, error_message: "tile request failed" });
    expect((await reloadAsset(asset)).metadata.city).toBe("Kisumu");
  });

  it("runs for a trashed asset and does nothing for a deleted one", async () => {
    const asset = await storePhotoInKenya();
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", asset.id);
    const { finder } = finderReturning(() => Promise.resolve(KISUMU));
    await runPendingTasks(testContext({ placeFinder: finder }), asset.id);
    expect((await reloadAsset(asset)).metadata.city).toBe("Kisumu");
    const deleted = await storePhotoInKenya();
    await env.DB.prepare("DELETE FROM assets WHERE id = ?").bind(deleted.id).run();
    const before = await eventTypes(deleted);
    await runReverseGeocoding(testContext({ placeFinder: finder }), deleted);
    expect(await eventTypes(deleted)).toEqual(before);
  });
});
