import { PermanentRecognitionError } from "../../../providers/faces/faceRecognizer.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import type { Context } from "../../context.ts";
import { detectFaces, type Detection } from "../../faces/detection/detectFaces.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { noSourceImage } from "./noSourceImage.ts";

function toOutcome(asset: Asset, model: string, detection: Detection): TaskOutcome {
  if (detection.kind === "ran") {
    const count = detection.faces === 1 ? "1 face" : `${detection.faces} faces`;
    return { kind: "done", result: `found ${count} (${model})`, code: "ran", reopensTasks: detection.isChanged };
  }
  if (detection.kind === "refused") {
    return { kind: "skipped", reason: detection.refusal.reason, code: detection.refusal.outcome };
  }
  if (detection.kind === "no image") return noSourceImage(asset, detection.reason);
  if (detection.kind === "deleted") return { kind: "failed", reason: "the asset was deleted" };
  return { kind: "retry", reason: "the faces of the asset are being changed concurrently" };
}

/** Finds the faces of the original upload. Grouping them into people is the task `face_clustering`. */
export async function runFaceDetection(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { faceRecognizer } = context;
  if (faceRecognizer === null) return { kind: "skipped", reason: "no face recognizer is configured (FACE_RECOGNIZER)" };
  try {
    return toOutcome(asset, faceRecognizer.model, await detectFaces(context, asset, faceRecognizer));
  } catch (error) {
    if (error instanceof PermanentRecognitionError) return { kind: "failed", reason: error.message };
    throw error;
  }
}
