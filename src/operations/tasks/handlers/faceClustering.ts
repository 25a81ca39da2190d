import type { Asset } from "../../../records/assets/assets.ts";
import { countAssetFaces } from "../../../records/faces/detection.ts";
import type { Context } from "../../context.ts";
import { placeFaces } from "../../faces/placeFaces.ts";
import type { TaskOutcome } from "../taskOutcome.ts";

/** Assigns the faces of the asset, and others of its library that were not compared yet, to people. */
export async function runFaceClustering(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { faceRecognizer, db } = context;
  if (faceRecognizer === null) return { kind: "skipped", reason: "no face recognizer is configured (FACE_RECOGNIZER)" };
  const before = await countAssetFaces(db, asset.id);
  if (!before.isDetectionOn) return { kind: "skipped", reason: "the library's owner has turned off face detection" };
  const placement = await placeFaces(context, asset.libraryId, faceRecognizer, asset.id);
  if (placement.kind === "busy") return { kind: "retry", reason: "the library's faces are being changed concurrently" };
  const { faces, assigned } = await countAssetFaces(db, asset.id);
  return { kind: "done", result: `${assigned} of ${faces} faces have a person` };
}
