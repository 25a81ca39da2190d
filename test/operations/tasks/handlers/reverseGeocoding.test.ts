import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { getAlbum } from "../../../../src/operations/albums/albums.ts";
import type { Principal } from "../../../../src/operations/accounts/authentication.ts";
import { editAsset } from "../../../../src/operations/assets/metadataUpdates.ts";
import { runReverseGeocoding } from "../../../../src/operations/tasks/handlers/reverseGeocoding.ts";
import { workDeps as realWorkDeps, workOn } from "../../../../src/operations/tasks/taskRunner.ts";
import { PartialPlace } from "../../../../src/providers/places/partialPlace.ts";
import type { Place, PlaceFinder } from "../../../../src/providers/places/placeFinder.ts";
import { addAlbumAssets } from "../../../../src/records/albums/albumAssets.ts";
import type { Asset } from "../../../../src/records/assets/assets.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";
import { sqlAll } from "../../../support/clients/account.ts";
import { uniqueBytes } from "../../../support/clients/api.ts";
import { keptQueue } from "../../../support/bindings/queue.ts";
import { insertAlbum } from "../../../support/clients/tenants.ts";
import { current, storedAsset, workDeps } from "../../../support/storedAsset.ts";

const KISUMU: Place = {
  city: "Kisumu",
  state: "Kisumu County",
  country: "Kenya",
  countryCode: "KE",
  sublocation: null,
  placeName: null,
};
const BERLIN = { latitude: 52.52, longitude: 13.405 };

/** Answers what it is told to, however it is asked, and keeps what it was asked. */
function knowing(answer: () => Promise<Place | null>): { finder: PlaceFinder; asked: [number, number][] } {
  const asked: [number, number][] = [];
  const find = async (latitude: number, longitude: number): Promise<Place | null> => {
    asked.push([latitude, longitude]);
    return await answer();
  };
  return { finder: { find }, asked };
}

/** A photo of Kenya without names in it, a file of its own each time. */
async function placed(): Promise<Asset> {
  const bytes = new Blob([await sampleBytes("0006_adobe_coords.jpg"), uniqueBytes(16)]);
  return await storedAsset("placed.jpg", new Uint8Array(await bytes.arrayBuffer()));
}

/** The asset's owner, with all of it. */
function everything(asset: Asset): Principal {
  return { userId: asset.userId, libraryIds: null, actions: ["read", "write"], managesKeys: false };
}

async function move(asset: Asset, position: typeof BERLIN | null): Promise<void> {
  const deps = { ...workDeps(), queue: keptQueue().binding };
  await editAsset(deps, everything(asset), asset.id, { position });
}

async function heard(asset: Asset): Promise<string[]> {
  const rows = await sqlAll("SELECT event_type AS type FROM events WHERE entity_id = ? ORDER BY seq", asset.id);
  return rows.map(({ type }) => String(type));
}

async function taskOf(asset: Asset): Promise<Record<string, unknown> | undefined> {
  const task = "SELECT status, result, error_message, retry_count FROM tasks WHERE asset_id = ?";
  return (await sqlAll(`${task} AND task_type = 'reverse_geocoding'`, asset.id))[0];
}

describe("the reverse_geocoding task", () => {
  it("names the place, and tells the feed once, however often it runs", async () => {
    const asset = await placed();
    const before = await heard(asset);
    const { finder, asked } = knowing(() => Promise.resolve(KISUMU));
    for (let i = 0; i < 3; i++) {
      expect(await runReverseGeocoding(workDeps(), await current(asset), finder)).toEqual({
        kind: "done",
        result: null,
      });
    }
    const named = await current(asset);
    expect(named.metadata).toMatchObject({ ...KISUMU, timezone: "Africa/Nairobi", altitude: 1361.69 });
    expect(await heard(asset)).toEqual([...before, "metadata_updated"]);
    expect(named.metadataUpdatedAt).toBeGreaterThan(asset.metadataUpdatedAt);
    expect(asked[0]).toEqual([asset.latitude, asset.longitude]);
  });

  it("finds the names in the data that ships with the project, from the queue's own settings", async () => {
    const asset = await placed();
    await workOn({ ...realWorkDeps(env), queue: keptQueue().binding }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "success", result: null, error_message: null });
    const { metadata } = await current(asset);
    expect(metadata).toMatchObject({ country: "Kenya", countryCode: "KE", timezone: "Africa/Nairobi" });
  });

  it("leaves the file's own names over those it finds", async () => {
    const asset = await storedAsset("0017_thompson-springs.jpg");
    const found = { ...KISUMU, city: "Mesa County", state: "Colorado", countryCode: "US", sublocation: "Somewhere" };
    await runReverseGeocoding(workDeps(), asset, knowing(() => Promise.resolve(found)).finder);
    expect((await current(asset)).metadata).toMatchObject({
      city: "Thompson Springs",
      state: "Utah",
      country: "United States",
      countryCode: "US",
      sublocation: "Somewhere",
    });
    await move(asset, BERLIN);
    const berlin = { ...KISUMU, city: "Berlin", state: null, country: "Germany", countryCode: "DE" };
    await runReverseGeocoding(workDeps(), await current(asset), knowing(() => Promise.resolve(berlin)).finder);
    expect((await current(asset)).metadata).toMatchObject({ ...berlin, timezone: "Europe/Berlin" });
    // Back at the file's place nothing of the other one is left, before anyone has looked again.
    await move(asset, null);
    expect((await current(asset)).metadata).toMatchObject({
      city: "Thompson Springs",
      countryCode: null,
      sublocation: null,
    });
  });

  it("succeeds on the high seas, and says that there is no name there", async () => {
    const asset = await placed();
    const before = await heard(asset);
    const result = await runReverseGeocoding(workDeps(), asset, knowing(() => Promise.resolve(null)).finder);
    expect(result).toEqual({ kind: "done", result: "no place is known at these coordinates" });
    expect((await current(asset)).metadata).toMatchObject({ city: null, timezone: "Africa/Nairobi" });
    expect(await heard(asset)).toEqual(before);
  });

  it("takes back names that are found no more", async () => {
    const asset = await placed();
    for (const place of [KISUMU, null]) {
      await runReverseGeocoding(workDeps(), await current(asset), knowing(() => Promise.resolve(place)).finder);
    }
    expect((await current(asset)).metadata).toMatchObject({ city: null, country: null, timezone: "Africa/Nairobi" });
  });

  it("writes nothing of a place that the asset has left while it looked; the task that the move opened does", async () => {
    const asset = await placed();
    let moved = false;
    const { finder, asked } = knowing(async () => {
      if (moved) return { ...KISUMU, city: "Berlin" };
      moved = true;
      await move(asset, BERLIN);
      return KISUMU;
    });
    await workOn({ ...workDeps(), places: finder }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "pending", result: null });
    const between = await current(asset);
    expect(between.metadata).toMatchObject({ ...BERLIN, city: null, timezone: "Europe/Berlin" });
    await workOn({ ...workDeps(), nowMs: Date.now() + 1000, places: finder }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "success" });
    expect((await current(asset)).metadata).toMatchObject({ ...BERLIN, city: "Berlin" });
    expect(asked).toEqual([
      [asset.latitude, asset.longitude],
      [BERLIN.latitude, BERLIN.longitude],
    ]);
  });

  it("loses nothing of a caption that is written while it looks", async () => {
    const asset = await placed();
    const { finder } = knowing(async () => {
      await editAsset({ ...workDeps(), queue: keptQueue().binding }, everything(asset), asset.id, {
        description: "words",
      });
      return KISUMU;
    });
    await runReverseGeocoding(workDeps(), asset, finder);
    expect((await current(asset)).metadata).toMatchObject({ description: "words", city: "Kisumu" });
  });

  it("is skipped where there are no coordinates, or nothing to name them by", async () => {
    const { finder, asked } = knowing(() => Promise.resolve(KISUMU));
    const bare = await storedAsset("0003_cyclamen_persicum.jpg");
    expect(await runReverseGeocoding(workDeps(), bare, finder)).toMatchObject({ kind: "skipped" });
    expect(asked).toEqual([]);
    const asset = await placed();
    expect(await runReverseGeocoding(workDeps(), asset, null)).toMatchObject({ kind: "skipped" });
  });

  it("keeps what is known without its detail, and tries for the rest", async () => {
    const asset = await placed();
    const landmark = { ...KISUMU, sublocation: "Milimani", placeName: "Impala Park" };
    let tries = 0;
    const { finder } = knowing(() => {
      tries += 1;
      if (tries > 1) return Promise.resolve(landmark);
      return Promise.reject(new PartialPlace(KISUMU, "rate_limited", "slow down", { retryAfterSeconds: 7200 }));
    });
    const nowMs = Date.now();
    await workOn({ ...workDeps(), nowMs, places: finder }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "pending", error_message: "slow down" });
    expect((await current(asset)).metadata).toMatchObject(KISUMU);
    await workOn({ ...workDeps(), nowMs: nowMs + 3600_000, places: finder }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "pending" });
    await workOn({ ...workDeps(), nowMs: nowMs + 7201_000, places: finder }, asset.id);
    expect(await taskOf(asset)).toMatchObject({ status: "success" });
    expect((await current(asset)).metadata).toMatchObject(landmark);
    // A later run that gets less takes nothing of it away.
    const less = knowing(() => Promise.reject(new PartialPlace(KISUMU, "not_configured", "the key is refused")));
    expect(await runReverseGeocoding(workDeps(), await current(asset), less.finder)).toEqual({
      kind: "impossible",
      reason: "the key is refused",
    });
    expect((await current(asset)).metadata).toMatchObject(landmark);
  });

  it("knows the zone better by the country, and the local time follows, in albums too", async () => {
    const asset = await placed();
    const who = { userId: asset.userId, libraryId: asset.libraryId };
    const album = await insertAlbum(who);
    await addAlbumAssets(
      workDeps().db,
      await getAlbum(workDeps().db, everything(asset), album),
      [asset.id],
      Date.now(),
    );
    const before = await heard(asset);
    const { finder } = knowing(() => Promise.resolve({ ...KISUMU, countryCode: "RW", country: "Rwanda" }));
    await runReverseGeocoding(workDeps(), asset, finder);
    const named = await current(asset);
    expect(named.metadata.timezone).not.toBe("Africa/Nairobi");
    expect([named.localUs, named.localOffsetMinutes]).toEqual([asset.localUs, 120]);
    expect(named.metadata.originalDatetime).toEqual({ wallUs: asset.localUs, offsetMinutes: null });
    expect(await heard(asset)).toEqual([...before, "metadata_updated", "asset_updated"]);
    expect(await getAlbum(workDeps().db, everything(asset), album)).toMatchObject({ endOffsetMinutes: 120 });
    expect(await taskOf(asset)).toMatchObject({ status: "pending" });
    await runReverseGeocoding(workDeps(), await current(asset), finder);
    expect(await heard(asset)).toHaveLength(before.length + 2);
  });

  it("is tried again after what may pass, and done then", async () => {
    const asset = await placed();
    let failures = 2;
    const { finder } = knowing(() => {
      failures -= 1;
      return failures < 0 ? Promise.resolve(KISUMU) : Promise.reject(new Error("a slice of the data did not come"));
    });
    let nowMs = Date.now();
    for (const expected of ["pending", "pending", "success"]) {
      await workOn({ ...workDeps(), nowMs, places: finder }, asset.id);
      expect((await taskOf(asset))?.["status"]).toBe(expected);
      nowMs += 3600_000;
    }
    expect(await taskOf(asset)).toMatchObject({ retry_count: 2, error_message: "a slice of the data did not come" });
    expect((await current(asset)).metadata.city).toBe("Kisumu");
  });

  it("does what a trashed asset needs, and nothing for one that is gone", async () => {
    const asset = await placed();
    await sqlAll("UPDATE assets SET trashed_at = 5 WHERE id = ?", asset.id);
    const { finder } = knowing(() => Promise.resolve(KISUMU));
    await workOn({ ...workDeps(), places: finder }, asset.id);
    expect((await current(asset)).metadata.city).toBe("Kisumu");
    const gone = await placed();
    await env.DB.prepare("DELETE FROM assets WHERE id = ?").bind(gone.id).run();
    await runReverseGeocoding(workDeps(), gone, finder);
    expect(await heard(gone)).toEqual([]);
  });
});
