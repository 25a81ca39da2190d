/** Parameters and response of the search. */
import { z } from "@hono/zod-openapi";
import {
  dateTimeSchema,
  idListSchema,
  idSchema,
  libraryParameter,
  optionalLimitSchema,
  pageNumberSchema,
  queryNumberSchema,
  ratingsParameter,
} from "../fieldSchemas.ts";
import {
  conflictReporter,
  mediaTypeParameter,
  rejectContradictoryFilters,
  toPersonIds,
} from "../assets/filterSchemas.ts";
import { includeSchema, placeFields, rejectContradictoryPlaces, toPlaceFilter } from "../assets/querySchemas.ts";
import { assetSchema } from "../assets/schemas.ts";
import { everyAsset } from "../../operations/assets/assets.ts";
import { MAX_QUERY_CHARACTERS } from "../../operations/search/text/parseQuery.ts";

export const SEARCH_PAGE_SIZE = { default: 20, max: 200 };
/** The default of the generation whose parameters are deprecated here. */
const LEGACY_PAGE_SIZE = 50;
export const MAX_SEARCH_PEOPLE = 200;
/** Cosine distances are 0 to 2. */
export const MAX_DISTANCE = 2;

const boundAfter = dateTimeSchema.openapi({
  description:
    "Captured after this time. A time without a UTC offset compares wall-clock times; one with an offset compares instants",
});
const boundBefore = dateTimeSchema.openapi({
  description: "Captured before this time; in the same form as `local_datetime_after`",
});

/** A blank text is no criterion. */
const textSchema = z
  .string()
  .max(MAX_QUERY_CHARACTERS)
  .transform((text) => (text.trim() === "" ? undefined : text.toWellFormed().trim()));

/** The parameters of both searches. */
export const searchFields = {
  query: textSchema.optional().openapi({
    type: "string",
    maxLength: MAX_QUERY_CHARACTERS,
    description:
      "Text to search for in captions, file names, places, cameras, people, albums and dates and, with an embedder, in meaning",
  }),
  library_id: libraryParameter,
  album_id: idSchema("album").optional().openapi({ description: "Assets of this album" }),
  person_ids: idListSchema("person", MAX_SEARCH_PEOPLE)
    .optional()
    .openapi({ description: "Assets that show all of these people" }),
  media_type: mediaTypeParameter.optional(),
  ratings: ratingsParameter.optional(),
  local_datetime_after: boundAfter.optional(),
  local_datetime_before: boundBefore.optional(),
  ...placeFields,
  page: pageNumberSchema,
  limit: optionalLimitSchema(
    SEARCH_PAGE_SIZE.max,
    `Items of a page: ${SEARCH_PAGE_SIZE.default} unless given, at most ${SEARCH_PAGE_SIZE.max}`,
  ),
  captured_after: boundAfter.optional().openapi({ deprecated: true, description: "Use `local_datetime_after`" }),
  captured_before: boundBefore.optional().openapi({ deprecated: true, description: "Use `local_datetime_before`" }),
  threshold: queryNumberSchema.pipe(z.number().min(0).max(MAX_DISTANCE)).optional().openapi({
    type: "number",
    minimum: 0,
    maximum: MAX_DISTANCE,
    deprecated: true,
    description: "Leaves out assets that only resemble the search, at a larger cosine distance",
  }),
};

const searchObject = z.object(searchFields);
type SearchFields = z.output<typeof searchObject>;

/** `local_datetime_*` under either name. */
function dateBounds(query: SearchFields) {
  return {
    local_datetime_after: query.local_datetime_after ?? query.captured_after,
    local_datetime_before: query.local_datetime_before ?? query.captured_before,
  };
}

function hasCriterion(query: SearchFields): boolean {
  const { local_datetime_after: after, local_datetime_before: before } = dateBounds(query);
  const { album_id, person_ids, ratings, media_type } = query;
  const isGiven = (value: unknown): boolean => value !== undefined;
  return [query.query, album_id, ratings, media_type, after, before].some(isGiven) || (person_ids ?? []).length > 0;
}

function rejectContradictions(query: SearchFields, context: z.core.$RefinementCtx): void {
  const contradict = conflictReporter(context);
  const shared = { ...query, ...dateBounds(query), state: "live", album_filter: "all" } as const;
  rejectContradictoryFilters(shared, contradict);
  rejectContradictoryPlaces(query, contradict);
}

export const NO_CRITERION =
  "give at least one of query, image, album_id, person_ids, ratings, media_type, local_datetime_after and local_datetime_before; a place alone is no criterion";

export const searchQuerySchema = searchObject
  .extend({ include: includeSchema.optional() })
  .superRefine((query, context) => {
    rejectContradictions(query, context);
    if (!hasCriterion(query)) conflictReporter(context)("query", NO_CRITERION.replace("image, ", ""));
  });

/** The text fields of the form, beside its image. */
export const searchFormSchema = searchObject.extend({ hasImage: z.boolean() }).superRefine((form, context) => {
  rejectContradictions(form, context);
  if (!form.hasImage && !hasCriterion(form)) conflictReporter(context)("query", NO_CRITERION);
});

/** The body of the form, for the OpenAPI document. */
export const searchBodySchema = searchObject
  .extend({
    image: z.string().optional().openapi({
      type: "string",
      format: "binary",
      description: "An image; finds photos that resemble it. Needs an embedder of images",
    }),
  })
  .openapi({ example: { query: "photo", media_type: "image" } });

export const imageSearchQuerySchema = z.object({ include: includeSchema.optional() });

/** Maps the parameters to the operation's query, without the columns to read. */
export function toSearchQuery(query: SearchFields) {
  const bounds = dateBounds(query);
  const isLegacy = [query.captured_after, query.captured_before, query.threshold].some((value) => value !== undefined);
  return {
    libraryId: query.library_id ?? null,
    text: query.query ?? null,
    page: query.page,
    limit: query.limit ?? (isLegacy ? LEGACY_PAGE_SIZE : SEARCH_PAGE_SIZE.default),
    maxDistance: query.threshold ?? null,
    filter: {
      ...everyAsset,
      ...toPlaceFilter(query),
      albumId: query.album_id ?? null,
      personIds: toPersonIds(query),
      mediaType: query.media_type ?? null,
      ratings: query.ratings ?? null,
      after: bounds.local_datetime_after ?? null,
      before: bounds.local_datetime_before ?? null,
    },
  };
}

export const searchHitSchema = z
  .object({
    asset: assetSchema,
    distance: z.number().min(0).max(MAX_DISTANCE).nullable().openapi({
      description:
        "The smallest cosine distance to the search, for information: hits are in order of relevance. Null for a hit of text or filters alone",
    }),
  })
  .openapi("SearchHit");

export const searchPageSchema = z
  .object({
    data: z.array(searchHitSchema),
    has_more: z.boolean().openapi({
      description: "Whether another page follows. A search by content has at most 200 hits in all",
    }),
  })
  .openapi("SearchPage");
