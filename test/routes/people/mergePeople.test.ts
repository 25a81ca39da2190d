import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { FACES_PER_PART } from "../../../src/records/people/mergePeople.ts";
import { MAX_MERGE_SOURCES, personSchema } from "../../../src/routes/people/schemas.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { newPeopleClient, type PeopleClient } from "../../support/clients/people.ts";
import { expectError } from "../../support/clients/responses.ts";
import { insertLibrary } from "../../support/clients/tenants.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";

let me: PeopleClient;
let asset: string;
beforeEach(async () => {
  me = await newPeopleClient();
  [asset = ""] = await me.newAssets([{}, {}]);
});
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

const merge = async (target: string, sources: string[], options = {}) =>
  await me.send("POST", `/api/people/${target}/merge`, { json: { source_person_ids: sources }, ...options });

async function faceCounts(): Promise<Record<string, unknown>> {
  const rows = await sqlAll("SELECT id, face_count FROM people WHERE library_id = ?", me.libraryId);
  return Object.fromEntries(rows.map((row) => [String(row["id"]), row["face_count"]]));
}

describe("POST /api/people/{person_id}/merge", () => {
  it("moves the faces, deletes the sources and keeps the fields of the person", async () => {
    const target = await me.newPerson({ name: "Ada", birth_date: "1815-12-10" });
    const [named, unnamed] = [await me.newPerson({ name: "A. L.", is_favorite: true }), await me.newPerson()];
    const faces = [await me.newFace(asset, named.id), await me.newFace(asset, unnamed.id)];
    await me.send("PATCH", `/api/people/${named.id}`, { json: { thumbnail_face_id: faces[0]?.id } });
    await me.takeEvents();
    const response = await merge(target.id, [named.id, unnamed.id, named.id]);
    const merged = personSchema.parse(await response.json());
    expect(merged).toMatchObject({ name: "Ada", birth_date: "1815-12-10", is_favorite: false, asset_count: 1 });
    expect(await me.takeEvents()).toEqual([
      ...faces.map(({ id, person_id }) => ({
        event_type: "face_updated",
        entity_id: id,
        payload: { person_id: target.id, previous_person_id: person_id },
      })),
      ...[named.id, unnamed.id].map((entity_id) => ({ event_type: "person_deleted", entity_id, payload: null })),
    ]);
    expect(await faceCounts()).toEqual({ [target.id]: 2 });
    expect((await me.listPeople("name=A.&include_hidden=true")).data).toEqual([]);
  });

  it("gives back faces that were taken from the person, and keeps those that were taken from a source away", async () => {
    const [target, source] = [await me.newPerson({ name: "Ada" }), await me.newPerson({ name: "Byron" })];
    const given = await me.newFace(asset, target.id);
    const taken = await me.newFace(asset, source.id);
    const assign = async (id: string, person_id: string | null) =>
      await me.send("PATCH", `/api/faces/${id}`, { json: { person_id } });
    await assign(given.id, source.id);
    await assign(taken.id, null);
    expect((await merge(target.id, [source.id])).status).toBe(200);
    expect(await faceCounts()).toEqual({ [target.id]: 1 });
    const rejections = await sqlAll("SELECT face_id, person_id FROM face_rejections WHERE person_id = ?", target.id);
    expect(rejections).toEqual([{ face_id: taken.id, person_id: target.id }]);
  });

  it("answers 204 and deletes everybody if nobody has a name or a face", async () => {
    const people = [await me.newPerson(), await me.newPerson(), await me.newPerson()];
    await me.takeEvents();
    const [target, ...sources] = people.map(({ id }) => id);
    const response = await merge(target ?? "", sources);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect(await faceCounts()).toEqual({});
    expect((await me.takeEvents()).map((event) => event.event_type)).toEqual(Array(3).fill("person_deleted"));
  });

  it("keeps a person without a name or a face if a source has one of them", async () => {
    const [target, named] = [await me.newPerson(), await me.newPerson({ name: "Ada" })];
    const response = await merge(target.id, [named.id]);
    expect([response.status, await response.json()]).toMatchObject([200, { id: target.id, name: null }]);
  });

  it("rejects a merge with oneself, with nobody and with too many", async () => {
    const [one, other] = [await me.newPerson(), await me.newPerson()];
    await expectError(await merge(one.id, [one.id]), 422);
    await expectError(await merge(one.id, [other.id, one.id]), 422);
    await expectError(await merge(one.id, []), 422);
    const tooMany = Array.from({ length: MAX_MERGE_SOURCES + 1 }, () => newId("person"));
    await expectError(await merge(one.id, tooMany), 422);
    expect(Object.keys(await faceCounts())).toHaveLength(2);
  });

  it("rejects people that are unknown, of another tenant or of another library, and moves no face", async () => {
    const [target, source] = [await me.newPerson(), await me.newPerson()];
    await me.newFace(asset, source.id);
    const foreign = await (await newPeopleClient()).newPerson();
    const elsewhere = await insertPerson({ ...me, libraryId: await insertLibrary(me.userId, "other") });
    for (const [id, status] of [
      [newId("person"), 404],
      [foreign.id, 404],
      [elsewhere, 422],
    ] as const) {
      await expectError(await merge(target.id, [source.id, id]), status);
      await expectError(await merge(id, [source.id]), status);
    }
    expect(await faceCounts()).toEqual({ [target.id]: 0, [source.id]: 1 });
  });

  it("merges 200 people at once", async () => {
    const target = await me.newPerson({ name: "Ada" });
    const ids = await Promise.all(Array.from({ length: MAX_MERGE_SOURCES }, async () => await insertPerson(me)));
    await insertFaces(
      me,
      ids.flatMap((personId) => [
        { assetId: asset, personId },
        { assetId: asset, personId },
      ]),
    );
    const counted = countingD1(env.DB);
    const response = await merge(target.id, ids, { env: { DB: counted.binding } });
    expect(response.status).toBe(200);
    expect(counted.counts.roundTrips).toBeLessThanOrEqual(4);
    expect(await faceCounts()).toEqual({ [target.id]: 400 });
  });

  it("moves many faces in parts", async () => {
    const [target, source] = [await me.newPerson({ name: "Ada" }), await me.newPerson()];
    const count = 2 * FACES_PER_PART + 1;
    await insertFaces(
      me,
      Array.from({ length: count }, () => ({ assetId: asset, personId: source.id })),
    );
    const counted = countingD1(env.DB);
    expect((await merge(target.id, [source.id], { env: { DB: counted.binding } })).status).toBe(200);
    expect(counted.counts.roundTrips).toBeLessThanOrEqual(6);
    expect(await faceCounts()).toEqual({ [target.id]: count });
    expect((await me.send("DELETE", `/api/people/${target.id}`)).status).toBe(200);
    expect(await faceCounts()).toEqual({});
  });

  it("continues after a failure between two parts when it is repeated", async () => {
    const [target, source] = [await me.newPerson({ name: "Ada" }), await me.newPerson()];
    await insertFaces(
      me,
      Array.from({ length: FACES_PER_PART + 1 }, () => ({ assetId: asset, personId: source.id })),
    );
    let batches = 0;
    const failing = countingD1(env.DB, {
      beforeBatch: (texts) => {
        if (texts.some((text) => text.startsWith("UPDATE faces")) && ++batches === 2) throw new Error("D1 failed");
      },
    });
    expect((await merge(target.id, [source.id], { env: { DB: failing.binding } })).status).toBe(500);
    expect(await faceCounts()).toEqual({ [target.id]: FACES_PER_PART, [source.id]: 1 });
    expect((await merge(target.id, [source.id])).status).toBe(200);
    expect(await faceCounts()).toEqual({ [target.id]: FACES_PER_PART + 1 });
  });

  it("keeps every face with one person when two merges cross", async () => {
    for (let round = 0; round < 5; round++) {
      const [one, other] = [await me.newPerson(), await me.newPerson()];
      await me.newFace(asset, one.id);
      await me.newFace(asset, other.id);
      const responses = await Promise.all([merge(one.id, [other.id]), merge(other.id, [one.id])]);
      const statuses = responses.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect([404, 409]).toContain(statuses.find((status) => status !== 200));
      const survivor = statuses[0] === 200 ? one.id : other.id;
      expect(await faceCounts()).toEqual({ [survivor]: 2 });
      await me.send("DELETE", `/api/people/${survivor}`);
    }
  });

  it("loses no face that is assigned to a source meanwhile", async () => {
    const [target, source] = [await me.newPerson({ name: "Ada" }), await me.newPerson()];
    const face = await me.newFace(asset);
    const meddling = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (!texts.some((text) => text.startsWith("UPDATE faces"))) return;
        await me.send("PATCH", `/api/faces/${face.id}`, { json: { person_id: source.id } });
      },
    });
    expect((await merge(target.id, [source.id], { env: { DB: meddling.binding } })).status).toBe(200);
    expect(await faceCounts()).toEqual({ [target.id]: 1 });
  });
});

describe("DELETE /api/people/{person_id}", () => {
  it("leaves no face behind that is assigned meanwhile", async () => {
    const person = await me.newPerson();
    const face = await me.newFace(asset);
    let isFirst = true;
    const meddling = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (!texts.some((text) => text.startsWith("UPDATE faces")) || !isFirst) return;
        isFirst = false;
        await me.send("PATCH", `/api/faces/${face.id}`, { json: { person_id: person.id } });
      },
    });
    const response = await me.send("DELETE", `/api/people/${person.id}`, { env: { DB: meddling.binding } });
    expect(response.status).toBe(200);
    expect((await me.getFace(face.id)).person_id).toBeNull();
  });
});
