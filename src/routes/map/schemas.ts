import { z } from "@hono/zod-openapi";
import { MAX_CLUSTERS } from "../../operations/map/geoClusters.ts";
import {
  assetFilterFields,
  conflictReporter,
  mediaTypeParameter,
  rejectContradictoryFilters,
} from "../assets/filterSchemas.ts";
import { bboxSchema } from "../assets/querySchemas.ts";
import { idSchema, queryNumberSchema, ratingsParameter } from "../fieldSchemas.ts";

export const MIN_CELL_DEGREES = 0.0001;

export const geoClustersQuerySchema = z
  .object({
    ...assetFilterFields,
    media_type: mediaTypeParameter.optional(),
    ratings: ratingsParameter.optional(),
    bbox: bboxSchema.openapi({
      description:
        "min_lon,min_lat,max_lon,max_lat in degrees, inclusive. If min_lon is greater than max_lon, the box crosses the antimeridian. Longitudes are -180 to 180.",
      example: "-180,-90,180,90",
    }),
    cell_size: queryNumberSchema.pipe(z.number().min(MIN_CELL_DEGREES)).openapi({
      type: "number",
      minimum: MIN_CELL_DEGREES,
      description:
        "Edge of a cell in degrees. The grid is anchored at 180° west, 90° south, so cells do not move with the viewport.",
      example: 10,
    }),
  })
  .superRefine((query, context) => rejectContradictoryFilters(query, conflictReporter(context)));

export const geoClustersSchema = z
  .object({
    data: z
      .array(
        z.object({
          latitude: z.number().openapi({ description: "Mean latitude of the cell's assets" }),
          longitude: z.number().openapi({ description: "Mean longitude of the cell's assets" }),
          count: z.int(),
          representative_asset_id: idSchema("asset").openapi({ description: "Asset with the latest capture time" }),
        }),
      )
      .max(MAX_CLUSTERS)
      .openapi({ description: "One entry per non-empty cell, ordered from south-west to north-east" }),
  })
  .openapi("GeoClusters");
