import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { placeFaces } from "../../../src/operations/faces/placeFaces.ts";
import { measurePeople } from "../../../src/operations/faces/personMetrics.ts";
import { openDatabase } from "../../../src/records/database.ts";
import type { Context } from "../../../src/operations/context.ts";
import { countingD1, type D1Faults } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { insertLibrary, insertUser, readEvents } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";
import { insertPerson, insertSeededFaces, TEST_MODEL, testVector } from "../../support/faces/seedFaces.ts";
import { shuffled } from "../../support/faces/syntheticFaces.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";

let owner = { userId: "", libraryId: "" };

beforeEach(async () => {
  const userId = await insertUser();
  owner = { userId, libraryId: await insertLibrary(userId) };
});
afterEach(async () => {
  expect(Object.keys(await findInconsistencies()).filter((what) => !what.startsWith("event of"))).toEqual([]);
});

/** Another isolate: its own binding, so that nothing is remembered. */
function freshContext(faults: D1Faults = {}): Context {
  return testContext({ db: openDatabase(countingD1(env.DB, faults).binding, "primary") });
}

async function place(context: Context = freshContext()) {
  return await placeFaces(context, owner.libraryId, TEST_MODEL, null);
}

async function personOf(faceId: string | undefined): Promise<string | null> {
  const [row] = await sqlAll("SELECT person_id FROM faces WHERE id = ?", faceId ?? "");
  return typeof row?.person_id === "string" ? row.person_id : null;
}

async function add(
  identity: number,
  count: number,
  fields: Parameters<typeof insertSeededFaces>[1][number] | object = {},
) {
  const faces = Array.from({ length: count }, (_, i) => ({ vector: testVector(identity, i), ...fields }));
  return await insertSeededFaces(owner, faces);
}

const assign = (faceId: string, personId: string | null) =>
  env.DB.prepare("UPDATE faces SET person_id = ?, assigned_by = iif(?1 IS NULL, NULL, 'user') WHERE id = ?")
    .bind(personId, faceId)
    .run();

describe("placing faces", () => {
  it("forms a person of three similar faces, with events that clients can apply", async () => {
    const { lastSeq } = await readEvents();
    const { faceIds } = await add(1, 3);
    expect(await place()).toEqual({ kind: "placed", assigned: 3, hasMore: false });
    const persons = await Promise.all(faceIds.map(personOf));
    expect(new Set(persons).size).toBe(1);
    const { events } = await readEvents(lastSeq);
    expect(events.map(({ event_type: type }) => type)).toEqual([
      "person_created",
      "face_updated",
      "face_updated",
      "face_updated",
    ]);
    expect(events[1]?.payload).toEqual({ person_id: persons[0], previous_person_id: null });
    expect(await sqlAll("SELECT user_id, name, face_count, asset_count FROM people WHERE id = ?", persons[0])).toEqual([
      { user_id: owner.userId, name: null, face_count: 3, asset_count: 3 },
    ]);
    expect(await sqlAll("SELECT DISTINCT assigned_by FROM faces WHERE library_id = ?", owner.libraryId)).toEqual([
      { assigned_by: "clustering" },
    ]);
  });

  it("changes nothing when it is repeated", async () => {
    await add(1, 3);
    await add(2, 1);
    await place();
    const before = await readEvents();
    const rows = await sqlAll("SELECT * FROM face_embeddings WHERE library_id = ?", owner.libraryId);
    expect(await place()).toEqual({ kind: "placed", assigned: 0, hasMore: false });
    expect((await readEvents(before.lastSeq)).events).toEqual([]);
    expect(await sqlAll("SELECT * FROM face_embeddings WHERE library_id = ?", owner.libraryId)).toEqual(rows);
  });

  it("adds later faces to a person, also in an isolate that remembers the library", async () => {
    const warm = freshContext();
    const { faceIds } = await add(1, 3);
    await place(warm);
    const later = await add(1, 2);
    expect(await place(warm)).toEqual({ kind: "placed", assigned: 2, hasMore: false });
    expect(await personOf(later.faceIds[0])).toBe(await personOf(faceIds[0]));
  });

  it("compares only faces of the same model", async () => {
    await add(1, 3);
    await place();
    const { faceIds } = await add(1, 3, { model: "other@1" });
    expect(await place()).toEqual({ kind: "placed", assigned: 0, hasMore: false });
    const other = { model: "other@1", dimensions: TEST_MODEL.dimensions };
    expect(await placeFaces(freshContext(), owner.libraryId, other, null)).toEqual({
      kind: "placed",
      assigned: 3,
      hasMore: false,
    });
    expect(await sqlAll("SELECT count(*) AS n FROM people WHERE library_id = ?", owner.libraryId)).toEqual([{ n: 2 }]);
    expect(await personOf(faceIds[0])).not.toBeNull();
  });

  it("never groups manual boxes without a person, and never moves a face that a user assigned", async () => {
    const { faceIds: manual } = await add(1, 4, { source: "manual" });
    const person = await insertPerson(owner, { name: "Far away" });
    const { faceIds: assigned } = await add(1, 1, { personId: person, assignedBy: "user" });
    await add(1, 2);
    await place();
    expect(await Promise.all(manual.map(personOf))).toEqual([null, null, null, null]);
    expect(await personOf(assigned[0])).toBe(person);
  });

  it("learns a person from the faces that a user assigned, also manual ones", async () => {
    const person = await insertPerson(owner, { name: "Anna" });
    await add(3, 1, { personId: person, assignedBy: "user", source: "manual" });
    const { faceIds } = await add(3, 1);
    await place();
    expect(await personOf(faceIds[0])).toBe(person);
  });

  it("never returns a face to a person from whom a user took it", async () => {
    const warm = freshContext();
    const { faceIds } = await add(1, 4);
    await place(warm);
    const person = await personOf(faceIds[0]);
    await assign(faceIds[0] ?? "", null);
    await env.DB.prepare("INSERT INTO face_rejections VALUES (?, ?)").bind(faceIds[0], person).run();
    await place(warm);
    await place();
    expect(await personOf(faceIds[0])).toBeNull();
    expect(await personOf(faceIds[1])).toBe(person);
  });

  it("counts a person again after faces were assigned, removed, merged or deleted", async () => {
    const warm = freshContext();
    const [anna, ben] = [await insertPerson(owner), await insertPerson(owner)];
    const { faceIds } = await add(1, 6, { personId: anna });
    await add(2, 2, { personId: ben });
    await place(warm);
    await assign(faceIds[0] ?? "", ben);
    await assign(faceIds[1] ?? "", null);
    await env.DB.prepare("DELETE FROM faces WHERE id = ?").bind(faceIds[2]).run();
    const stale = "SELECT count(*) AS n FROM person_clusters WHERE library_id = ? AND is_stale = 1";
    expect(await sqlAll(stale, owner.libraryId)).toEqual([{ n: 2 }]);
    await place(warm);
    expect(await sqlAll(stale, owner.libraryId)).toEqual([{ n: 0 }]);
    await env.DB.prepare("UPDATE faces SET person_id = ? WHERE person_id = ?").bind(anna, ben).run();
    await env.DB.prepare("DELETE FROM people WHERE id = ?").bind(ben).run();
    await place(warm);
    expect(
      await sqlAll("SELECT person_id, face_count FROM person_clusters WHERE library_id = ?", owner.libraryId),
    ).toEqual([{ person_id: anna, face_count: 7 }]);
  });

  it("forgets the centroid of a person without faces", async () => {
    const warm = freshContext();
    const { faceIds } = await add(1, 3);
    await place(warm);
    await env.DB.prepare("DELETE FROM faces WHERE library_id = ?").bind(owner.libraryId).run();
    await place(warm);
    expect(await sqlAll("SELECT sum, face_count FROM person_clusters WHERE library_id = ?", owner.libraryId)).toEqual([
      { sum: null, face_count: 0 },
    ]);
    expect(faceIds).toHaveLength(3);
    const { faceIds: later } = await add(1, 1);
    await place(warm);
    expect(await personOf(later[0])).toBeNull();
  });

  it("places 400 faces in several parts", async () => {
    for (let i = 0; i < 4; i += 1) await add(i, 100);
    for (let i = 0; i < 3; i += 1) await place();
    expect(
      await sqlAll(
        "SELECT count(DISTINCT person_id) AS people, count(person_id) AS faces FROM faces WHERE library_id = ?",
        owner.libraryId,
      ),
    ).toEqual([{ people: 4, faces: 400 }]);
  });
});

describe("consumers at the same time", () => {
  it("assign each face once, and never lose one", async () => {
    const { lastSeq } = await readEvents();
    for (let i = 0; i < 3; i += 1) await add(i, 5);
    const placements = await Promise.all(Array.from({ length: 4 }, () => place()));
    expect(placements.reduce((sum, each) => sum + (each.kind === "placed" ? each.assigned : 0), 0)).toBe(15);
    const { events } = await readEvents(lastSeq);
    const updated = events.filter(({ event_type: type }) => type === "face_updated");
    expect(new Set(updated.map(({ entity_id: id }) => id)).size).toBe(15);
    expect(updated).toHaveLength(15);
    expect(events.filter(({ event_type: type }) => type === "person_created")).toHaveLength(3);
  });

  it("plan again when a user changes a face between reading and writing", async () => {
    const person = await insertPerson(owner, { name: "Anna" });
    const { faceIds } = await add(1, 3);
    let isDone = false;
    const interfered = freshContext({
      beforeBatch: async (statements) => {
        if (isDone || !statements.some((sql) => sql.startsWith("UPDATE cluster_states"))) return;
        isDone = true;
        await assign(faceIds[0] ?? "", person);
      },
    });
    await place(interfered);
    expect(await Promise.all(faceIds.map(personOf))).toEqual([person, person, person]);
  });

  it("leave nothing half done when the batch fails, or when only its response is lost", async () => {
    const { faceIds } = await add(1, 3);
    const failsOnce = (when: "before" | "after") => {
      let isDone = false;
      const fail = (statements: string[]): void => {
        if (isDone || !statements.some((sql) => sql.startsWith("UPDATE cluster_states"))) return;
        isDone = true;
        throw new Error("D1_ERROR: reset");
      };
      return freshContext(when === "before" ? { beforeBatch: fail } : { afterBatch: fail });
    };
    const { lastSeq } = await readEvents();
    await expect(place(failsOnce("before"))).rejects.toThrow("reset");
    expect(await Promise.all(faceIds.map(personOf))).toEqual([null, null, null]);
    const warm = failsOnce("after");
    await expect(place(warm)).rejects.toThrow("reset");
    expect(await personOf(faceIds[0])).not.toBeNull();
    expect(await place(warm)).toEqual({ kind: "placed", assigned: 0, hasMore: false });
    expect((await readEvents(lastSeq)).events).toHaveLength(4);
  });

  it("report a library that changes all the time", async () => {
    const { faceIds } = await add(1, 3);
    const busy = freshContext({
      beforeBatch: async (statements) => {
        if (!statements.some((sql) => sql.startsWith("UPDATE cluster_states"))) return;
        await env.DB.prepare("UPDATE cluster_states SET revision = revision + 1 WHERE library_id = ?")
          .bind(owner.libraryId)
          .run();
      },
    });
    expect(await place(busy)).toEqual({ kind: "busy" });
    expect(await personOf(faceIds[0])).toBeNull();
  });
});

describe("measuring people", () => {
  it("stores the mean of all pairs and the 90th percentile of a sample", async () => {
    const person = await insertPerson(owner);
    const vectors = shuffled([0, 1, 2, 3], 1).map((variation) => testVector(5, variation, 0.5));
    await insertSeededFaces(
      owner,
      vectors.map((vector) => ({ vector, personId: person })),
    );
    await place();
    expect(await measurePeople(freshContext(), owner.libraryId, TEST_MODEL)).toBe(1);
    // All pairs have a cosine of cos² 0.5.
    const distance = 1 - Math.cos(0.5) ** 2;
    const columns = "pairwise_mean AS mean, pairwise_p90 AS p90, face_count, is_measured";
    expect(await sqlAll(`SELECT ${columns} FROM person_clusters WHERE person_id = ?`, person)).toEqual([
      { mean: expect.closeTo(distance, 2), p90: expect.closeTo(distance, 2), face_count: 4, is_measured: 1 },
    ]);
    expect(await measurePeople(freshContext(), owner.libraryId, TEST_MODEL)).toBe(0);
  });

  it("reads a bounded number of faces of a large person", async () => {
    const person = await insertPerson(owner);
    for (let i = 0; i < 4; i += 1) await add(1, 100, { personId: person });
    await place();
    const { binding, counts } = countingD1(env.DB);
    await measurePeople(testContext({ db: openDatabase(binding, "primary") }), owner.libraryId, TEST_MODEL);
    expect(counts.rowsRead).toBeLessThan(600);
    expect(await sqlAll("SELECT is_measured FROM person_clusters WHERE person_id = ?", person)).toEqual([
      { is_measured: 1 },
    ]);
  });
});

describe("an embedding", () => {
  const count = async (): Promise<unknown> =>
    (await sqlAll("SELECT count(*) AS n FROM face_embeddings WHERE library_id = ?", owner.libraryId))[0]?.n;

  it("is deleted with its face and with its asset", async () => {
    const { faceIds, assetIds } = await add(1, 3);
    await place();
    await env.DB.prepare("DELETE FROM faces WHERE id = ?").bind(faceIds[0]).run();
    expect(await count()).toBe(2);
    await env.DB.prepare("DELETE FROM assets WHERE id IN (SELECT value FROM json_each(?))")
      .bind(JSON.stringify(assetIds))
      .run();
    expect(await count()).toBe(0);
    await place();
    expect(await sqlAll("SELECT sum FROM person_clusters WHERE library_id = ?", owner.libraryId)).toEqual([
      { sum: null },
    ]);
  });

  it("follows its face into another library, where it is compared again", async () => {
    const { faceIds, assetIds } = await add(1, 3);
    await place();
    const other = await insertLibrary(owner.userId, "other");
    await env.DB.batch([
      env.DB.prepare("UPDATE faces SET library_id = ?, person_id = NULL, assigned_by = NULL WHERE id = ?").bind(
        other,
        faceIds[0],
      ),
      env.DB.prepare("UPDATE assets SET library_id = ? WHERE id = ?").bind(other, assetIds[0]),
    ]);
    expect(await sqlAll("SELECT library_id, waiting FROM face_embeddings WHERE face_id = ?", faceIds[0])).toEqual([
      { library_id: other, waiting: 2 },
    ]);
    await place();
    expect(await sqlAll("SELECT face_count FROM person_clusters WHERE library_id = ?", owner.libraryId)).toEqual([
      { face_count: 2 },
    ]);
  });
});
