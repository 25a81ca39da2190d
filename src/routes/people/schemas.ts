import { z } from "@hono/zod-openapi";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import { variantsSchema } from "../assets/variantSchemas.ts";
import {
  arraySchema,
  enumListSchema,
  idFieldSchema,
  idListSchema,
  idSchema,
  instantFieldSchema,
  libraryParameter,
  limitSchema,
  nameSchema,
  startingAfterSchema,
  textSchema,
} from "../fieldSchemas.ts";

const clusterMetricsSchema = z
  .object({
    pairwise_p90: z.number().openapi({ description: "90th percentile of the cosine distances between the faces" }),
    pairwise_mean: z.number().openapi({ description: "Mean of the cosine distances between the faces" }),
    face_count: z.int().openapi({ description: "Number of faces, not of assets" }),
  })
  .openapi("ClusterMetrics");

const date = z.string().openapi({ format: "date" });

export const personSchema = z
  .object({
    id: idFieldSchema("person"),
    name: z.string().nullable(),
    birth_date: date.nullable(),
    is_hidden: z.boolean(),
    is_favorite: z.boolean(),
    thumbnail_face_id: idFieldSchema("face").nullable().openapi({
      description: "The chosen portrait, or the best face on a live asset if none was chosen",
    }),
    asset_count: z.int().nullable().openapi({ description: "Number of live assets that show the person" }),
    asset_urls: variantsSchema.openapi({ description: "`thumbnail`: the portrait" }),
    cluster_metrics: clusterMetricsSchema
      .nullable()
      .optional()
      .openapi({ description: "With `include=cluster_metrics`: how similar the person's faces are; else null" }),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
    thumbnail_face_url: z
      .string()
      .nullable()
      .optional()
      .openapi({ description: "V1 name of `asset_urls.thumbnail.url`, in assets with legacy keys" }),
  })
  .openapi("Person");
export type PersonBody = z.input<typeof personSchema>;

export const personPageSchema = z.object({ data: z.array(personSchema), has_more: z.boolean() }).openapi("PersonPage");

/** A day of the proleptic Gregorian calendar, such as Python's `date`: years 1 to 9999. */
const birthDate = z.iso
  .date({ error: "must be a date, such as 1990-12-31" })
  .refine((text) => !text.startsWith("0000"), { error: "must be a date from the year 1" })
  .openapi({ format: "date", example: "1990-12-31" });

const name = nameSchema(MAX_NAME_BYTES);
const portrait = idSchema("face").nullish().openapi({
  description: "The portrait: a face of this person, or one without a person",
});

export const createPersonSchema = z
  .object({
    name: name.nullish(),
    birth_date: birthDate.nullish(),
    is_favorite: z.boolean().nullish().openapi({ description: "false by default" }),
    is_hidden: z.boolean().nullish().openapi({ description: "false by default" }),
    thumbnail_face_id: portrait,
    library_id: idSchema("library").nullish(),
  })
  .openapi("CreatePersonRequest", { example: { name: "Ada Lovelace" } });

export const updatePersonSchema = z
  .object({
    name: name.nullable().optional().openapi({ description: "null clears the name" }),
    birth_date: birthDate.nullable().optional(),
    is_favorite: z.boolean().optional(),
    is_hidden: z.boolean().optional(),
    thumbnail_face_id: portrait,
  })
  .openapi("UpdatePersonRequest", {
    description: "Omitted fields are unchanged. `null` clears the name, the birth date or the chosen portrait.",
    example: { name: "Ada Lovelace" },
  });

/** People that one request updates. */
export const MAX_PERSON_UPDATES = 200;

export const bulkUpdatePeopleSchema = z
  .object({
    updates: arraySchema(
      z.object({ id: idSchema("person"), change: updatePersonSchema }),
      1,
      MAX_PERSON_UPDATES,
    ).openapi({ description: "Applied in order. A person may be listed once" }),
  })
  .superRefine(({ updates }, context) => {
    const seen = new Set<string>();
    for (const [i, { id }] of updates.entries()) {
      if (seen.has(id)) context.addIssue({ code: "custom", path: ["updates", i, "id"], message: "is listed twice" });
      seen.add(id);
    }
  })
  .openapi("BulkUpdatePeopleRequest");

/** People that one request merges into another. */
export const MAX_MERGE_SOURCES = 200;

export const mergePeopleSchema = z
  .object({
    source_person_ids: arraySchema(idSchema("person"), 1, MAX_MERGE_SOURCES).openapi({
      description: "People of the same library, who are deleted once their faces have moved",
    }),
  })
  .openapi("MergePeopleRequest");

export const PERSON_SORTS = [
  "created_at_desc",
  "created_at_asc",
  "name_asc",
  "name_desc",
  "asset_count_desc",
  "asset_count_asc",
] as const;

/** A boolean as clients of several languages write it in a query string. */
const queryBooleanSchema = z
  .string()
  .toLowerCase()
  .pipe(z.enum(["true", "false", "1", "0"]))
  .transform((text) => text === "true" || text === "1");

const include = enumListSchema(["cluster_metrics"], 10)
  .optional()
  .openapi({ description: "`cluster_metrics`: how similar the faces of each person are" });

export const getPersonParameters = z.object({ include });

export const personQuerySchema = z
  .object({
    library_id: libraryParameter,
    asset_id: idSchema("asset").optional().openapi({ description: "People on this asset" }),
    album_id: idSchema("album").optional().openapi({ description: "People on live assets of this album" }),
    ids: idListSchema("person", 200).optional(),
    name: textSchema(MAX_NAME_BYTES).optional().openapi({
      description:
        "People whose name contains this text, without regard to case, accents and outer space. Blank is no filter; `%` and `_` stand for themselves.",
    }),
    name_filter: z.enum(["named", "unnamed", "all"]).optional().openapi({
      description: "`named` by default; `all` by default with `ids`",
    }),
    include_hidden: queryBooleanSchema
      .optional()
      .openapi({ type: "boolean", description: "Whether to list hidden people. true by default with `ids`" }),
    sort: z.enum(PERSON_SORTS).default("created_at_desc").openapi({
      description: "By name, unnamed people are last. A sort by name with `name_filter=unnamed` is 422",
    }),
    include,
    starting_after_id: startingAfterSchema("person"),
    limit: limitSchema(20, 200),
  })
  .superRefine(({ sort, name_filter }, context) => {
    if (name_filter !== "unnamed" || !sort.startsWith("name_")) return;
    context.addIssue({ code: "custom", path: ["sort"], message: "must not be by name with name_filter=unnamed" });
  });
