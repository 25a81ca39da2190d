import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Context } from "../../../src/operations/context.ts";
import { continueFaceRun, continueFaceRuns } from "../../../src/operations/faces/faceRuns.ts";
import { groupFaces, groupOverdue } from "../../../src/operations/faces/groupFaces.ts";
import { placeFaces } from "../../../src/operations/faces/placeFaces.ts";
import { DELETION_PART_ASSETS, DETECTION_PART_ASSETS } from "../../../src/records/faces/faceRuns.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertMember,
  insertUser,
  readEvents,
} from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";
import { scriptedRecognizer } from "../../support/faces/scriptedRecognizer.ts";
import {
  insertPerson,
  insertSeededFaces,
  setFaceDetection,
  TEST_MODEL,
  testVector,
} from "../../support/faces/seedFaces.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";

let owner = { userId: "", libraryId: "", token: "" };

beforeEach(async () => {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  await insertMember(libraryId, userId).catch(() => null);
  owner = { userId, libraryId, token: (await insertKey({ userId })).secret };
  await setFaceDetection(userId, true);
});
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

const runSchema = z
  .object({ kind: z.string(), handled: z.int(), requested_at: z.string(), finished_at: z.string().nullable() })
  .nullable();

async function send(method: "GET" | "POST" | "DELETE", token = owner.token): Promise<Response> {
  return await call(method, `/api/libraries/${owner.libraryId}/face-detection`, { token });
}

async function readRun() {
  return runSchema.parse(await (await send("GET")).json());
}

const context = (changes: Partial<Context> = {}): Context =>
  testContext({ faceRecognizer: scriptedRecognizer([]), ...changes });

/** Runs all parts, and returns the assets whose tasks were enqueued. */
async function finish(): Promise<{ assetIds: string[]; parts: number }> {
  const queue = recordingQueue();
  let parts = 1;
  while (await continueFaceRun(context({ queue: queue.binding }), owner.libraryId)) {
    parts += 1;
    if (parts > 10) throw new Error("the run does not end");
  }
  const assets = z.array(z.object({ assetId: z.string() })).parse(queue.sent);
  return { assetIds: assets.map(({ assetId }) => assetId), parts };
}

async function setTask(assetIds: string[], task: object): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO asset_tasks (asset_id, library_id, user_id, tasks, states, newest_at, due_at, revision)
     SELECT value, ?2, ?3, json_object('face_detection', json(?4)), 2 * 16, 0, NULL, 0 FROM json_each(?1)`,
  )
    .bind(
      JSON.stringify(assetIds),
      owner.libraryId,
      owner.userId,
      JSON.stringify({ status: "success", dueAt: 0, createdAt: 0, ...task }),
    )
    .run();
}

describe("detection of earlier photos", () => {
  it("starts the tasks of all live photos in parts, once each", async () => {
    const assetIds = await insertAssets(
      owner,
      Array.from({ length: DETECTION_PART_ASSETS + 5 }, () => ({})),
    );
    await insertAssets(owner, [{ trashedAt: 5 }, { mediaType: "video" }]);
    expect(runSchema.parse(await (await send("POST")).json())).toMatchObject({
      kind: "detect",
      handled: 0,
      finished_at: null,
    });
    expect(await finish()).toEqual({ assetIds: expect.arrayContaining(assetIds), parts: 2 });
    expect(await readRun()).toMatchObject({ handled: assetIds.length, finished_at: expect.any(String) });
    const pending =
      "SELECT count(*) AS n FROM asset_tasks WHERE library_id = ? AND tasks ->> '$.face_detection.status' = 'pending'";
    expect(await sqlAll(pending, owner.libraryId)).toEqual([{ n: assetIds.length }]);
    await send("POST");
    expect((await finish()).assetIds).toEqual([]);
  });

  it("leaves out photos whose faces the configured model has found", async () => {
    const [found, foundByOther, skipped, never] = await insertAssets(owner, [{}, {}, {}, {}]);
    await setTask([found ?? ""], { outcome: "ran", result: "found 0 faces (test@1)" });
    await setTask([foundByOther ?? ""], { outcome: "ran", result: "found 2 faces (test@0)" });
    await setTask([skipped ?? ""], { outcome: "skipped_owner_off", result: "skipped: off" });
    await send("POST");
    expect(new Set((await finish()).assetIds)).toEqual(new Set([foundByOther, skipped, never]));
  });

  it("continues where it stopped, and two consumers don't start a part twice", async () => {
    await insertAssets(
      owner,
      Array.from({ length: 2 * DETECTION_PART_ASSETS }, () => ({})),
    );
    await send("POST");
    await Promise.all([1, 2].map(async () => await continueFaceRun(context(), owner.libraryId)));
    expect(await readRun()).toMatchObject({ handled: DETECTION_PART_ASSETS, finished_at: null });
    await send("POST");
    expect(await readRun()).toMatchObject({ handled: DETECTION_PART_ASSETS, finished_at: null });
    await finish();
    expect(await readRun()).toMatchObject({ handled: 2 * DETECTION_PART_ASSETS });
  });

  it("is continued by the schedule when its message was lost", async () => {
    await send("POST");
    const queue = recordingQueue();
    await continueFaceRuns(context({ queue: queue.binding }));
    expect(queue.sent).toContainEqual({ faceRunLibraryId: owner.libraryId });
    await finish();
  });

  it("ends when detection is switched off", async () => {
    await insertAssets(owner, [{}]);
    await send("POST");
    await setFaceDetection(owner.userId, false);
    expect((await finish()).assetIds).toEqual([]);
    expect(await readRun()).toMatchObject({ handled: 0, finished_at: expect.any(String) });
  });

  it("is refused while the owner has not turned on face detection, and without a recognizer", async () => {
    await setFaceDetection(owner.userId, null);
    expect((await send("POST")).status).toBe(409);
    await setFaceDetection(owner.userId, true);
    const path = `/api/libraries/${owner.libraryId}/face-detection`;
    const response = await call("POST", path, { token: owner.token, env: { FACE_RECOGNIZER: "none" } });
    expect(response.status).toBe(409);
    expect(await readRun()).toBeNull();
  });

  it("is refused to members who don't own the library, and to others", async () => {
    const member = await insertUser();
    await insertMember(owner.libraryId, member, { role: "collaborator" });
    const { secret } = await insertKey({ userId: member });
    const { secret: foreign } = await insertKey({ userId: await insertUser() });
    for (const method of ["GET", "POST", "DELETE"] as const) {
      expect((await send(method, secret)).status).toBe(403);
      expect((await send(method, foreign)).status).toBe(404);
    }
  });
});

describe("deletion of automatic faces", () => {
  it("deletes them with all embeddings and unnamed people, and keeps what users made", async () => {
    const anna = await insertPerson(owner, { name: "Anna" });
    const manual = { source: "manual", assignedBy: "user", personId: anna } as const;
    await insertSeededFaces(owner, [{ vector: testVector(1), ...manual }]);
    const faces = Array.from({ length: DELETION_PART_ASSETS + 20 }, (_, i) => ({ vector: testVector(2 + (i % 4), i) }));
    await insertSeededFaces(owner, faces);
    for (let i = 0; i < 2; i += 1) await placeFaces(context(), owner.libraryId, TEST_MODEL, null);
    expect(await sqlAll("SELECT count(*) AS n FROM people WHERE library_id = ?", owner.libraryId)).toEqual([{ n: 5 }]);
    const { lastSeq } = await readEvents();
    expect(runSchema.parse(await (await send("DELETE")).json())).toMatchObject({ kind: "delete", finished_at: null });
    expect((await finish()).parts).toBe(2);
    expect(await sqlAll("SELECT source FROM faces WHERE library_id = ?", owner.libraryId)).toEqual([
      { source: "manual" },
    ]);
    expect(await sqlAll("SELECT name FROM people WHERE library_id = ?", owner.libraryId)).toEqual([{ name: "Anna" }]);
    for (const table of ["face_embeddings", "person_clusters"]) {
      expect(await sqlAll(`SELECT 1 FROM ${table} WHERE library_id = ?`, owner.libraryId), table).toEqual([]);
    }
    const types = (await readEvents(lastSeq)).events.map(({ event_type: type }) => type);
    expect(types.filter((type) => type === "face_deleted")).toHaveLength(faces.length);
    expect(types.filter((type) => type === "person_deleted")).toHaveLength(4);
    expect(await groupFaces(context(), { libraryId: owner.libraryId })).toBe(false);
  });
});

describe("grouping after a change", () => {
  it("groups detached faces, measures people, and is done then", async () => {
    const { faceIds, assetIds } = await insertSeededFaces(
      owner,
      Array.from({ length: 3 }, (_, i) => ({ vector: testVector(3, i) })),
    );
    expect(await groupFaces(context(), { assetId: assetIds[0] ?? "" })).toBe(false);
    const measured = "SELECT is_measured FROM person_clusters WHERE library_id = ?";
    expect(await sqlAll(measured, owner.libraryId)).toEqual([{ is_measured: 1 }]);
    const [row] = await sqlAll("SELECT person_id FROM faces WHERE id = ?", faceIds[0]);
    const person = String(row?.person_id);
    const json = { person_id: null };
    expect((await call("PATCH", `/api/faces/${faceIds[0]}`, { token: owner.token, json })).status).toBe(200);
    const queue = recordingQueue();
    await groupOverdue(context({ queue: queue.binding }));
    expect(queue.sent).toContainEqual({ groupFacesOf: { libraryId: owner.libraryId } });
    await groupFaces(context(), { libraryId: owner.libraryId });
    expect(await sqlAll("SELECT person_id FROM faces WHERE id = ?", faceIds[0])).toEqual([{ person_id: null }]);
    expect(
      await sqlAll("SELECT face_count, is_stale, is_measured FROM person_clusters WHERE person_id = ?", person),
    ).toEqual([{ face_count: 2, is_stale: 0, is_measured: 1 }]);
  });

  it("does nothing while detection is off, and writes nothing without work", async () => {
    await insertSeededFaces(
      owner,
      Array.from({ length: 3 }, (_, i) => ({ vector: testVector(3, i) })),
    );
    await setFaceDetection(owner.userId, false);
    expect(await groupFaces(context(), { libraryId: owner.libraryId })).toBe(false);
    expect(await sqlAll("SELECT 1 FROM people WHERE library_id = ?", owner.libraryId)).toEqual([]);
    await setFaceDetection(owner.userId, true);
    await groupFaces(context(), { libraryId: owner.libraryId });
    const { binding, counts } = countingD1(env.DB);
    const queue = recordingQueue();
    await groupOverdue(context({ db: openDatabase(binding, "primary"), queue: queue.binding }));
    expect(queue.sent).not.toContainEqual({ groupFacesOf: { libraryId: owner.libraryId } });
    await groupFaces(context({ db: openDatabase(binding, "primary") }), { libraryId: owner.libraryId });
    expect(counts.rowsWritten).toBe(0);
  });
});
