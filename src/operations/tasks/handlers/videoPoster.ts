/** Finds a still for a video: the cover it carries, else a frame where the account can take one. */
import { findCoverArt } from "../../../media/inspect/video/mp4/coverArt.ts";
import { originalKey } from "../../../objects/keys.ts";
import { openOriginal, originalSource } from "../../../objects/uploads/originals.ts";
import { grabFrame, MAX_VIDEO_BYTES } from "../../../providers/renderers/videoFrame.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import { replaceStill } from "../../delivery/posters.ts";
import type { Outcome, WorkDeps } from "../taskOutcome.ts";

const ASK_THE_CLIENT = "a client may send one with PUT /api/assets/{asset_id}/still";

async function cover(deps: WorkDeps, asset: Asset): Promise<{ bytes: Uint8Array; mimeType: string } | null> {
  const source = originalSource(deps.bucket, originalKey(asset.id, asset.currentVersionId), asset.fileSizeBytes);
  const found = await findCoverArt(source);
  return found === null ? null : { bytes: await source.read(found.offset, found.sizeBytes), mimeType: found.mimeType };
}

async function frame(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  if (deps.media === undefined) {
    return { kind: "skipped", reason: `no Media Transformations here, and no cover in the file; ${ASK_THE_CLIENT}` };
  }
  if (asset.fileSizeBytes > MAX_VIDEO_BYTES) {
    return { kind: "impossible", reason: `over the 100 MB that Media Transformations reads; ${ASK_THE_CLIENT}` };
  }
  const original = await openOriginal(deps.bucket, originalKey(asset.id, asset.currentVersionId));
  if (original === null) return { kind: "impossible", reason: "the original is missing from the bucket" };
  const grabbed = await grabFrame(deps.media, original.body);
  if (grabbed.kind === "unreadable") return { kind: "impossible", reason: `${grabbed.reason}; ${ASK_THE_CLIENT}` };
  await replaceStill(deps, asset, grabbed.bytes, "image/jpeg");
  return { kind: "done", result: "a frame of the video" };
}

export async function runVideoStill(deps: WorkDeps, asset: Asset): Promise<Outcome> {
  if (asset.stillVersionId !== null) return { kind: "done", result: "there is one" };
  const carried = await cover(deps, asset);
  if (carried === null) return await frame(deps, asset);
  await replaceStill(deps, asset, carried.bytes, carried.mimeType);
  return { kind: "done", result: "the cover in the file" };
}
