/** Finds photos that look like one photo. */
import { PERCEPTUAL_HASH_BITS } from "../../media/transcode/perceptualHash.ts";
import { notFound } from "../../kernel/errors.ts";
import { everyAsset } from "../../records/assets/assetFilters.ts";
import { findAssetPosition } from "../../records/assets/assets.ts";
import type { ColumnGroups } from "../../records/assets/lists/listColumns.ts";
import type { Principal } from "../accounts/principal.ts";
import type { Context } from "../context.ts";
import { checkCandidates, readHits } from "./readHits.ts";
import type { SearchHit, SearchMethod } from "./searchQuery.ts";
import { blockIndex } from "./vectors/blockIndex.ts";
import { distanceOf, type AssetVector } from "./vectors/vectorIndex.ts";

export interface SimilarQuery {
  assetId: string;
  limit: number;
  /** The largest cosine distance of a hit; null for the default of the method. */
  maxDistance: number | null;
  /** Columns to read. */
  groups: ColumnGroups;
}

export interface SimilarAssets {
  hits: SearchHit[];
  /** `vectors` by an embedder of images, or `appearance` by perceptual hashes; null if the photo has neither yet. */
  method: Extract<SearchMethod, "vectors" | "appearance"> | null;
}

/** Two images with more different bits of 64 rarely show the same. */
const MAX_DIFFERENT_BITS = 12;
/** A cosine distance of 2 is the difference of every bit. */
export const MAX_APPEARANCE_DISTANCE = (2 * MAX_DIFFERENT_BITS) / PERCEPTUAL_HASH_BITS;
/** CLIP's distance of photos of one scene. */
export const MAX_CONTENT_DISTANCE = 0.25;

/** More than the largest limit: some candidates are in the trash. */
const CANDIDATES = 400;

/** The vector to compare: of the configured model of images, else the perceptual hash. */
function chooseVector(
  { embedder }: Context,
  { content, appearance }: { content?: AssetVector; appearance?: AssetVector },
): AssetVector | null {
  const isComparable = embedder?.embedsImages === true && content?.space.startsWith(`${embedder.model}#`) === true;
  return (isComparable ? content : appearance) ?? null;
}

/**
 * Lists live photos of the same library that look like a photo, live or trashed, the most similar first. Throws
 * `not_found`.
 */
export async function listSimilarAssets(
  context: Context,
  principal: Principal,
  { assetId, limit, maxDistance, groups }: SimilarQuery,
): Promise<SimilarAssets> {
  const asset = await findAssetPosition(context.db, principal, assetId);
  if (asset === null) throw notFound("asset");
  const { libraryId } = asset;
  const index = blockIndex(context);
  const chosen = chooseVector(context, await index.find(assetId));
  if (chosen?.libraryId !== libraryId) return { hits: [], method: null };
  const { space, vector, kind } = chosen;
  const near = await index.search({ libraryId, space, vector, limit: CANDIDATES, assetIds: null });
  const bound = maxDistance ?? (kind === "content" ? MAX_CONTENT_DISTANCE : MAX_APPEARANCE_DISTANCE);
  const distances = new Map(
    near
      .map(({ assetId: id, cosine }) => [id, distanceOf(cosine)] as const)
      .filter(([id, distance]) => id !== assetId && distance <= bound),
  );
  const filter = { ...everyAsset, libraryId };
  const ids = await checkCandidates(context, filter, [...distances.keys()], limit);
  const assets = await readHits(context, filter, ids, groups);
  const hits = assets.map((each) => ({ asset: each, distance: distances.get(each.id) ?? null }));
  return { hits, method: kind === "content" ? "vectors" : "appearance" };
}
