import { beforeEach, describe, expect, it } from "vitest";
import type { FaceRecognizer } from "../../../src/providers/faces/faceRecognizer.ts";
import {
  assessFace,
  CANDIDATES_PER_FACE,
  listAssessedFaces,
  type ClusterAssignment,
} from "../../../src/operations/faces/clusterAssignments.ts";
import type { Context } from "../../../src/operations/context.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { insertLibrary, insertUser } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";
import {
  insertPerson,
  insertSeededFaces,
  setFaceDetection,
  TEST_MODEL,
  testVector,
} from "../../support/faces/seedFaces.ts";

const recognizer: FaceRecognizer = { ...TEST_MODEL, memoryBytes: 0, recognize: async () => await Promise.resolve([]) };

let owner = { userId: "", libraryId: "" };
beforeEach(async () => {
  const userId = await insertUser();
  owner = { userId, libraryId: await insertLibrary(userId) };
  await setFaceDetection(userId, true);
});

const principal = () =>
  ({
    userId: owner.userId,
    libraryIds: null,
    action: "read",
    actions: ["read"],
    isSession: false,
    isOwner: false,
  }) as const;

/** A person with two faces of an identity. */
async function newPerson(identity: number, fields: { name?: string; isHidden?: boolean } = {}) {
  const personId = await insertPerson(owner, fields);
  const faces = [0, 1].map((i) => ({ vector: testVector(identity, i), personId }));
  return { personId, faceIds: (await insertSeededFaces(owner, faces)).faceIds };
}

async function newFace(identity: number, model = TEST_MODEL.model): Promise<string> {
  const { faceIds } = await insertSeededFaces(owner, [{ vector: testVector(identity, 3), model }]);
  return faceIds[0] ?? "";
}

async function assignmentOf(id: string, changes: Partial<Context> = {}): Promise<ClusterAssignment> {
  const context = testContext({ faceRecognizer: recognizer, ...changes });
  return (await assessFace(context, principal(), { id, libraryId: null })).assignment;
}

const NOTHING = { distanceToPerson: null, candidates: [] };

describe("the cluster assignment of a face", () => {
  it("has the distance to its person, and the other people by distance", async () => {
    const ada = await newPerson(1, { name: "Ada" });
    const eve = await newPerson(2, { name: "Eve" });
    const { distanceToPerson, candidates } = await assignmentOf(ada.faceIds[0] ?? "");
    expect(distanceToPerson).toBeCloseTo(1 - Math.cos(0.3 / Math.SQRT2), 1);
    expect(distanceToPerson).toBeLessThan(0.1);
    expect(candidates).toMatchObject([{ personId: eve.personId, name: "Eve" }]);
    expect(candidates[0]?.distance).toBeGreaterThan(0.5);
  });

  it("has five candidates of a face without a person, without hidden people", async () => {
    const people = [];
    for (let identity = 0; identity < 7; identity++)
      people.push(await newPerson(identity, { isHidden: identity === 3 }));
    const { distanceToPerson, candidates } = await assignmentOf(await newFace(4));
    expect(distanceToPerson).toBeNull();
    expect(candidates).toHaveLength(CANDIDATES_PER_FACE);
    expect(candidates[0]).toMatchObject({ personId: people[4]?.personId, name: null });
    expect(candidates.map(({ personId }) => personId)).not.toContain(people[3]?.personId);
    const distances = candidates.map(({ distance }) => distance);
    expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  });

  it("follows a reassignment at once", async () => {
    const [ada, eve] = [await newPerson(1), await newPerson(2)];
    const [face = ""] = ada.faceIds;
    await assignmentOf(face);
    await sqlAll("UPDATE faces SET person_id = ? WHERE id = ?", eve.personId, face);
    const { distanceToPerson, candidates } = await assignmentOf(face);
    expect(distanceToPerson).toBeGreaterThan(0.1);
    expect(candidates).toMatchObject([{ personId: ada.personId }]);
    expect(candidates[0]?.distance).toBeLessThan(distanceToPerson ?? 0);
  });

  it("is empty while detection is off, without a recognizer, and for a face of another model", async () => {
    await newPerson(1);
    const face = await newFace(1);
    expect((await assignmentOf(face)).candidates).toHaveLength(1);
    expect(await assignmentOf(await newFace(1, "other@1"))).toEqual(NOTHING);
    expect(await assignmentOf(face, { faceRecognizer: null })).toEqual(NOTHING);
    for (const preference of [false, null]) {
      await setFaceDetection(owner.userId, preference);
      expect(await assignmentOf(face)).toEqual(NOTHING);
    }
  });

  it("names nobody of another library", async () => {
    const mine = owner;
    const face = await newFace(1);
    owner = { ...mine, libraryId: await insertLibrary(mine.userId, "other") };
    await newPerson(1);
    owner = mine;
    expect((await assignmentOf(face)).candidates).toEqual([]);
  });

  it("is read for a page of faces at once", async () => {
    const ada = await newPerson(1);
    const face = await newFace(1);
    const params = { assetId: null, personId: null, ids: null, startingAfterId: null, limit: 10 };
    const context = testContext({ faceRecognizer: recognizer });
    const page = await listAssessedFaces(context, principal(), { ...params, libraryId: owner.libraryId });
    expect(page.faces.map(({ id, assignment }) => [id, assignment.candidates.length])).toEqual([
      [face, 1],
      ...ada.faceIds.toReversed().map((id) => [id, 0]),
    ]);
  });
});
