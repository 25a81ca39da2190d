/** Requests and pages of counts by day, week, month or year of capture. */
import type { AssetFilter } from "../assetFilters.ts";
import { bucketEndUs, bucketStartUs, type Grouping } from "./periods.ts";

export interface CountRequest {
  /** `order` is the order of the buckets. */
  filter: AssetFilter;
  groupBy: Grouping;
  /** The page starts after the bucket that contains this local time. */
  startingAfterUs: number | null;
  limit: number;
}

export interface Bucket {
  /** Start of the bucket, in wall-clock microseconds. */
  startUs: number;
  assets: number;
}

export interface CountPage {
  buckets: Bucket[];
  hasMore: boolean;
}

/** Assets of a day or month. */
export interface PeriodCount {
  period: number;
  assets: number;
}

/** The local times after the cursor: from `fromUs` up to, but not including, `endUs`. */
export function cursorSpan({ filter, groupBy, startingAfterUs }: CountRequest): { fromUs: number; endUs: number } {
  if (startingAfterUs === null) return { fromUs: -Infinity, endUs: Infinity };
  if (filter.order === "asc") return { fromUs: bucketEndUs(groupBy, startingAfterUs), endUs: Infinity };
  return { fromUs: -Infinity, endUs: bucketStartUs(groupBy, startingAfterUs) };
}
