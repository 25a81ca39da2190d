import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Context } from "../../../../src/operations/context.ts";
import { MAX_DETECTED_FACES } from "../../../../src/operations/faces/detection/detectFaces.ts";
import { runFaceDetection } from "../../../../src/operations/tasks/handlers/faceDetection.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import type { TaskOutcome } from "../../../../src/operations/tasks/taskOutcome.ts";
import { PermanentRecognitionError } from "../../../../src/providers/faces/faceRecognizer.ts";
import type { Place, PlaceFinder } from "../../../../src/providers/places/placeFinder.ts";
import { findAssetForTask } from "../../../../src/records/assets/assets.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { countingD1, type D1Faults } from "../../../support/bindings/d1.ts";
import { getRootOwner, sqlAll } from "../../../support/clients/account.ts";
import { call } from "../../../support/clients/api.ts";
import { expectAsset, type AssetResponse } from "../../../support/clients/responses.ts";
import { readEvents } from "../../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../../support/clients/uploads.ts";
import { appendVersion, editedJpeg } from "../../../support/clients/versions.ts";
import { testConfig, testContext } from "../../../support/context.ts";
import { setFaceDetection, TEST_MODEL } from "../../../support/faces/seedFaces.ts";
import { scriptedRecognizer, type ScriptedFace } from "../../../support/faces/scriptedRecognizer.ts";
import { findInconsistencies } from "../../../support/rows/consistency.ts";
import { keepTasks, tasksByType } from "../../../support/rows/taskRows.ts";
import { sampleBytes } from "../../../fixtures/media/samples.ts";

let owner = { userId: "", libraryId: "" };
let serial = 0;

beforeEach(async () => {
  owner = await getRootOwner();
  await setFaceDetection(owner.userId, true);
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  expect(await findInconsistencies()).toEqual({});
});

/** A photo of 400 × 300 pixels as displayed. */
async function upload(orientation = 1): Promise<AssetResponse> {
  serial += 1;
  const [width, height] = orientation > 4 ? [300, 400] : [400, 300];
  const bytes = Uint8Array.from([...(await editedJpeg(width, height, orientation)), serial >> 8, serial & 0xff]);
  return await expectAsset(await uploadWithoutConsumer(bytes, { name: "photo.jpg" }), 201);
}

async function detect(asset: AssetResponse, changes: Partial<Context>): Promise<TaskOutcome> {
  const found = await findAssetForTask(testContext().db, asset.id);
  if (found === null) throw new Error("no such asset");
  return await runFaceDetection(testContext(changes), found);
}

function withFaces(faces: ScriptedFace[] | Error, model = TEST_MODEL.model): Partial<Context> {
  return { faceRecognizer: scriptedRecognizer(faces, { model }) };
}

async function facesOf(asset: AssetResponse): Promise<Record<string, unknown>[]> {
  return await sqlAll(
    "SELECT id, x, y, w, h, person_id, source, model, confidence FROM faces WHERE asset_id = ? ORDER BY x",
    asset.id,
  );
}

async function embeddingsOf(asset: AssetResponse): Promise<Record<string, unknown>[]> {
  return await sqlAll(
    "SELECT face_id, model, waiting FROM face_embeddings e WHERE asset_id = ? ORDER BY (SELECT x FROM faces f WHERE f.id = e.face_id)",
    asset.id,
  );
}

const created = z.object({ id: z.string() });

async function createPerson(): Promise<string> {
  return created.parse(await (await call("POST", "/api/people", { json: { library_id: owner.libraryId } })).json()).id;
}

async function drawFace(
  asset: AssetResponse,
  box: [number, number, number, number],
  personId?: string,
): Promise<string> {
  const [x, y, w, h] = box;
  const json = {
    asset_id: asset.id,
    bounding_box: { x, y, w, h },
    ...(personId === undefined ? {} : { person_id: personId }),
  };
  return created.parse(await (await call("POST", "/api/faces", { json })).json()).id;
}

const left: ScriptedFace = { box: [0.1, 0.1, 0.2, 0.4], identity: 1 };
const right: ScriptedFace = { box: [0.6, 0.2, 0.3, 0.4], identity: 2 };

describe("detection", () => {
  it("stores boxes in pixels of the original, with embeddings and events", async () => {
    const asset = await upload();
    const { lastSeq } = await readEvents();
    expect(await detect(asset, withFaces([left, right]))).toEqual({
      kind: "done",
      result: "found 2 faces (test@1)",
      code: "ran",
      reopensTasks: true,
    });
    const faces = await facesOf(asset);
    const automatic = {
      person_id: null,
      source: "automatic",
      model: "test@1",
      confidence: 0.9,
      id: expect.any(String),
    };
    expect(faces).toEqual([
      { ...automatic, x: 40, y: 30, w: 80, h: 120 },
      { ...automatic, x: 240, y: 60, w: 120, h: 120 },
    ]);
    expect(await embeddingsOf(asset)).toEqual(faces.map(({ id }) => ({ face_id: id, model: "test@1", waiting: 2 })));
    const { events } = await readEvents(lastSeq);
    expect(events.map(({ event_type: type, payload }) => ({ type, payload }))).toEqual([
      { type: "face_created", payload: null },
      { type: "face_created", payload: null },
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("has boxes in the space as displayed for orientation %i", async (orientation) => {
    const asset = await upload(orientation);
    const recognizer = scriptedRecognizer([left]);
    await detect(asset, { faceRecognizer: recognizer });
    expect(await facesOf(asset)).toMatchObject([{ x: 40, y: 30, w: 80, h: 120 }]);
    const [image] = recognizer.images;
    const pixels = await image?.pixels();
    expect([image?.width, image?.height, pixels?.width, pixels?.height]).toEqual([400, 300, 400, 300]);
    expect((await image?.bytes())?.length).toBeGreaterThan(100);
  });

  it("changes nothing and sends no event when it is repeated", async () => {
    const asset = await upload();
    await detect(asset, withFaces([left, right]));
    const [faces, embeddings, { lastSeq }] = [await facesOf(asset), await embeddingsOf(asset), await readEvents()];
    expect(await detect(asset, withFaces([left, right]))).toMatchObject({ code: "ran", reopensTasks: false });
    expect([await facesOf(asset), await embeddingsOf(asset)]).toEqual([faces, embeddings]);
    expect((await readEvents(lastSeq)).events).toEqual([]);
  });

  it("writes no row for a photo without faces", async () => {
    const asset = await upload();
    const { binding, counts } = countingD1(env.DB);
    const outcome = await detect(asset, { ...withFaces([]), db: openDatabase(binding, "primary") });
    expect(outcome).toMatchObject({ result: "found 0 faces (test@1)", code: "ran", reopensTasks: false });
    expect(
      counts.statements.filter(({ sql }) => !/derived_files/.test(sql)).map(({ rowsWritten }) => rowsWritten),
    ).toEqual([0]);
  });

  it("keeps the id of a face whose box overlaps, and deletes faces that are gone", async () => {
    const asset = await upload();
    await detect(asset, withFaces([left, right]));
    const [first, second] = await facesOf(asset);
    const { lastSeq } = await readEvents();
    await detect(asset, withFaces([{ ...left, box: [0.12, 0.1, 0.2, 0.4] }], "test@2"));
    expect(await facesOf(asset)).toEqual([{ ...first, x: 48, model: "test@2" }]);
    expect(await embeddingsOf(asset)).toMatchObject([{ face_id: first?.id, model: "test@2" }]);
    const { events } = await readEvents(lastSeq);
    expect(events.map(({ event_type: type, entity_id: id }) => [type, id])).toEqual([
      ["face_deleted", second?.id],
      ["face_updated", first?.id],
    ]);
  });

  it("keeps faces that a user assigned, detached or chose as a portrait", async () => {
    const asset = await upload();
    const boxes = [0, 0.25, 0.5, 0.75].map((x): ScriptedFace => ({ box: [x, 0.1, 0.2, 0.4] }));
    await detect(asset, withFaces(boxes));
    const [assigned, detached, portrait, untouched] = (await facesOf(asset)).map(({ id }) => String(id));
    const person = await createPerson();
    const patch = async (id: string | undefined, personId: string | null) => {
      expect((await call("PATCH", `/api/faces/${id}`, { json: { person_id: personId } })).status).toBe(200);
    };
    await patch(assigned, person);
    await patch(detached, person);
    await patch(detached, null);
    const chosen = await call("PATCH", `/api/people/${person}`, { json: { thumbnail_face_id: portrait } });
    expect(chosen.status).toBe(200);
    await detect(asset, withFaces([]));
    const kept = (await facesOf(asset)).map(({ id }) => id);
    expect(kept).toEqual([assigned, detached, portrait]);
    expect(kept).not.toContain(untouched);
    expect(await sqlAll("SELECT face_id, person_id FROM face_rejections WHERE face_id = ?", detached)).toEqual([
      { face_id: detached, person_id: person },
    ]);
  });

  it("gives a manual box the embedding of the face that it shows, instead of a second face", async () => {
    const asset = await upload();
    const person = await createPerson();
    const assigned = await drawFace(asset, [40, 30, 80, 120], person);
    const unassigned = await drawFace(asset, [240, 60, 120, 120]);
    await detect(asset, withFaces([left, right]));
    expect(await facesOf(asset)).toMatchObject([
      { id: assigned, source: "manual", model: null, confidence: null },
      { id: unassigned, source: "manual", model: null },
    ]);
    expect(await embeddingsOf(asset)).toMatchObject([
      { face_id: assigned, waiting: 0 },
      { face_id: unassigned, waiting: 0 },
    ]);
  });

  it("describes the original while an edited version is current", async () => {
    const asset = await upload();
    await appendVersion(asset.id, await editedJpeg(90, 60));
    const recognizer = scriptedRecognizer([left]);
    await detect(asset, { faceRecognizer: recognizer });
    expect(recognizer.images[0]).toMatchObject({ width: 400, height: 300 });
    expect(await facesOf(asset)).toMatchObject([{ x: 40, y: 30, w: 80, h: 120 }]);
  });

  it("finds faces of a video in its poster", async () => {
    serial += 1;
    const bytes = Uint8Array.from([...(await sampleBytes("0009_with-gps.mp4")), serial]);
    const video = await expectAsset(await uploadWithoutConsumer(bytes, { name: "clip.mp4" }), 201);
    const config = testConfig({ faceDetectionExcludedRegions: [] });
    expect(await detect(video, { ...withFaces([left]), config })).toEqual({
      kind: "skipped",
      reason: "the video has no poster; its task video_thumbnail_extract gives the reason",
    });
    const body = await editedJpeg(200, 100);
    const stored = await call("PUT", `/api/assets/${video.id}/still`, {
      body,
      headers: { "content-type": "image/jpeg" },
    });
    expect(stored.status).toBeLessThan(300);
    expect((await tasksByType(video.id))["face_detection"]?.status).toBe("pending");
    await detect(video, { ...withFaces([left]), config });
    expect(await facesOf(video)).toMatchObject([{ x: 20, y: 10, w: 40, h: 40 }]);
    expect(await sqlAll("SELECT timestamp_ms FROM faces WHERE asset_id = ?", video.id)).toEqual([{ timestamp_ms: 0 }]);
  });
});

describe("hostile results of a recognizer", () => {
  it("are clipped to the picture, or dropped without a pixel in it", async () => {
    const asset = await upload();
    await detect(
      asset,
      withFaces([
        { box: [-0.5, -0.5, 0.7, 0.8] },
        { box: [0.9, 0.9, 5, 5] },
        { box: [2, 2, 1, 1] },
        { box: [0.4, 0.4, 0, 0.1] },
        { box: [0.5, 0.5, -0.2, 0.2] },
        { box: [Number.NaN, 0, 0.1, 0.1] },
        { box: [0, 0, Number.POSITIVE_INFINITY, 0.5] },
      ]),
    );
    expect((await facesOf(asset)).map(({ x, y, w, h }) => [x, y, w, h])).toEqual([
      [0, 0, 80, 90],
      [360, 270, 40, 30],
    ]);
  });

  it("fail for good with embeddings of another size", async () => {
    const asset = await upload();
    expect(await detect(asset, withFaces([{ ...left, embedding: new Float32Array(8) }]))).toEqual({
      kind: "failed",
      reason: "an embedding has 8 values instead of 16",
    });
    expect(await facesOf(asset)).toEqual([]);
  });

  it("are cut to the faces with the highest confidence", async () => {
    const asset = await upload();
    const crowd = Array.from({ length: MAX_DETECTED_FACES + 20 }, (_, i): ScriptedFace => {
      return { box: [(i % 20) / 20, Math.floor(i / 20) / 20, 0.04, 0.04], confidence: 1 - i / 1000 };
    });
    await detect(asset, withFaces(crowd));
    const faces = await facesOf(asset);
    expect(faces).toHaveLength(MAX_DETECTED_FACES);
    expect(Math.min(...faces.map(({ confidence }) => Number(confidence)))).toBeCloseTo(
      1 - (MAX_DETECTED_FACES - 1) / 1000,
    );
  });

  it("store a face without an embedding, which then waits for a user", async () => {
    const asset = await upload();
    await detect(asset, withFaces([{ ...left, embedding: null }]));
    expect(await facesOf(asset)).toHaveLength(1);
    expect(await embeddingsOf(asset)).toEqual([]);
  });

  it("fail for good, or for a retry, as the recognizer says", async () => {
    const asset = await upload();
    expect(await detect(asset, withFaces(new PermanentRecognitionError("no such model")))).toEqual({
      kind: "failed",
      reason: "no such model",
    });
    await expect(detect(asset, withFaces(new Error("timed out")))).rejects.toThrow("timed out");
  });
});

describe("consent", () => {
  const illinois: Place = {
    city: "Chicago",
    state: "Illinois",
    country: "United States",
    countryCode: "US",
    sublocation: null,
    placeName: null,
  };
  const finderOf = (place: Place | null): PlaceFinder => ({ find: () => Promise.resolve(place) });

  async function outcomeOf(asset: AssetResponse, changes: Partial<Context> = {}): Promise<string | undefined> {
    const recognizer = scriptedRecognizer([left]);
    const outcome = await detect(asset, { faceRecognizer: recognizer, ...changes });
    const ran = "code" in outcome && outcome.code === "ran";
    expect([recognizer.images.length, (await facesOf(asset)).length]).toEqual(ran ? [1, 1] : [0, 0]);
    return "code" in outcome ? outcome.code : outcome.kind;
  }

  async function setHome(country: string | null, subdivision: string | null): Promise<void> {
    await env.DB.prepare("UPDATE users SET home_country = ?, home_subdivision = ? WHERE id = ?")
      .bind(country, subdivision, owner.userId)
      .run();
  }

  async function located(): Promise<AssetResponse> {
    const asset = await upload();
    const patched = await call("PATCH", `/api/assets/${asset.id}`, { json: { latitude: 41.88, longitude: -87.63 } });
    expect(patched.status).toBe(200);
    return asset;
  }

  afterEach(async () => {
    await setHome(null, null);
  });

  it.each([null, false])("is missing while the preference is %s", async (preference) => {
    await setFaceDetection(owner.userId, preference);
    expect(await outcomeOf(await upload())).toBe("skipped_owner_off");
  });

  it.each([
    ["US", "IL", "skipped_owner_region"],
    ["US", "NY", "ran"],
    ["DE", null, "ran"],
    [null, null, "ran"],
  ])("depends on the owner's home: %s-%s", async (country, subdivision, outcome) => {
    await setHome(country, subdivision);
    expect(await outcomeOf(await upload())).toBe(outcome);
  });

  it("depends on a country of the setting", async () => {
    await setHome("DE", "BY");
    const config = testConfig({ faceDetectionExcludedRegions: ["DE"] });
    expect(await outcomeOf(await upload(), { config })).toBe("skipped_owner_region");
  });

  it.each([
    ["in Illinois", illinois, "skipped_photo_location"],
    ["in New York", { ...illinois, state: "New York" }, "ran"],
    ["somewhere in the US", { ...illinois, state: null }, "skipped_location_unread"],
    ["in France", { ...illinois, countryCode: "FR", state: "Illinois" }, "ran"],
    ["on the high seas", null, "ran"],
  ])("depends on where the photo was taken: %s", async (_where, place, outcome) => {
    expect(await outcomeOf(await located(), { placeFinder: finderOf(place) })).toBe(outcome);
  });

  it("is missing for coordinates that nothing can locate, if regions are excluded", async () => {
    expect(await outcomeOf(await located())).toBe("skipped_location_unread");
    const config = testConfig({ faceDetectionExcludedRegions: [] });
    expect(await outcomeOf(await located(), { config })).toBe("ran");
  });

  it("is checked again when the faces are stored", async () => {
    const asset = await upload();
    const recognizer = scriptedRecognizer([left]);
    const recognize = async (...given: Parameters<typeof recognizer.recognize>) => {
      const faces = await recognizer.recognize(...given);
      await setFaceDetection(owner.userId, false);
      return faces;
    };
    const outcome = await detect(asset, { faceRecognizer: { ...recognizer, recognize } });
    expect(outcome).toMatchObject({ kind: "skipped", code: "skipped_owner_off" });
    expect(await facesOf(asset)).toEqual([]);
  });

  it("is no matter where no recognizer is configured", async () => {
    expect(await detect(await upload(), {})).toEqual({
      kind: "skipped",
      reason: "no face recognizer is configured (FACE_RECOGNIZER)",
    });
  });
});

describe("the tasks of an asset", () => {
  async function ready(): Promise<AssetResponse> {
    const asset = await upload();
    await keepTasks(asset.id, ["face_detection"]);
    return asset;
  }

  async function tasksOf(asset: AssetResponse): Promise<unknown> {
    const response = await call("GET", `/api/tasks/asset/${asset.id}`);
    const tasks = z
      .array(
        z.object({
          task_type: z.string(),
          status: z.string(),
          result: z.string().nullable(),
          outcome: z.string().nullable(),
        }),
      )
      .parse(await response.json());
    return Object.fromEntries(tasks.map(({ task_type: type, ...task }) => [type, task]));
  }

  it("detect, group and measure in one delivery", async () => {
    const faces: ScriptedFace[] = [left, { ...left, box: [0.6, 0.2, 0.3, 0.4], variation: 1 }];
    const [first, second] = [await ready(), await ready()];
    for (const asset of [first, second]) await runPendingTasks(testContext(withFaces(faces)), asset.id);
    expect(await tasksOf(second)).toEqual({
      face_detection: { status: "success", result: "found 2 faces (test@1)", outcome: "ran" },
      face_clustering: { status: "success", result: "2 of 2 faces have a person", outcome: null },
      person_metrics_refresh: {
        status: "success",
        result: expect.stringMatching(/^measured \d+ people$/),
        outcome: null,
      },
    });
    expect(new Set((await facesOf(second)).map(({ person_id: id }) => id)).size).toBe(1);
  });

  it("have outcomes for what is skipped, and none of them later", async () => {
    await setFaceDetection(owner.userId, null);
    const asset = await ready();
    await runPendingTasks(testContext(withFaces([left])), asset.id);
    expect(await tasksOf(asset)).toEqual({
      face_detection: {
        status: "success",
        result: "skipped: the library's owner has not turned on face detection",
        outcome: "skipped_owner_off",
      },
    });
  });

  it.each(["before", "after"] as const)("end once when the consumer stops %s a batch of any number", async (when) => {
    const asset = await ready();
    const faces = Array.from({ length: 3 }, (_, i): ScriptedFace => ({
      box: [i * 0.3, 0.1, 0.2, 0.4],
      identity: 6,
      variation: i,
    }));
    const { lastSeq } = await readEvents();
    for (let stopAt = 0; stopAt < 12; stopAt += 1) {
      let batches = 0;
      const stop = (statements: string[]): void => {
        if (!/^(UPDATE|INSERT|DELETE)/.test(statements.join("\n"))) return;
        batches += 1;
        if (batches === stopAt + 1) throw new Error("the consumer stopped");
      };
      const faults: D1Faults = when === "before" ? { beforeBatch: stop } : { afterBatch: stop };
      const db = openDatabase(countingD1(env.DB, faults).binding, "primary");
      const nowMs = Date.now() + stopAt * 3600_000;
      await runPendingTasks(testContext({ ...withFaces(faces), db, nowMs }), asset.id).catch(() => null);
    }
    await runPendingTasks(testContext({ ...withFaces(faces), nowMs: Date.now() + 1000 * 3600_000 }), asset.id);
    expect(await tasksOf(asset)).toMatchObject({
      face_detection: { status: "success" },
      face_clustering: { status: "success", result: "3 of 3 faces have a person" },
    });
    const { events } = await readEvents(lastSeq);
    const ofType = (type: string) => events.filter(({ event_type: each }) => each === type).length;
    expect(ofType("face_created")).toBe(3);
    expect(ofType("face_updated")).toBe(3);
    expect(await facesOf(asset)).toHaveLength(3);
  });
});
