/** Decides which person a face belongs to, without I/O: docs/decisions/0046. */
import type { ClusterSpace } from "./clusterSpace.ts";
import { sumOf } from "./int8Vectors.ts";
import type { ClusterThresholds } from "./thresholds.ts";
import type { Neighbour } from "./vectorSet.ts";

/** Assignments of one plan; each of them writes a few rows. Faces beyond it wait for the next plan of the library. */
export const MAX_PLANNED_ASSIGNMENTS = 200;
/** Rounds in which a forming group moves to its centre; most groups are stable after two. */
const MAX_CENTRING_ROUNDS = 4;

export interface Assignment {
  faceId: string;
  personId: string;
}

export interface ClusterPlan {
  assignments: Assignment[];
  /** People of `assignments` who did not exist. */
  newPersonIds: string[];
  /** The given faces that were compared, the assigned ones included. */
  comparedFaceIds: string[];
}

class Planner {
  readonly plan: ClusterPlan = { assignments: [], newPersonIds: [], comparedFaceIds: [] };
  private readonly space: ClusterSpace;
  private readonly thresholds: ClusterThresholds;
  private readonly newPersonId: () => string;

  constructor(space: ClusterSpace, thresholds: ClusterThresholds, newPersonId: () => string) {
    this.space = space;
    this.thresholds = thresholds;
    this.newPersonId = newPersonId;
  }

  get isFull(): boolean {
    return this.plan.assignments.length >= MAX_PLANNED_ASSIGNMENTS;
  }

  /** Assigns a waiting face, with others that fit then, or leaves it waiting. */
  place(faceId: string): void {
    const personId = this.nearestPerson(faceId) ?? this.formGroup(faceId);
    if (personId === null) return;
    // The group may be that of a person from whom a user took this face.
    if (this.space.waiting.has(faceId) && !this.space.isRejected(faceId, personId)) this.assign(faceId, personId);
    this.adopt(personId);
  }

  private assign(faceId: string, personId: string): void {
    this.space.assign(faceId, personId);
    this.plan.assignments.push({ faceId, personId });
  }

  /** The nearest person within the threshold, unless a second one is nearly as near. */
  private nearestPerson(faceId: string): string | null {
    const { space, thresholds } = this;
    const vector = space.waiting.get(faceId);
    if (vector === undefined) return null;
    const isAllowed = (personId: string): boolean => !space.isRejected(faceId, personId);
    const [first, second] = space.people.nearest(vector, 2, isAllowed, thresholds.join + thresholds.margin);
    if (first === undefined || first.distance > thresholds.join) return null;
    const isClear = second === undefined || second.distance - first.distance >= thresholds.margin;
    return isClear ? first.id : null;
  }

  /** The waiting faces around a face, moved to their common centre. */
  private groupAround(faceId: string): { members: Neighbour[]; sum: Int32Array } | null {
    const { space, thresholds } = this;
    const vector = space.waiting.get(faceId);
    if (vector === undefined) return null;
    let members = space.waiting.within(vector, thresholds.pair);
    for (let round = 0; round < MAX_CENTRING_ROUNDS; round += 1) {
      if (members.length < thresholds.minFaces) return null;
      const vectors = members.flatMap(({ id }) => space.waiting.get(id) ?? []);
      const sum = sumOf(vectors, space.dimensions);
      const centred = space.waiting.within(sum, thresholds.join);
      const isStable = centred.length === members.length && centred.every(({ id }, i) => id === members[i]?.id);
      if (isStable) return { members, sum };
      members = centred;
    }
    if (members.length < thresholds.minFaces) return null;
    const vectors = members.flatMap(({ id }) => space.waiting.get(id) ?? []);
    return { members, sum: sumOf(vectors, space.dimensions) };
  }

  /** Makes a person of enough similar waiting faces, or adds them to the person whom their centre already shows. */
  private formGroup(faceId: string): string | null {
    const { space, thresholds } = this;
    const group = this.groupAround(faceId);
    if (group === null) return null;
    const [existing] = space.people.nearest(group.sum, 1, undefined, thresholds.merge);
    const personId = existing?.id ?? this.newPersonId();
    const members = group.members.filter(({ id }) => !space.isRejected(id, personId));
    if (members.length < thresholds.minFaces) return null;
    if (existing === undefined) this.plan.newPersonIds.push(personId);
    for (const { id } of members.slice(0, MAX_PLANNED_ASSIGNMENTS)) this.assign(id, personId);
    return personId;
  }

  /** Assigns waiting faces to a person whose centroid has moved towards them. */
  private adopt(personId: string): void {
    const { space, thresholds } = this;
    for (let isMoved = true; isMoved && !this.isFull;) {
      isMoved = false;
      const centroid = space.people.get(personId)?.slice();
      if (centroid === undefined) return;
      for (const { id } of space.waiting.within(centroid, thresholds.join)) {
        if (this.isFull || this.nearestPerson(id) !== personId) continue;
        this.assign(id, personId);
        isMoved = true;
      }
    }
  }
}

/**
 * Assigns the waiting faces `faceIds` of `space`, which it changes accordingly, to people; others that wait may join them.
 */
export function planAssignments(
  space: ClusterSpace,
  faceIds: readonly string[],
  thresholds: ClusterThresholds,
  newPersonId: () => string,
): ClusterPlan {
  const planner = new Planner(space, thresholds, newPersonId);
  for (const faceId of faceIds) {
    if (planner.isFull) break;
    planner.place(faceId);
    planner.plan.comparedFaceIds.push(faceId);
  }
  return planner.plan;
}
