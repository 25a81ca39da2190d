import { expect, it } from "vitest";
import { quantize } from "../../../../src/operations/faces/clustering/int8Vectors.ts";
import { VectorSet } from "../../../../src/operations/faces/clustering/vectorSet.ts";
import { randomNumbers, syntheticFaces } from "../../../support/faces/syntheticFaces.ts";

const faces = syntheticFaces({ identities: 20, dimensions: 32, largest: 20, seed: 5 }).map(({ id, vector }) => ({
  id,
  vector: quantize(vector),
}));

it("holds what a map holds after any sequence of changes, and copies stay as they were", () => {
  const random = randomNumbers(9);
  let set = new VectorSet(32);
  const map = new Map<string, Int8Array>();
  for (let step = 0; step < 2000; step += 1) {
    const face = faces[Math.floor(random() * faces.length)];
    if (face === undefined) continue;
    if (random() < 0.4) {
      set.delete(face.id);
      map.delete(face.id);
    } else {
      const other = faces[Math.floor(random() * faces.length)] ?? face;
      set.set(face.id, other.vector);
      map.set(face.id, other.vector);
    }
    if (step % 100 === 0) {
      const copy = set;
      set = set.clone();
      copy.set("other", face.vector);
    }
  }
  expect(set.list().toSorted()).toEqual([...map.keys()].toSorted());
  for (const [id, vector] of map) expect(set.get(id)).toEqual(vector);
});

it("finds the nearest as a complete sort does", () => {
  const set = new VectorSet(32);
  for (const { id, vector } of faces) set.set(id, vector);
  const [query] = faces;
  if (query === undefined) throw new Error("no faces");
  const sorted = set.within(query.vector, 2);
  expect(sorted).toHaveLength(faces.length);
  expect(sorted[0]?.id).toBe(query.id);
  expect(set.nearest(query.vector, 5)).toEqual(sorted.slice(0, 5));
  const wanted = (id: string): boolean => id > "face_0000050";
  expect(set.nearest(query.vector, 5, wanted)).toEqual(sorted.filter(({ id }) => wanted(id)).slice(0, 5));
  expect(set.nearest(query.vector, 5, () => true, sorted[2]?.distance)).toEqual(sorted.slice(0, 3));
});
