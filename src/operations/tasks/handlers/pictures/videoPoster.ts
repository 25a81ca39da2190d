import type { Asset } from "../../../../records/assets/assets.ts";
import { findStillPhoto } from "../../../../records/delivery/livePhotos.ts";
import {
  clearPoster,
  FILM_SOURCE,
  isClientPoster,
  OUTDATED_SOURCE,
  replacePoster,
  type PosterImage,
} from "../../../delivery/posters/posters.ts";
import { ADVICE, describeWay, PICTURE_WAYS } from "../../pictureWays.ts";
import type { TaskOutcome } from "../../taskOutcome.ts";
import type { Context } from "../../../context.ts";
import { makeFilmPoster, type NoPoster } from "./filmPoster.ts";
import { copyStillPhoto } from "./stillPoster.ts";

function done(result: string): TaskOutcome {
  return { kind: "done", result };
}

/** A poster that was set since the task read the asset, such as a client's, stays. */
async function setPoster(context: Context, asset: Asset, poster: PosterImage, way: string): Promise<TaskOutcome> {
  const isCurrent = await replacePoster(context, asset, poster);
  return done(isCurrent ? way : PICTURE_WAYS.newerPoster);
}

/** An outdated frame is better than none. The copy of a still photo that is gone isn't. */
async function endWithoutFrame(context: Context, asset: Asset, { reason, isFailure }: NoPoster): Promise<TaskOutcome> {
  if (asset.posterSource === OUTDATED_SOURCE) return done(describeWay("earlierPoster", { reason }));
  if (asset.posterVersionId !== null) await clearPoster(context, asset, false);
  return { kind: isFailure ? "failed" : "skipped", reason: `${reason}; ${ADVICE.poster}` };
}

/**
 * Sets a video's poster: the still photo of its live photo, the cover art in the file, the file itself if it is an image,
 * else a frame from Media Transformations if configured, else a key frame that this isolate decodes. A client's poster
 * stays, and so does one that is already made so.
 */
export async function runVideoPoster(context: Context, asset: Asset): Promise<TaskOutcome> {
  if (isClientPoster(asset)) return done(PICTURE_WAYS.clientPoster);
  const still = await findStillPhoto(context.db, asset);
  if (still !== null && still.currentVersionId === asset.posterSource) return done(PICTURE_WAYS.unchangedPoster);
  const copy = still === null ? null : await copyStillPhoto(context, still);
  if (copy !== null) return await setPoster(context, asset, copy, PICTURE_WAYS.stillPhoto);
  if (asset.posterSource === FILM_SOURCE) return done(PICTURE_WAYS.unchangedPoster);
  const poster = await makeFilmPoster(context, asset);
  if (poster.kind === "unreadable") return await endWithoutFrame(context, asset, poster);
  return await setPoster(context, asset, { ...poster, source: FILM_SOURCE }, poster.description);
}
