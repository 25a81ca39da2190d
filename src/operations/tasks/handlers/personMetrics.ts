import type { Asset } from "../../../records/assets/assets.ts";
import type { Context } from "../../context.ts";
import { measurePeople } from "../../faces/personMetrics.ts";
import type { TaskOutcome } from "../taskOutcome.ts";

/** Measures the people of the asset's library whose faces changed, those of the asset among them. */
export async function runPersonMetrics(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { faceRecognizer } = context;
  if (faceRecognizer === null) return { kind: "skipped", reason: "no face recognizer is configured (FACE_RECOGNIZER)" };
  const people = await measurePeople(context, asset.libraryId, faceRecognizer);
  return { kind: "done", result: people === 0 ? null : `measured ${people} people` };
}
