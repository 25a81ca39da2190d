import { z } from "@hono/zod-openapi";
import { idFieldSchema, instantFieldSchema } from "../fieldSchemas.ts";

const count = z.int().openapi({ description: "Total found; the list contains at most the first 1,000" });

const scrubRound = { started_at: instantFieldSchema, files_checked: z.int(), bytes_checked: z.int() };

const corruptedFileSchema = z.object({
  asset_id: idFieldSchema("asset"),
  version_id: idFieldSchema("assetVersion"),
  first_byte: z.int().openapi({ description: "Start of the range that was read: one part of a large file, or 0" }),
  byte_count: z.int(),
  expected_digest: z.string().openapi({ description: "SHA-256 of a whole file, MD5 of a part; base64" }),
  actual_digest: z.string(),
  detected_at: instantFieldSchema,
});

const scrubSchema = z
  .object({
    last_round: z
      .object({ ...scrubRound, completed_at: instantFieldSchema })
      .nullable()
      .openapi({ description: "The last complete reading of all originals; null before the first one" }),
    running: z
      .object({ ...scrubRound, updated_at: instantFieldSchema })
      .nullable()
      .openapi({ description: "Progress of the running round; null between two rounds" }),
    corrupted_count: count,
    corrupted_files: z
      .array(corruptedFileSchema)
      .openapi({ description: "Files whose bytes changed, until they are deleted or read intact" }),
  })
  .openapi({ description: "Repeated reading of stored originals" });

export const integritySchema = z
  .object({
    report: z
      .object({
        started_at: instantFieldSchema,
        completed_at: instantFieldSchema,
        assets_checked: z.int(),
        objects_checked: z.int(),
        missing_count: count,
        missing_objects: z
          .array(idFieldSchema("asset"))
          .openapi({ description: "Ids of assets with a version whose file is missing from the bucket" }),
        orphan_count: count,
        orphan_objects: z
          .array(z.object({ key: z.string(), size_bytes: z.int() }))
          .openapi({ description: "Objects without a matching asset or version" }),
        mismatch_count: count,
        size_mismatches: z
          .array(z.object({ asset_id: idFieldSchema("asset"), expected_bytes: z.int(), stored_bytes: z.int() }))
          .openapi({ description: "Assets with a version whose stored size differs from the recorded size" }),
      })
      .nullable()
      .openapi({ description: "The last complete check of all rows and objects; null before the first one completes" }),
    running: z
      .object({
        started_at: instantFieldSchema,
        updated_at: instantFieldSchema,
        assets_checked: z.int(),
        objects_checked: z.int(),
      })
      .nullable()
      .openapi({ description: "Progress of the running check" }),
    scrub: scrubSchema,
  })
  .openapi("IntegrityReport");
export type IntegrityBody = z.input<typeof integritySchema>;
