/** Clusters faces that arrive one by one, without a database. */
import { ClusterSpace } from "../../../src/operations/faces/clustering/clusterSpace.ts";
import { quantize } from "../../../src/operations/faces/clustering/int8Vectors.ts";
import { planAssignments } from "../../../src/operations/faces/clustering/planAssignments.ts";
import type { ClusterThresholds } from "../../../src/operations/faces/clustering/thresholds.ts";

export interface ArrivingFace {
  id: string;
  vector: ArrayLike<number>;
}

/** The person of each face that has one. */
export function clusterInOrder(faces: readonly ArrivingFace[], thresholds: ClusterThresholds): Map<string, string> {
  const space = new ClusterSpace(faces[0]?.vector.length ?? 0);
  const persons = new Map<string, string>();
  let created = 0;
  for (const { id, vector } of faces) {
    space.setWaiting({ faceId: id, vector: quantize(vector), rejectedPersonIds: [] });
    const { assignments } = planAssignments(space, [id], thresholds, () => `person_${(created += 1)}`);
    for (const { faceId, personId } of assignments) persons.set(faceId, personId);
  }
  return persons;
}
