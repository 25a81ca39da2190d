/** The map as asked for, documented and answered. */
import { z } from "@hono/zod-openapi";
import { MAX_CLUSTERS } from "../../operations/map/geoClusters.ts";
import { assetFilterFields, contradictionsIn, refuseSharedContradictions } from "../assets/filterSchemas.ts";
import { bboxSchema } from "../assets/querySchemas.ts";
import { idSchema, queryNumber } from "../fieldSchemas.ts";

const MIN_CELL_DEGREES = 0.0001;

export const geoClusterQuerySchema = z
  .object({
    ...assetFilterFields,
    bbox: bboxSchema.openapi({
      description:
        "min_lon,min_lat,max_lon,max_lat in degrees, edges included. With min_lon above max_lon it runs east across the 180th meridian; all longitudes are -180 to 180.",
    }),
    cell_size: queryNumber.pipe(z.number().min(MIN_CELL_DEGREES)).openapi({
      type: "number",
      minimum: MIN_CELL_DEGREES,
      description:
        "Edge of a cell in degrees. The grid starts at 180° west, 90° south, wherever the viewport is, so cells stay where they are while it moves.",
    }),
  })
  .superRefine((query, context) => refuseSharedContradictions(query, contradictionsIn(context)));

export const geoClustersSchema = z
  .object({
    data: z
      .array(
        z.object({
          latitude: z.number().openapi({ description: "The mean of its assets' positions" }),
          longitude: z.number(),
          count: z.int(),
          representative_asset_id: idSchema("asset").openapi({ description: "The one taken last" }),
        }),
      )
      .max(MAX_CLUSTERS)
      .openapi({ description: "A cell each, from the south-west to the north-east; empty ones are left out" }),
  })
  .openapi("GeoClusters");
