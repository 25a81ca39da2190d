/** The query of an asset list: every filter, and which of them contradict each other. */
import { z } from "@hono/zod-openapi";
import { boxAround, type Box } from "../../operations/assets/assets.ts";
import {
  assetFilterFields,
  contradictionsIn,
  personIdField,
  refuseSharedContradictions,
  sharedFilterOf,
} from "./filterSchemas.ts";
import { idSchema, listOf, optionalLimit, queryNumber } from "../fieldSchemas.ts";
import { includeGroups } from "./schemas.ts";

export const includeSchema = listOf(z.enum(includeGroups), includeGroups.length * 4);

/** The first generation asked without `include`, for up to 1,000 a page; the later ones with it, for up to 200. */
const V1_PAGE = { default: 100, max: 1000 };
const PAGE = { default: 20, max: 200 };

export function pageSize(query: { include?: unknown; limit?: number | undefined }): number {
  return query.limit ?? (query.include === undefined ? V1_PAGE : PAGE).default;
}

function numbersOf(text: string): number[] {
  return text
    .split(",")
    .map((part) => queryNumber.safeParse(part.trim()))
    .map((number) => (number.success ? number.data : NaN));
}

const isLongitude = (value: number): boolean => value >= -180 && value <= 180;
const isLatitude = (value: number): boolean => value >= -90 && value <= 90;

/** `min_lon,min_lat,max_lon,max_lat`; `min_lon > max_lon` crosses the 180th meridian. */
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
      message: "must be min_lon,min_lat,max_lon,max_lat in degrees, min_lat not above max_lat",
    });
    return z.NEVER;
  })
  .openapi({ type: "string", example: "-122.6,37.6,-122.3,37.9" });

const centerSchema = z
  .string()
  .transform((text, context) => {
    const [longitude = NaN, latitude = NaN, ...rest] = numbersOf(text);
    if (rest.length === 0 && isLongitude(longitude) && isLatitude(latitude)) return { longitude, latitude };
    context.addIssue({ code: "custom", message: "must be lon,lat in degrees" });
    return z.NEVER;
  })
  .openapi({ type: "string", example: "2.3522,48.8566" });

const MAX_RADIUS_M = 50_000;

export const assetQuerySchema = z
  .object({
    ...assetFilterFields,
    ...personIdField,
    ids: listOf(idSchema("asset"), 200).optional(),
    stack_id: idSchema("stack").optional(),
    media_type: z.enum(["image", "video"]).optional(),
    order: z.enum(["asc", "desc"]).default("desc"),
    bbox: bboxSchema.optional(),
    center: centerSchema.optional(),
    radius: queryNumber
      .pipe(z.number().gt(0).max(MAX_RADIUS_M))
      .optional()
      .openapi({ type: "number", exclusiveMinimum: 0, maximum: MAX_RADIUS_M, description: "Metres" }),
    starting_after_id: idSchema("asset").optional(),
    include: includeSchema.optional(),
    limit: optionalLimit(V1_PAGE.max),
  })
  .superRefine((query, context) => {
    const contradict = contradictionsIn(context);
    refuseSharedContradictions(query, contradict);
    if (query.bbox !== undefined && (query.center !== undefined || query.radius !== undefined)) {
      contradict("bbox", "give bbox, or center with radius, not both");
    }
    if ((query.center === undefined) !== (query.radius === undefined)) {
      contradict(query.center === undefined ? "center" : "radius", "center and radius belong together");
    }
    if (query.include !== undefined && pageSize(query) > PAGE.max) {
      contradict("limit", `must be at most ${PAGE.max} with include`);
    }
  });

export type AssetQuery = z.output<typeof assetQuerySchema>;

/** The query's filters in the operation's words. */
export function filterOf(query: AssetQuery) {
  const { center, radius } = query;
  const circle = center === undefined || radius === undefined ? null : { ...center, radiusM: radius };
  return {
    ...sharedFilterOf(query),
    order: query.order,
    ids: query.ids ?? null,
    stackId: query.stack_id ?? null,
    mediaType: query.media_type ?? null,
    box: circle === null ? (query.bbox ?? null) : boxAround(circle.latitude, circle.longitude, circle.radiusM),
    circle,
  };
}
