/** Assigns the faces of a library that were not compared yet, and stores the result. */
import { newId } from "../../kernel/ids.ts";
import { MAX_NEW_FACES } from "../../records/faces/clusters/readClusters.ts";
import { saveClusters, type CountedPerson } from "../../records/faces/clusters/saveClusters.ts";
import type { Context } from "../context.ts";
import { turns } from "../delivery/scaled/turns.ts";
import { planAssignments, type ClusterPlan } from "./clustering/planAssignments.ts";
import type { ClusterSpace } from "./clustering/clusterSpace.ts";
import { thresholdsOf } from "./clustering/thresholds.ts";
import { loadClusters, rememberClusters, type FaceModel, type LibraryClusters } from "./libraryClusters.ts";

/** Attempts while other consumers or users change the library's faces meanwhile. */
const MAX_ATTEMPTS = 8;
/** Plans of one call; each compares up to 50 faces of other assets. */
const MAX_PLANS = 4;
/** Longest turn of one call: a few round trips to D1 for each attempt. */
const MAX_TURN_MS = 30_000;

/** Calls of an isolate take turns, so that they don't make each other's plans outdated. */
const clusteringTurns = turns(1, MAX_TURN_MS);

/** `busy`: the library changed in every attempt. */
export type Placement =
  | {
      kind: "placed";
      assigned: number;
      /** Whether faces are left to compare. */
      hasMore: boolean;
    }
  | { kind: "busy" };

/** The sums to store: those that were counted again, and those of the plan's people. */
function sumsToStore(space: ClusterSpace, counted: CountedPerson[], plan: ClusterPlan): CountedPerson[] {
  const sums = new Map(counted.map((person) => [person.personId, person]));
  for (const { personId } of plan.assignments) {
    const person = space.sumOf(personId);
    if (person !== undefined) sums.set(personId, { personId, ...person });
  }
  return [...sums.values()];
}

interface Step {
  assigned: number;
  /** Whether faces are left to compare. */
  hasMore: boolean;
}

/** Plans and stores one part. Null if the library changed meanwhile. */
async function placePart(
  context: Context,
  libraryId: string,
  model: FaceModel,
  clusters: LibraryClusters,
): Promise<Step | null> {
  const { revision, space, unplacedIds, counted, isPartial } = clusters;
  const plan = planAssignments(space, unplacedIds, thresholdsOf(model.model), () => newId("person", context.nowMs));
  const sums = sumsToStore(space, counted, plan);
  const hasMore = isPartial || plan.comparedFaceIds.length < unplacedIds.length || unplacedIds.length >= MAX_NEW_FACES;
  const step = { assigned: plan.assignments.length, hasMore };
  if (sums.length === 0 && plan.comparedFaceIds.length === 0) {
    rememberClusters(context, libraryId, model, { revision, space });
    return step;
  }
  const { assignments, newPersonIds, comparedFaceIds } = plan;
  const saved = await saveClusters(context.db, {
    libraryId,
    model: model.model,
    revision,
    assignments,
    newPersonIds,
    counted: sums,
    comparedFaceIds,
    atMs: context.nowMs,
  });
  if (saved === null) return null;
  for (const faceId of unplacedIds) if (!comparedFaceIds.includes(faceId)) space.deleteWaiting(faceId);
  if (!isPartial) rememberClusters(context, libraryId, model, { revision: saved, space });
  return step;
}

/**
 * Compares the faces of the asset that were not compared yet, and some of others, with the library's people and waiting
 * faces, and assigns those that fit. Each part is stored at once, or planned again if something changed meanwhile.
 */
export async function placeFaces(
  context: Context,
  libraryId: string,
  model: FaceModel,
  assetId: string | null,
): Promise<Placement> {
  const endTurn = await clusteringTurns.take(1);
  try {
    let assigned = 0;
    let plans = 0;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const clusters = await loadClusters(context, libraryId, model, assetId);
      if (clusters === null) return { kind: "placed", assigned, hasMore: false };
      const step = await placePart(context, libraryId, model, clusters);
      if (step === null) continue;
      assigned += step.assigned;
      plans += 1;
      if (!step.hasMore || plans === MAX_PLANS) return { kind: "placed", assigned, hasMore: step.hasMore };
    }
    return { kind: "busy" };
  } finally {
    endTurn();
  }
}
