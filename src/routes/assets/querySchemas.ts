/** Query parameters of the asset list. */
import { z } from "@hono/zod-openapi";
import { boxAround, type Box } from "../../operations/assets/assets.ts";
import {
  assetFilterFields,
  conflictReporter,
  mediaTypeParameter,
  personIdField,
  rejectContradictoryFilters,
  toSharedFilter,
  type ReportConflict,
} from "./filterSchemas.ts";
import {
  enumListSchema,
  idListSchema,
  idSchema,
  optionalLimitSchema,
  queryNumberSchema,
  ratingsParameter,
  startingAfterSchema,
} from "../fieldSchemas.ts";
import { includeGroups } from "./schemas.ts";

export const includeSchema = enumListSchema(includeGroups, includeGroups.length * 4).openapi({
  description:
    "Groups of fields beside the core fields and the thumbnail, comma-separated or as repeated parameters. `legacy` adds the keys of the first API generation",
});

/** V1 clients omit `include` and page by up to 1,000; later clients send it and page by up to 200. */
export const V1_PAGE_SIZE = { default: 100, max: 1000 };
export const PAGE_SIZE = { default: 20, max: 200 };

export function pageSize(query: { include?: unknown; limit?: number | undefined }): number {
  return query.limit ?? (query.include === undefined ? V1_PAGE_SIZE : PAGE_SIZE).default;
}

function numbersOf(text: string): number[] {
  return text
    .split(",")
    .map((part) => queryNumberSchema.safeParse(part.trim()))
    .map((number) => (number.success ? number.data : NaN));
}

const isLongitude = (value: number): boolean => value >= -180 && value <= 180;
const isLatitude = (value: number): boolean => value >= -90 && value <= 90;

/** `min_lon,min_lat,max_lon,max_lat`, as in GeoJSON (RFC 7946 §5); `min_lon > max_lon` crosses the antimeridian. */
export const bboxSchema = z
  .string()
  .transform((text, context): Box => {
    const [west = NaN, south = NaN, east = NaN, north = NaN, ...rest] = numbersOf(text);
    if (
      rest.length === 0 &&
      isLongitude(west) &&
      isLongitude(east) &&
      isLatitude(south) &&
      isLatitude(north) &&
      south <= north
    ) {
      return { west, south, east, north };
    }
    context.addIssue({
      code: "custom",
      message: "must be min_lon,min_lat,max_lon,max_lat in degrees, with min_lat at most max_lat",
    });
    return z.NEVER;
  })
  .openapi({
    type: "string",
    description:
      "min_lon,min_lat,max_lon,max_lat in degrees, as -122.6,37.6,-122.3,37.9. If min_lon is greater than max_lon, the box crosses the antimeridian",
  });

const centerSchema = z
  .string()
  .transform((text, context) => {
    const [longitude = NaN, latitude = NaN, ...rest] = numbersOf(text);
    if (rest.length === 0 && isLongitude(longitude) && isLatitude(latitude)) return { longitude, latitude };
    context.addIssue({ code: "custom", message: "must be lon,lat in degrees" });
    return z.NEVER;
  })
  .openapi({ type: "string", description: "lon,lat in degrees, as 2.3522,48.8566; together with `radius`" });

export const MAX_RADIUS_M = 50_000;

/** Filters of the list and of counts, beside those that the map has too. */
export const placeFields = {
  bbox: bboxSchema.optional(),
  center: centerSchema.optional(),
  radius: queryNumberSchema
    .pipe(z.number().gt(0).max(MAX_RADIUS_M))
    .optional()
    .openapi({ type: "number", exclusiveMinimum: 0, maximum: MAX_RADIUS_M, description: "Metres around `center`" }),
};

interface PlaceQuery {
  bbox?: Box | undefined;
  center?: { longitude: number; latitude: number } | undefined;
  radius?: number | undefined;
}

export function rejectContradictoryPlaces(query: PlaceQuery, contradict: ReportConflict): void {
  if (query.bbox !== undefined && (query.center !== undefined || query.radius !== undefined)) {
    contradict("bbox", "bbox cannot be combined with center and radius");
  }
  if ((query.center === undefined) !== (query.radius === undefined)) {
    contradict(query.center === undefined ? "center" : "radius", "center and radius must be given together");
  }
}

/** Maps the place to the operation's filter: a box, and the circle within it. */
export function toPlaceFilter({ bbox, center, radius }: PlaceQuery) {
  if (center === undefined || radius === undefined) return { box: bbox ?? null, circle: null };
  const { latitude, longitude } = center;
  return { box: boxAround(latitude, longitude, radius), circle: { ...center, radiusM: radius } };
}

export const assetListQuerySchema = z
  .object({
    ...assetFilterFields,
    ...personIdField,
    ids: idListSchema("asset", 200).optional(),
    stack_id: idSchema("stack").optional().openapi({ description: "Members of this stack" }),
    media_type: mediaTypeParameter.optional(),
    ratings: ratingsParameter.optional(),
    order: z.enum(["asc", "desc"]).default("desc").openapi({ description: "By capture time: `desc` is newest first" }),
    ...placeFields,
    starting_after_id: startingAfterSchema("asset"),
    include: includeSchema.optional(),
    limit: optionalLimitSchema(
      V1_PAGE_SIZE.max,
      `Items of a page: with \`include\` ${PAGE_SIZE.default} unless given and at most ${PAGE_SIZE.max}; without it ${V1_PAGE_SIZE.default} and at most ${V1_PAGE_SIZE.max}`,
    ),
  })
  .superRefine((query, context) => {
    const contradict = conflictReporter(context);
    rejectContradictoryFilters(query, contradict);
    rejectContradictoryPlaces(query, contradict);
    if (query.include !== undefined && pageSize(query) > PAGE_SIZE.max) {
      contradict("limit", `must be at most ${PAGE_SIZE.max} when include is given`);
    }
  });

export type AssetListQuery = z.output<typeof assetListQuerySchema>;

/** Maps the query to the operation's filter. */
export function toListFilter(query: AssetListQuery) {
  return {
    ...toSharedFilter(query),
    ...toPlaceFilter(query),
    order: query.order,
    ids: query.ids ?? null,
    stackId: query.stack_id ?? null,
    mediaType: query.media_type ?? null,
  };
}
