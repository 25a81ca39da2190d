/** The integrity report as documented and as answered. */
import { z } from "@hono/zod-openapi";

const count = z.int().openapi({ description: "All that were found; the list holds the first 1,000" });

export const integritySchema = z
  .object({
    report: z
      .object({
        started_at: z.string(),
        completed_at: z.string(),
        assets_checked: z.int(),
        objects_checked: z.int(),
        missing_count: count,
        missing_objects: z
          .array(z.string())
          .openapi({ description: "Ids of assets of which the original, or another version, is not in the bucket" }),
        orphan_count: count,
        orphan_objects: z
          .array(z.object({ key: z.string(), size_bytes: z.int() }))
          .openapi({ description: "Objects that belong to no asset, or to no version of theirs" }),
        mismatch_count: count,
        size_mismatches: z
          .array(z.object({ asset_id: z.string(), expected_bytes: z.int(), stored_bytes: z.int() }))
          .openapi({ description: "Assets whose original, or another version, is not as long as its row says" }),
      })
      .nullable()
      .openapi({ description: "The last complete walk over all rows and objects; null before the first" }),
    running: z
      .object({ started_at: z.string(), updated_at: z.string(), assets_checked: z.int(), objects_checked: z.int() })
      .nullable()
      .openapi({ description: "How far the walk that is under way has come" }),
  })
  .openapi("Integrity");
export type IntegrityBody = z.input<typeof integritySchema>;
