import { describe, expect, it } from "vitest";
import { ClusterSpace } from "../../../../src/operations/faces/clustering/clusterSpace.ts";
import { quantize, squareOf, sumOf } from "../../../../src/operations/faces/clustering/int8Vectors.ts";
import {
  MAX_PLANNED_ASSIGNMENTS,
  planAssignments,
  type ClusterPlan,
} from "../../../../src/operations/faces/clustering/planAssignments.ts";
import { DEFAULT_THRESHOLDS } from "../../../../src/operations/faces/clustering/thresholds.ts";
import { clusterInOrder } from "../../../support/faces/clusterInOrder.ts";
import { dbscan } from "../../../support/faces/dbscan.ts";
import { pairwiseF1 } from "../../../support/faces/pairwiseF1.ts";
import { shuffled, syntheticFaces } from "../../../support/faces/syntheticFaces.ts";

const DIMENSIONS = 16;

/** A unit vector near the axis `axis`, turned by `angle` radians towards the axis `towards`. */
function near(axis: number, angle: number, towards: number): Int8Array {
  const values = Array.from({ length: DIMENSIONS }, () => 0);
  values[axis] = Math.cos(angle);
  values[towards] = Math.sin(angle);
  return quantize(values);
}

/** A unit vector at a distance from the axis 0, two fifths of the rest towards axis 1, the others to its own. */
function beside(distance: number, axis: number): Int8Array {
  const values = Array.from({ length: DIMENSIONS }, () => 0);
  values[0] = 1 - distance;
  values[1] = Math.sqrt((1 - values[0] ** 2) * 0.42);
  values[axis] = Math.sqrt((1 - values[0] ** 2) * 0.58);
  return quantize(values);
}

/** Angle at a cosine distance. */
const at = (distance: number): number => Math.acos(1 - distance);

function spaceOf(people: Record<string, Int8Array[]>): ClusterSpace {
  const space = new ClusterSpace(DIMENSIONS);
  for (const [personId, vectors] of Object.entries(people)) {
    const squareSum = vectors.reduce((sum, vector) => sum + squareOf(vector), 0);
    space.setPerson(personId, { sum: sumOf(vectors, DIMENSIONS), squareSum, faceCount: vectors.length });
  }
  return space;
}

function place(
  space: ClusterSpace,
  faces: Record<string, Int8Array>,
  rejected: Record<string, string[]> = {},
): ClusterPlan {
  for (const [faceId, vector] of Object.entries(faces)) {
    space.setWaiting({ faceId, vector, rejectedPersonIds: rejected[faceId] ?? [] });
  }
  let created = 0;
  return planAssignments(space, Object.keys(faces), DEFAULT_THRESHOLDS, () => `new${(created += 1)}`);
}

const { join, margin, pair, merge } = DEFAULT_THRESHOLDS;
const anna = [near(0, 0, 1), near(0, 0.2, 1), near(0, 0.2, 2)];

describe("a new face", () => {
  it("joins the nearest person within the threshold", () => {
    const plan = place(spaceOf({ anna: [near(0, 0, 1)], ben: [near(5, 0, 1)] }), { f: near(0, at(join - 0.01), 3) });
    expect(plan).toEqual({
      assignments: [{ faceId: "f", personId: "anna" }],
      newPersonIds: [],
      comparedFaceIds: ["f"],
    });
  });

  it("waits beyond the threshold", () => {
    const space = spaceOf({ anna: [near(0, 0, 1)] });
    expect(place(space, { f: near(0, at(join + 0.02), 3) }).assignments).toEqual([]);
    expect(space.waiting.list()).toEqual(["f"]);
  });

  it("waits between two people who are nearly as near", () => {
    const people = { anna: [near(0, 0, 1)], sister: [near(0, at(0.2), 1)] };
    const between = near(0, at(0.2) / 2, 1);
    expect(place(spaceOf(people), { f: between }).assignments).toEqual([]);
    const nearer = place(spaceOf(people), { f: near(0, at(margin) / 4, 1) });
    expect(nearer.assignments).toEqual([{ faceId: "f", personId: "anna" }]);
  });

  it("never joins a person from whom it was detached", () => {
    const people = { anna: [near(0, 0, 1)], ben: [near(5, 0, 1)] };
    expect(place(spaceOf(people), { f: near(0, 0, 1) }, { f: ["anna"] }).assignments).toEqual([]);
    const between = spaceOf({ anna: [near(0, 0, 1)], ben: [near(0, at(join - 0.05), 1)] });
    const plan = place(between, { f: near(0, 0, 1) }, { f: ["anna"] });
    expect(plan.assignments).toEqual([{ faceId: "f", personId: "ben" }]);
  });
});

describe("waiting faces", () => {
  it("form a person when three are similar", () => {
    const space = spaceOf({});
    const first = place(space, { a: anna[0] ?? near(0, 0, 1), b: anna[1] ?? near(0, 0, 1) });
    expect(first.assignments).toEqual([]);
    const plan = place(space, { c: anna[2] ?? near(0, 0, 1) });
    expect(plan.newPersonIds).toEqual(["new1"]);
    expect(plan.assignments.map(({ faceId, personId }) => `${faceId} ${personId}`).toSorted()).toEqual([
      "a new1",
      "b new1",
      "c new1",
    ]);
  });

  it("don't form a person when they are similar to one face but not to its centre", () => {
    const apart = at(pair) - 0.01;
    const plan = place(spaceOf({}), {
      a: near(0, 0, 1),
      b: near(0, apart, 1),
      c: near(0, apart, 2),
      d: near(0, apart, 3),
    });
    const persons = new Set(plan.assignments.map(({ personId }) => personId));
    expect(persons.size).toBeLessThanOrEqual(1);
  });

  it("join a person whose centroid moved towards them", () => {
    const space = spaceOf({ anna: [near(0, 0, 1)] });
    place(space, { far: near(0, at(join + 0.05), 1) });
    expect(space.waiting.has("far")).toBe(true);
    const plan = place(space, { f: near(0, at(join - 0.1), 1) });
    expect(plan.assignments).toEqual([
      { faceId: "f", personId: "anna" },
      { faceId: "far", personId: "anna" },
    ]);
  });

  it("join the person whom their centre shows instead of forming a second one", () => {
    const space = spaceOf({ anna: [near(0, 0, 1)] });
    const group = ["a", "b", "c", "d", "e", "f", "g", "h"].map((id, i): [string, Int8Array] => [
      id,
      beside(join + 0.01, 2 + i),
    ]);
    const plan = place(space, Object.fromEntries(group));
    expect(plan.comparedFaceIds).toHaveLength(8);
    expect(plan.newPersonIds).toEqual([]);
    expect(new Set(plan.assignments.map(({ personId }) => personId))).toEqual(new Set(["anna"]));
    expect(merge).toBeLessThan(join);
  });

  it("that were detached from a person don't join that person as a group", () => {
    const space = spaceOf({ anna: [near(0, 0, 1)] });
    const rejected = { a: ["anna"], b: ["anna"], c: ["anna"] };
    const plan = place(space, { a: near(0, 0.1, 1), b: near(0, 0.1, 2), c: near(0, 0.1, 3) }, rejected);
    expect(plan.assignments.filter(({ personId }) => personId === "anna")).toEqual([]);
  });

  it("join their person without the one that was detached, although they were found around it", () => {
    const names = ["detached", ..."abcdefgh"];
    const faces = Object.fromEntries(names.map((name, i) => [name, near(0, 0.1, 1 + (i % 3))]));
    const space = spaceOf({ anna: [near(0, 0, 1)] });
    const plan = place(space, faces, { detached: ["anna"] });
    expect(plan.assignments.map(({ faceId }) => faceId).toSorted()).toEqual([..."abcdefgh"]);
    expect(space.waiting.list()).toEqual(["detached"]);
  });

  it("are assigned in plans of a bounded size, and the rest by the next one", () => {
    const count = MAX_PLANNED_ASSIGNMENTS + 50;
    const faces = Object.fromEntries(
      Array.from({ length: count }, (_, i): [string, Int8Array] => [
        `f${String(i).padStart(4, "0")}`,
        near(0, 0.01 * (i % 9), 1),
      ]),
    );
    const space = spaceOf({ anna: [near(0, 0, 1)] });
    const first = place(space, faces);
    expect(first.assignments).toHaveLength(MAX_PLANNED_ASSIGNMENTS);
    const rest = Object.keys(faces).filter((id) => !first.comparedFaceIds.includes(id));
    const second = planAssignments(space, rest, DEFAULT_THRESHOLDS, () => "new");
    expect(second.assignments).toHaveLength(50);
  });
});

describe("clustering of synthetic faces", () => {
  const faces = syntheticFaces({ identities: 80, dimensions: 128, largest: 100, seed: 11 });

  function f1Of(clusters: ReadonlyMap<string, string | null>): number {
    return pairwiseF1(faces.map(({ id, identity }) => ({ identity, cluster: clusters.get(id) ?? null }))).f1;
  }

  it("has an F1 of at least 0.97, and of any order of arrival within 2 %", () => {
    const orders = [faces, faces.toReversed(), ...[1, 2, 3].map((seed) => shuffled(faces, seed))];
    const scores = orders.map((order) => f1Of(clusterInOrder(order, DEFAULT_THRESHOLDS)));
    expect(Math.min(...scores)).toBeGreaterThanOrEqual(0.97);
    expect(Math.max(...scores) - Math.min(...scores)).toBeLessThan(0.02);
  });

  it("is as good as DBSCAN with the best distance, which sees all faces at once", () => {
    const quantized = faces.map(({ id, vector }) => ({ id, vector: quantize(vector) }));
    const best = Math.max(...[0.35, 0.4, 0.45, 0.5].map((distance) => f1Of(dbscan(quantized, distance, 3))));
    expect(best).toBeGreaterThan(0.9);
    expect(f1Of(clusterInOrder(faces, DEFAULT_THRESHOLDS))).toBeGreaterThan(best - 0.02);
  });

  it("puts the same faces together again when they arrive in another order", () => {
    const [one, other] = [faces, shuffled(faces, 4)].map((order) => clusterInOrder(order, DEFAULT_THRESHOLDS));
    const agreement = pairwiseF1(
      faces.map(({ id }) => ({ identity: one?.get(id) ?? id, cluster: other?.get(id) ?? null })),
    );
    expect(agreement.f1).toBeGreaterThan(0.97);
  });
});

describe("int8 vectors", () => {
  it("keep cosine distances within one hundredth", () => {
    const [a, b] = syntheticFaces({ identities: 1, dimensions: 512, largest: 2, seed: 3 }).map(({ vector }) => vector);
    if (a === undefined || b === undefined) throw new Error("no faces");
    const exact = 1 - a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
    const space = new ClusterSpace(512);
    space.setWaiting({ faceId: "a", vector: quantize(a), rejectedPersonIds: [] });
    expect(space.waiting.nearest(quantize(b), 1)[0]?.distance).toBeCloseTo(exact, 2);
  });

  it("have a distance of one to a vector of zeros", () => {
    const space = new ClusterSpace(DIMENSIONS);
    space.setWaiting({ faceId: "a", vector: new Int8Array(DIMENSIONS), rejectedPersonIds: [] });
    expect(space.waiting.nearest(near(0, 0, 1), 1)).toEqual([{ id: "a", distance: 1 }]);
  });
});
