/** Image-quality figures of the picture as it is shown, from a small rendering of it. Keeps what others measured beside them. */
import { measureQuality } from "../../../media/transcode/quality/quality.ts";
import { setMetrics, type Asset } from "../../../records/assets/assets.ts";
import { smallPicture } from "./analysisImage.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";
import { nothingToSee } from "./thumbhash.ts";

export async function runQuality(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  const small = await smallPicture(deps, asset);
  if (small.kind === "none") return nothingToSee(asset, small.reason);
  await setMetrics(deps.db, asset, measureQuality(small.picture), deps.nowMs);
  return { kind: "done", result: null };
}
