/** Searches by text and image: candidates of each method, fused by rank, then read with the filters and their scope. */
import { AppError, invalid } from "../../kernel/errors.ts";
import { warn } from "../../kernel/log.ts";
import type { AssetFilter } from "../../records/assets/assetFilters.ts";
import { listAllMatches } from "../../records/assets/lists/matchingIds.ts";
import { NO_QUERY } from "../../records/sql/query.ts";
import type { Embedder } from "../../providers/embedders/embedder.ts";
import type { Principal } from "../accounts/principal.ts";
import { readAssetQuery } from "../assets/assetQuery.ts";
import type { Context } from "../context.ts";
import { fuseRanks } from "./fuseRanks.ts";
import { embedQueryImage, embedQueryText } from "./queryVectors.ts";
import { checkCandidates, readHits } from "./readHits.ts";
import type { SearchMethod, SearchPage, SearchQuery } from "./searchQuery.ts";
import { parseTextQuery } from "./text/parseQuery.ts";
import { searchText } from "./textSearch.ts";
import { blockIndex } from "./vectors/blockIndex.ts";
import { distanceOf, spaceName } from "./vectors/vectorIndex.ts";

/** Hits of a search by content, over all pages. */
export const MAX_CONTENT_HITS = 200;
/** Candidates of each method without filters: some are in the trash. */
const CANDIDATES = 400;
/** Candidates of each method with filters that match more assets than can be listed. */
const FILTERED_CANDIDATES = 2000;
/** Filters with up to this many matches are read first, so that only those are searched. */
export const MAX_LISTED_MATCHES = 2000;

/** The ranked lists of all methods that succeeded. */
interface Candidates {
  lists: string[][];
  /** The smallest cosine distance by asset. */
  distances: Map<string, number>;
  textIds: Set<string>;
  methods: SearchMethod[];
  isDegraded: boolean;
}

interface Scope {
  filter: AssetFilter;
  /** All matches of the filters, if they are few; null for any number. */
  assetIds: string[] | null;
  limit: number;
}

function isNarrowed({ albumId, personIds, mediaType, ratings, after, before, box }: AssetFilter): boolean {
  return [albumId, personIds, mediaType, ratings, after, before, box].some((each) => each !== null);
}

async function readScope(context: Context, principal: Principal, query: SearchQuery): Promise<Scope> {
  const { filter } = await readAssetQuery(context, principal, query, () => NO_QUERY);
  if (!isNarrowed(filter)) return { filter, assetIds: null, limit: CANDIDATES };
  const assetIds = await listAllMatches(context.db, filter, MAX_LISTED_MATCHES);
  return { filter, assetIds, limit: FILTERED_CANDIDATES };
}

async function findByText(context: Context, text: string, { filter, limit, assetIds }: Scope): Promise<string[]> {
  const hits = await searchText(context, { libraryId: filter.libraryId, query: parseTextQuery(text), assetIds, limit });
  return hits.map(({ assetId }) => assetId);
}

interface NearHit {
  assetId: string;
  distance: number;
}

async function findByVector(
  context: Context,
  model: string,
  vector: Float32Array,
  { filter: { libraryId }, limit, assetIds }: Scope,
): Promise<NearHit[]> {
  const space = spaceName(model, vector.length);
  const hits = await blockIndex(context).search({ libraryId, space, vector, limit, assetIds });
  return hits.map(({ assetId, cosine }) => ({ assetId, distance: distanceOf(cosine) }));
}

/** The vectors of the text and of the image, each of which may fail. */
function vectorSearches(context: Context, query: SearchQuery, scope: Scope): Promise<NearHit[]>[] {
  const { embedder } = context;
  if (embedder === null) return [];
  const { text, imageBytes } = query;
  const search = async (vector: Promise<Float32Array>): Promise<NearHit[]> =>
    await findByVector(context, embedder.model, await vector, scope);
  return [
    ...(text === null ? [] : [search(embedQueryText(context, embedder, text))]),
    ...(imageBytes === null ? [] : [search(embedQueryImage(context, embedder, imageBytes))]),
  ];
}

/** Errors of the request itself are thrown; others leave out the method. */
function reportFailure(reason: unknown): void {
  if (reason instanceof AppError && reason.code === "validation_error") throw reason;
  warn("a method of the search failed; its hits are missing", { error: String(reason) });
}

async function findCandidates(context: Context, query: SearchQuery, scope: Scope): Promise<Candidates> {
  const { text } = query;
  const [byText, ...byVector] = await Promise.allSettled([
    text === null ? Promise.resolve([]) : findByText(context, text, scope),
    ...vectorSearches(context, query, scope),
  ]);
  const failures = [byText, ...byVector].filter((result) => result.status === "rejected");
  for (const { reason } of failures) reportFailure(reason);
  const textIds = byText.status === "fulfilled" ? byText.value : [];
  const near = byVector.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const distances = new Map<string, number>();
  for (const { assetId, distance } of near.flat()) {
    distances.set(assetId, Math.min(distance, distances.get(assetId) ?? Infinity));
  }
  return {
    lists: [textIds, ...near.map((hits) => hits.map(({ assetId }) => assetId))],
    distances,
    textIds: new Set(textIds),
    methods: [
      ...(text !== null && byText.status === "fulfilled" ? (["text"] as const) : []),
      ...(near.length > 0 ? (["vectors"] as const) : []),
    ],
    isDegraded: failures.length > 0,
  };
}

/**
 * Refuses an image that no embedder can compare.
 *
 * @throws {AppError} `validation_error`.
 */
export function requireImageEmbedder(embedder: Embedder | null): void {
  if (embedder?.embedsImages === true) return;
  const problem = embedder === null ? "no embedder is configured" : "the configured embedder compares texts only";
  throw invalid(
    ["body", "image"],
    `search by image needs an embedder of images (EMBEDDER=immich-ml), but ${problem}; search by query instead`,
  );
}

/**
 * Searches the live assets of one library by text, image or both, within the filters. Pages share one pool of
 * `MAX_CONTENT_HITS`. If one of several methods fails, the others serve.
 *
 * @throws {AppError} `validation_error` for an image without an embedder of images; `embedding_unavailable` if every
 * method failed.
 */
export async function searchByContent(context: Context, principal: Principal, query: SearchQuery): Promise<SearchPage> {
  if (query.imageBytes !== null) requireImageEmbedder(context.embedder);
  const scope = await readScope(context, principal, query);
  const found = await findCandidates(context, query, scope);
  const { distances, textIds, methods, isDegraded } = found;
  if (methods.length === 0) {
    throw new AppError("embedding_unavailable", "the search is temporarily unavailable; retry the request", {
      retryAfterSeconds: 5,
    });
  }
  const { maxDistance } = query;
  const isNear = (id: string): boolean =>
    maxDistance === null || textIds.has(id) || (distances.get(id) ?? 0) <= maxDistance;
  const candidates = fuseRanks(found.lists).filter(isNear);
  const pool = await checkCandidates(context, scope.filter, candidates, MAX_CONTENT_HITS);
  const start = (query.page - 1) * query.limit;
  const assets = await readHits(context, scope.filter, pool.slice(start, start + query.limit), query.groups);
  return {
    hits: assets.map((asset) => ({ asset, distance: distances.get(asset.id) ?? null })),
    hasMore: pool.length > start + query.limit,
    methods,
    isDegraded,
  };
}
