/** Claims: two consumers, crashes between two steps, and changes of the asset while its tasks run. */
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, afterEach, describe, expect, it, vi } from "vitest";
import { putPoster } from "../../../src/operations/delivery/posters/posters.ts";
import { CLAIM_TIMEOUT_MS, runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { MAX_RETRIES } from "../../../src/operations/tasks/taskCompletion.ts";
import type { Describer } from "../../../src/providers/describers/describer.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { storedKeys } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { appendVersion, expectVersion } from "../../support/clients/versions.ts";
import { testContext } from "../../support/context.ts";
import { renderPng } from "../../support/media/images.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { keepTasks, setClaim, tasksByType } from "../../support/rows/taskRows.ts";

const MINUTE_MS = 60_000;
const KISUMU = { city: "Kisumu", state: "Kisumu County", country: "Kenya", countryCode: "KE" };
const place = { ...KISUMU, sublocation: null, placeName: null };

async function uploadSample(file: string, name = file): Promise<string> {
  const bytes = await new Blob([await sampleBytes(file), uniqueBytes(16)]).bytes();
  return (await expectAsset(await uploadWithoutConsumer(bytes, { name }), 201)).id;
}

/** A describer that runs `during` when the asset is described. */
function describerThat(during: () => Promise<unknown>): Describer {
  return {
    describe: async () => {
      await during();
      return { kind: "text", text: "a falcon" };
    },
  };
}

async function assetRow(id: string): Promise<Record<string, unknown>> {
  return (await sqlAll("SELECT * FROM assets WHERE id = ?", id))[0] ?? {};
}

async function updateEvents(id: string): Promise<number> {
  return (await sqlAll("SELECT 1 FROM events WHERE entity_id = ? AND event_type = 'asset_updated'", id)).length;
}

async function statuses(id: string): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await tasksByType(id)).map(([type, task]) => [type, task.status]));
}

const IMAGE_TASKS = ["asset_description", "embedding", "face_detection", "quality_scoring", "thumbhash"];
const DONE = Object.fromEntries(IMAGE_TASKS.map((type) => [type, "success"]));

beforeAll(async () => {
  await getRootOwner();
});
beforeEach(() => {
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  expect(await findInconsistencies()).toEqual({});
});

describe("two consumers", () => {
  it("run each task once, and write one event", async () => {
    const id = await uploadSample("picasa.jpg");
    const described: string[] = [];
    const context = (name: string) => testContext({ describer: describerThat(async () => void described.push(name)) });
    await Promise.all(["a", "b", "c"].map(async (name) => await runPendingTasks(context(name), id)));
    expect(described).toHaveLength(1);
    expect(await statuses(id)).toEqual(DONE);
    expect(await updateEvents(id)).toBe(1);
  });

  it("write no result after another one took the tasks over", async () => {
    const id = await uploadSample("picasa.jpg");
    let calls = 0;
    const describer: Describer = {
      describe: async () => {
        calls += 1;
        if (calls > 1) return { kind: "text", text: "the second" };
        const nowMs = Date.now() + CLAIM_TIMEOUT_MS;
        await runPendingTasks(testContext({ describer, nowMs }), id);
        return { kind: "text", text: "the first" };
      },
    };
    expect(await runPendingTasks(testContext({ describer }), id)).toBeNull();
    expect(await assetRow(id)).toMatchObject({ description: "the second" });
    expect(await statuses(id)).toEqual(DONE);
    expect((await tasksByType(id))["asset_description"]).toMatchObject({ retry_count: 1 });
  });
});

describe("a task of a later version's type", () => {
  it("stays, while the other tasks run and are listed", async () => {
    const id = await uploadSample("picasa.jpg");
    const later = JSON.stringify({ status: "pending", dueAt: 1, createdAt: 1 });
    await sqlAll(
      "UPDATE asset_tasks SET tasks = json_set(tasks, '$.mind_reading', json(?)) WHERE asset_id = ?",
      later,
      id,
    );
    expect(await runPendingTasks(testContext(), id)).toBeNull();
    expect(await statuses(id)).toEqual(DONE);
    const [row] = await sqlAll("SELECT tasks -> 'mind_reading' AS task FROM asset_tasks WHERE asset_id = ?", id);
    expect(row).toEqual({ task: later });
  });
});

describe("a consumer that stops", () => {
  it("after it stored the images leaves nothing that the next one does not complete", async () => {
    const id = await uploadSample("picasa.jpg");
    const nowMs = Date.now();
    // The claim is the first batch of three statements, the completion the second.
    let batches = 0;
    const { binding } = countingD1(env.DB, {
      beforeBatch: (sql) => {
        if (sql.length >= 3 && ++batches === 2) throw new Error("D1_ERROR: Network connection lost");
      },
    });
    const stopped = testContext({ db: openDatabase(binding, "primary"), nowMs });
    await expect(runPendingTasks(stopped, id)).rejects.toThrow();
    const stored = (await storedKeys()).filter((key) => key.includes(id));
    expect(stored).toHaveLength(4);
    expect(await assetRow(id)).toMatchObject({ thumbhash: null, metrics: null });
    expect(await statuses(id)).toEqual(Object.fromEntries(IMAGE_TASKS.map((type) => [type, "started"])));
    await runPendingTasks(testContext({ nowMs: nowMs + CLAIM_TIMEOUT_MS + 1000 }), id);
    expect(await statuses(id)).toEqual(DONE);
    expect((await storedKeys()).filter((key) => key.includes(id))).toEqual(stored);
    expect((await assetRow(id))["thumbhash"]).toBeTypeOf("string");
  });

  it("twice has its tasks run one by one, so that only the one that stops it again fails", async () => {
    const id = await uploadSample("picasa.jpg");
    let nowMs = Date.now();
    await setClaim(id, { atMs: nowMs, untilMs: nowMs, type: null });
    for (let crash = 1; crash <= MAX_RETRIES; crash++) {
      nowMs += CLAIM_TIMEOUT_MS + MINUTE_MS;
      let isStopped = false;
      // The isolate ends: its later writes never reach D1.
      const { binding } = countingD1(env.DB, {
        beforeBatch: () => {
          if (isStopped) throw new Error("the isolate ended");
        },
      });
      const describer = describerThat(async () => {
        isStopped = true;
        throw new Error("the isolate ended");
      });
      const context = testContext({ db: openDatabase(binding, "primary"), describer, nowMs });
      await expect(runPendingTasks(context, id)).rejects.toThrow();
      const others = crash === 1 ? "started" : "success";
      expect(await statuses(id)).toMatchObject({ quality_scoring: others, thumbhash: others });
    }
    nowMs += CLAIM_TIMEOUT_MS + MINUTE_MS;
    const describer = describerThat(() => Promise.reject(new Error("it ran again")));
    expect(await runPendingTasks(testContext({ describer, nowMs }), id)).toBeNull();
    const tasks = await tasksByType(id);
    expect(tasks["asset_description"]).toMatchObject({
      status: "failure",
      error_message: "worker exceeded its limits repeatedly",
    });
    for (const type of ["quality_scoring", "thumbhash"]) expect(tasks[type]).toMatchObject({ retry_count: 2 });
  });
});

describe("an asset that changes while its tasks run", () => {
  it("keeps a caption, and gets the place in the same delivery", async () => {
    const id = await uploadSample("0006_adobe_coords.jpg");
    const describer = describerThat(() => call("PATCH", `/api/assets/${id}`, { json: { description: "mine" } }));
    const context = testContext({ describer, placeFinder: { find: () => Promise.resolve(place) } });
    expect(await runPendingTasks(context, id)).toBeNull();
    const row = await assetRow(id);
    expect(JSON.parse(String(row["user_metadata"]))).toMatchObject({ description: "mine" });
    expect(JSON.parse(String(row["derived_metadata"]))).toMatchObject({ city: "Kisumu" });
    expect(row["description"]).toBe("a falcon");
  });

  it("gets the thumbhash of a new version, which the same delivery computes", async () => {
    const id = await uploadSample("picasa.jpg");
    const black = await renderPng(40, 20, () => [0, 0, 0, 255]);
    let calls = 0;
    const describer = describerThat(async () => {
      calls += 1;
      if (calls === 1) await expectVersion(await appendVersion(id, black), 201);
    });
    expect(await runPendingTasks(testContext({ describer }), id)).toBeNull();
    expect(await statuses(id)).toEqual(DONE);
    const { thumbhash } = await assetRow(id);
    await sqlAll("UPDATE assets SET thumbhash = NULL WHERE id = ?", id);
    const other = await expectAsset(await uploadWithoutConsumer(black, { name: "black.png" }), 201);
    await runPendingTasks(testContext(), other.id);
    expect((await assetRow(other.id))["thumbhash"]).toBe(thumbhash);
  });

  it("gets the thumbhash of a poster that a user set meanwhile", async () => {
    const id = await uploadSample("picasa.jpg", "clip.mov");
    const poster = await renderPng(40, 20, () => [255, 255, 255, 255]);
    const { userId } = await getRootOwner();
    const principal = { userId, libraryIds: null, actions: ["read", "write"], isSession: true, isOwner: true } as const;
    let calls = 0;
    const describer = describerThat(async () => {
      calls += 1;
      if (calls === 1) await putPoster(testContext(), { ...principal, actions: [...principal.actions] }, id, poster);
    });
    expect(await runPendingTasks(testContext({ describer }), id)).toBeNull();
    expect(calls).toBe(2);
    expect(await statuses(id)).toEqual({ ...DONE, video_thumbnail_extract: "success" });
    const { poster_version_id: versionId } = await assetRow(id);
    const renditions = (await storedKeys()).filter((key) => key.includes(id) && key.startsWith("renditions/"));
    expect(renditions.some((key) => key.includes(String(versionId)))).toBe(true);
  });

  it("is deleted: nothing is written, and its tasks are gone", async () => {
    const id = await uploadSample("picasa.jpg");
    const describer = describerThat(() => call("DELETE", `/api/assets/${id}`));
    expect(await runPendingTasks(testContext({ describer }), id)).toBeNull();
    expect(await sqlAll("SELECT * FROM asset_tasks WHERE asset_id = ?", id)).toEqual([]);
    expect(await updateEvents(id)).toBe(0);
  });

  it("is moved to the trash: its tasks complete", async () => {
    const id = await uploadSample("picasa.jpg");
    await keepTasks(id, ["asset_description"]);
    const describer = describerThat(() => call("POST", "/api/assets/trash", { json: { asset_ids: [id] } }));
    expect(await runPendingTasks(testContext({ describer }), id)).toBeNull();
    expect(await assetRow(id)).toMatchObject({ description: "a falcon" });
    expect(await statuses(id)).toEqual({ asset_description: "success" });
  });
});
