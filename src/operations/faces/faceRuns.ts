/** Detects the faces of earlier photos of a library, or deletes its automatic faces, in parts. */
import { AppError } from "../../kernel/errors.ts";
import * as records from "../../records/faces/faceRuns.ts";
import { NO_QUERY } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { asOwner } from "../libraries/access.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import { resolveLibrary } from "../libraries/resolveLibrary.ts";
import { enqueueBatch, enqueueFaceRun } from "../tasks/taskQueue.ts";

export type { FaceRun } from "../../records/faces/faceRuns.ts";

/** Runs that one scheduled run continues. */
const MAX_RUNS_PER_SCHEDULE = 20;

/**
 * The last run of a live library that the caller owns; null without one. Takes one round trip.
 *
 * @throws {AppError} `not_found` and `forbidden` unless the caller owns the library.
 */
export async function getFaceRun(
  context: Context,
  principal: Principal,
  libraryId: string,
): Promise<records.FaceRun | null> {
  const { read } = await readInLibrary(context, asOwner(principal), {
    libraryId,
    check: NO_QUERY,
    select: ({ id }) => records.faceRunQuery(id),
  });
  return await read();
}

async function start(context: Context, libraryId: string, kind: records.FaceRunKind): Promise<records.FaceRun> {
  await records.startFaceRun(context.db, libraryId, kind, context.nowMs);
  await enqueueFaceRun(context.queue, libraryId);
  const { run } = await records.readFaceRun(context.db, libraryId);
  if (run === null) throw new AppError("write_conflict", "the library was deleted meanwhile");
  return run;
}

/**
 * Starts the detection of faces in all photos of a library whose faces the configured model has not found yet. Repeating
 * the call while it continues changes nothing.
 *
 * @throws {AppError} `not_found` and `forbidden` unless the caller owns the library, `conflict` while the owner has not
 *   turned on face detection, or without a recognizer.
 */
export async function startDetection(
  context: Context,
  principal: Principal,
  libraryId: string,
): Promise<records.FaceRun> {
  const { id } = await resolveLibrary(context, asOwner(principal), libraryId);
  if (context.faceRecognizer === null)
    throw new AppError("conflict", "no face recognizer is configured (FACE_RECOGNIZER)");
  const { isDetectionOn } = await records.readFaceRun(context.db, id);
  if (!isDetectionOn) {
    throw new AppError(
      "conflict",
      "face detection is off: set face_detection_preference of PATCH /api/users/me to true",
    );
  }
  return await start(context, id, "detect");
}

/**
 * Starts the deletion of all automatic faces, all embeddings, and of the unnamed people that clustering made.
 *
 * @throws {AppError} `not_found` and `forbidden` unless the caller owns the library.
 */
export async function startDeletion(
  context: Context,
  principal: Principal,
  libraryId: string,
): Promise<records.FaceRun> {
  const { id } = await resolveLibrary(context, asOwner(principal), libraryId);
  return await start(context, id, "delete");
}

async function detectPart(context: Context, libraryId: string, state: records.FaceRunState): Promise<boolean> {
  const { run, isDetectionOn } = state;
  const { faceRecognizer } = context;
  if (run === null) return false;
  const part = { libraryId, run, atMs: context.nowMs };
  if (faceRecognizer === null || !isDetectionOn) {
    await records.finishFaceRun(context.db, part);
    return false;
  }
  const started = await records.detectPart(context.db, part, faceRecognizer.model);
  if (started === null) return false;
  await enqueueBatch(context.queue, started.assetIds);
  return started.hasMore;
}

/** Handles the next part of a library's run, if it has one. Returns whether there may be more to do. */
export async function continueFaceRun(context: Context, libraryId: string): Promise<boolean> {
  const state = await records.readFaceRun(context.db, libraryId);
  const { run } = state;
  if (run === null || run.finishedAt !== null) return false;
  if (run.kind === "detect") return await detectPart(context, libraryId, state);
  const deleted = await records.deletePart(context.db, { libraryId, run, atMs: context.nowMs });
  await requestCachePurge(context);
  return deleted?.hasMore === true;
}

/** Continues runs whose message was lost. */
export async function continueFaceRuns(context: Context): Promise<void> {
  for (const libraryId of await records.listOpenRuns(context.db, MAX_RUNS_PER_SCHEDULE)) {
    await enqueueFaceRun(context.queue, libraryId);
  }
}
