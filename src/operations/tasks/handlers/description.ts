import { renderPreview } from "../../../providers/describers/previewImage.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { openDisplaySource } from "../../delivery/displaySource.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { noSourceImage } from "./analysisImage.ts";
import type { Context } from "../../context.ts";

/** Asks a describer for a caption of the displayed image. Captions from users are stored separately and are kept. */
export async function runDescription(context: Context, asset: Asset): Promise<TaskOutcome> {
  const { describer } = context;
  if (describer === null) return { kind: "skipped", reason: "no describer is configured (DESCRIBER)" };
  const source = await openDisplaySource(context, asset);
  if (source.kind === "none") return noSourceImage(asset, source.reason);
  const preview = await renderPreview(context.images, source.body);
  if (preview.kind === "unreadable") return { kind: "failed", reason: preview.reason };
  const description = await describer.describe(preview.image);
  if (description.kind === "unreadable" || description.kind === "misconfigured") {
    return { kind: "failed", reason: description.reason };
  }
  // An empty description means that the model declined; null means that the task has yet to run.
  const declined = description.kind === "declined";
  const change = { description: declined ? "" : description.text };
  return { kind: "done", result: declined ? "the model declined" : null, change };
}
