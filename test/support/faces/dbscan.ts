/**
 * DBSCAN (Ester, Kriegel, Sander, Xu 1996) with the cosine distance of quantized vectors: the plain method, which needs
 * all faces at once and compares each with all others.
 */
import { VectorSet } from "../../../src/operations/faces/clustering/vectorSet.ts";

/** Returns the cluster of each face; null for noise. */
export function dbscan(
  faces: readonly { id: string; vector: Int8Array }[],
  maxDistance: number,
  minPoints: number,
): Map<string, string | null> {
  const all = new VectorSet(faces[0]?.vector.length ?? 0);
  for (const { id, vector } of faces) all.set(id, vector);
  const neighboursOf = (vector: Int8Array): string[] => all.within(vector, maxDistance).map(({ id }) => id);
  const vectors = new Map(faces.map(({ id, vector }) => [id, vector]));
  const clusters = new Map<string, string | null>();
  for (const { id, vector } of faces) {
    if (clusters.has(id)) continue;
    const neighbours = neighboursOf(vector);
    if (neighbours.length < minPoints) {
      clusters.set(id, null);
      continue;
    }
    clusters.set(id, id);
    for (const queue = neighbours; queue.length > 0;) {
      const next = queue.pop() ?? "";
      const isKnown = clusters.get(next) !== undefined && clusters.get(next) !== null;
      if (isKnown) continue;
      clusters.set(next, id);
      const around = neighboursOf(vectors.get(next) ?? new Int8Array(all.dimensions));
      if (around.length >= minPoints) queue.push(...around.filter((other) => (clusters.get(other) ?? null) === null));
    }
  }
  return clusters;
}
