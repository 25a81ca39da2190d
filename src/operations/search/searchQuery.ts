/** Requests and answers of the search. */
import type { AssetQuery } from "../assets/assetQuery.ts";
import type { ColumnGroups, ListedAsset } from "../../records/assets/lists/listColumns.ts";

export interface SearchQuery extends AssetQuery {
  /** Null if the request has no text, or a blank one. */
  text: string | null;
  /** Null if the request has no image. */
  imageBytes: Uint8Array | null;
  /** The first page is 1. */
  page: number;
  limit: number;
  /** Columns to read. */
  groups: ColumnGroups;
  /** Hits of vectors alone are left out above this cosine distance; null for no bound. */
  maxDistance: number | null;
}

/** `filters` is the list without a content criterion; `appearance` compares perceptual hashes. */
export type SearchMethod = "filters" | "text" | "vectors" | "appearance";

export interface SearchHit {
  asset: ListedAsset;
  /** The smallest cosine distance of its vectors, 0 to 2; null for a hit of text or filters alone. */
  distance: number | null;
}

export interface SearchPage {
  hits: SearchHit[];
  hasMore: boolean;
  /** The methods that found the hits. */
  methods: SearchMethod[];
  /** Whether a configured method failed, so that its hits are missing. */
  isDegraded: boolean;
}
