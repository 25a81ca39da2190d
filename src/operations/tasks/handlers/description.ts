/** The words of a describer about the picture as it is shown. What a person wrote about it is elsewhere and stays. */
import type { Describer } from "../../../providers/describers/describer.ts";
import { previewPicture } from "../../../providers/describers/previewImage.ts";
import { setDescription, type Asset } from "../../../records/assets/assets.ts";
import { openDisplaySource } from "../../delivery/displaySource.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";
import { nothingToSee } from "./thumbhash.ts";

export async function runDescription(deps: WorkDeps, asset: Asset, describer: Describer | null): Promise<Outcome> {
  if (describer === null) return { kind: "skipped", reason: "no describer is configured (DESCRIBER)" };
  const source = await openDisplaySource(deps, asset);
  if (source.kind === "none") return nothingToSee(asset, source.reason);
  const preview = await previewPicture(deps.images, source.body);
  if (preview.kind === "unreadable") return { kind: "impossible", reason: preview.reason };
  const description = await describer.describe(preview.picture);
  if (description.kind === "unreadable" || description.kind === "misconfigured") {
    return { kind: "impossible", reason: description.reason };
  }
  // Empty is an answer: the model declined. Null means that it was never asked.
  const declined = description.kind === "declined";
  await setDescription(deps.db, asset, declined ? "" : description.text, deps.nowMs);
  return { kind: "done", result: declined ? "the model declined" : null };
}
