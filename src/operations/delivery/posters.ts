/** A video's still: from its cover, from a frame, or from the client. A new one takes the old one's place. */
import { AppError, invalid } from "../../kernel/errors.ts";
import { sniff } from "../../media/inspect/sniff.ts";
import { deleteStill, storeStill } from "../../objects/delivery/posters.ts";
import type { Asset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import { setStill } from "../../records/delivery/posters.ts";
import { getAsset } from "../assets/assets.ts";
import type { Principal } from "../accounts/authentication.ts";
import { ring } from "../tasks/taskQueue.ts";
import type { Bell } from "../tasks/taskOutcome.ts";

export interface StillDeps {
  db: Database;
  bucket: R2Bucket;
  nowMs: number;
}

/** What may be sent as a still, by what the bytes are. */
const stillTypes = new Map([
  ["jpeg", "image/jpeg"],
  ["png", "image/png"],
  ["webp", "image/webp"],
]);

/** The object first, then the row, then the old object: whatever is cut short, the row names a still that is there. */
export async function replaceStill(
  deps: StillDeps,
  asset: Asset,
  bytes: Uint8Array,
  mimeType: string,
): Promise<boolean> {
  const versionId = await storeStill(deps.bucket, asset.id, bytes, mimeType, deps.nowMs);
  const stored = await setStill(deps.db, asset, versionId, deps.nowMs);
  const loser = stored ? asset.stillVersionId : versionId;
  if (loser !== null) await deleteStill(deps.bucket, asset.id, loser);
  return stored;
}

/** For what no account can take a frame of: the client sends the picture that is to stand for the video. */
export async function putStill(
  deps: StillDeps & { queue: Bell },
  who: Principal,
  assetId: string,
  bytes: Uint8Array,
): Promise<Asset> {
  const asset = await getAsset(deps.db, who, assetId);
  if (asset.mediaType !== "video") throw invalid(["path", "asset_id"], "is not a video: a photo is its own picture");
  const family = sniff(bytes);
  const mimeType = family === null ? undefined : stillTypes.get(family);
  if (mimeType === undefined) throw invalid(["body"], "must be a JPEG, PNG or WebP");
  if (!(await replaceStill(deps, asset, bytes, mimeType))) {
    throw new AppError("conflict", "another still was set at the same time; send it again");
  }
  await ring(deps.queue, assetId);
  return await getAsset(deps.db, who, assetId);
}
