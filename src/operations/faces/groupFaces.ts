/** Groups the faces of a library after a user changed them, apart from the tasks of an asset. */
import { findLibraryOfAsset, listUngroupedLibraries, readFaceRun } from "../../records/faces/faceRuns.ts";
import type { Context } from "../context.ts";
import { enqueueGroupFaces, type GroupFacesScope } from "../tasks/taskQueue.ts";
import { MAX_MEASURED_PEOPLE, measurePeople } from "./personMetrics.ts";
import { placeFaces } from "./placeFaces.ts";

/** Libraries for which one scheduled run asks. */
const MAX_LIBRARIES_PER_RUN = 20;

/** Asks for grouping after faces changed, if faces are recognized. The schedule makes up for a lost message. */
export async function requestGrouping(context: Context, scope: GroupFacesScope): Promise<void> {
  if (context.config.faceRecognizer.kind !== "none") await enqueueGroupFaces(context.queue, scope);
}

/**
 * Compares faces that were not compared yet, and measures people whose faces changed, if the library's owner has face
 * detection turned on. Returns whether there may be more to do.
 */
export async function groupFaces(context: Context, scope: GroupFacesScope): Promise<boolean> {
  const { faceRecognizer } = context;
  const libraryId = "libraryId" in scope ? scope.libraryId : await findLibraryOfAsset(context.db, scope.assetId);
  if (faceRecognizer === null || libraryId === null) return false;
  if (!(await readFaceRun(context.db, libraryId)).isDetectionOn) return false;
  const placement = await placeFaces(context, libraryId, faceRecognizer, null);
  const measured = await measurePeople(context, libraryId, faceRecognizer);
  return placement.kind === "busy" || placement.hasMore || measured === MAX_MEASURED_PEOPLE;
}

/** Asks again for what lost messages left, in a bounded number of libraries: each needs up to 200 D1 queries. */
export async function groupOverdue(context: Context): Promise<void> {
  const { faceRecognizer } = context;
  if (faceRecognizer === null) return;
  const libraryIds = await listUngroupedLibraries(context.db, faceRecognizer.model, MAX_LIBRARIES_PER_RUN);
  for (const libraryId of libraryIds) await enqueueGroupFaces(context.queue, { libraryId });
}
