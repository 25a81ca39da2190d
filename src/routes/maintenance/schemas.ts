import { z } from "@hono/zod-openapi";

const count = z.int().openapi({ description: "Total found; the list contains at most the first 1,000" });

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
          .openapi({ description: "Ids of assets with a version whose file is missing from the bucket" }),
        orphan_count: count,
        orphan_objects: z
          .array(z.object({ key: z.string(), size_bytes: z.int() }))
          .openapi({ description: "Objects without a matching asset or version" }),
        mismatch_count: count,
        size_mismatches: z
          .array(z.object({ asset_id: z.string(), expected_bytes: z.int(), stored_bytes: z.int() }))
          .openapi({ description: "Assets with a version whose stored size differs from the recorded size" }),
      })
      .nullable()
      .openapi({ description: "The last complete check of all rows and objects; null before the first one completes" }),
    running: z
      .object({ started_at: z.string(), updated_at: z.string(), assets_checked: z.int(), objects_checked: z.int() })
      .nullable()
      .openapi({ description: "Progress of the running check" }),
  })
  .openapi("IntegrityReport");
export type IntegrityBody = z.input<typeof integritySchema>;
