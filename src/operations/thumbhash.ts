/** A ThumbHash of the picture as it is shown: from a small PNG that Images makes, never from the original's pixels. */
import { decodePng } from "../media/png.ts";
import { thumbhashOf } from "../media/thumbhash.ts";
import { originalKey } from "../objects/keys.ts";
import { shrinkToPng } from "../providers/images.ts";
import { setThumbhash, type Asset } from "../records/assets.ts";
import type { Outcome, WorkDeps } from "./taskOutcome.ts";

/** ThumbHash takes at most 100 × 100. */
const EDGE_PX = 100;
/** The binding's documented limit for its input. */
const MAX_INPUT_BYTES = 20 * 1024 * 1024;

export async function makeThumbhash(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  if (asset.fileSizeBytes > MAX_INPUT_BYTES) {
    return { kind: "impossible", reason: "over the 20 MB that Cloudflare Images reads" };
  }
  const object = await deps.bucket.get(originalKey(asset.id, asset.currentVersionId));
  if (object === null) return { kind: "impossible", reason: "the original is missing from the bucket" };
  const png = await shrinkToPng(deps.images, object.body, EDGE_PX);
  if (png.kind === "unreadable") return { kind: "impossible", reason: png.reason };
  const picture = await decodePng(png.bytes);
  await setThumbhash(deps.db, asset, thumbhashOf(picture), deps.nowMs);
  return { kind: "done", result: null };
}
