/** GET and POST /api/search. */
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { readBufferedForm, type BufferedForm, type BufferedFormSpec } from "../../http/bufferedForm.ts";
import { invalid } from "../../kernel/errors.ts";
import { requireAction } from "../../middleware/authentication.ts";
import type { AppEnv } from "../../middleware/context.ts";
import { search } from "../../operations/search/search.ts";
import type { SearchPage, SearchQuery } from "../../operations/search/searchQuery.ts";
import type { IncludeGroup } from "../assets/schemas.ts";
import { columnGroupsOf, serializeAsset } from "../assets/serializer.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { credentialSecurity, errorResponses, jsonResponse } from "../fieldSchemas.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import {
  imageSearchQuerySchema,
  searchBodySchema,
  searchFields,
  searchFormSchema,
  searchPageSchema,
  searchQuerySchema,
  toSearchQuery,
} from "./schemas.ts";

export const MAX_SEARCH_IMAGE_BYTES = 10 * 1024 * 1024;
export const MAX_SEARCH_FIELD_BYTES = 64 * 1024;
/** Each of 200 people and six ratings may be a part. */
export const MAX_SEARCH_PARTS = 300;

const SEARCH_DESCRIPTION =
  "At least one criterion is needed: text, an image, an album, people, ratings, a media type or a date; a place only narrows the others. A search by content ranks at most 200 assets; videos match by their text. A search by filters alone returns every match, newest first. The header `x-search-methods` names the methods that found the hits: `filters`, `text`, `vectors`. With `x-search-degraded: true` a configured method failed and its hits are missing.";

const shared = { tags: ["Search"], security: credentialSecurity, path: "/api/search" as const };
const responses = {
  200: jsonResponse(searchPageSchema, "A page of hits, the best or the newest first"),
};

const searchByQuery = createRoute({
  ...shared,
  method: "get",
  operationId: "search_search",
  summary: "Search assets by text and filters",
  description: SEARCH_DESCRIPTION,
  middleware: [requireAction("read")] as const,
  request: { query: searchQuerySchema },
  responses: { ...responses, ...errorResponses(404) },
});

const searchByForm = createRoute({
  ...shared,
  method: "post",
  operationId: "search_search_assets",
  summary: "Search assets by an image, text and filters",
  description: `The parameters of the search by query as form fields, and an image; \`include\` stays in the query string. ${SEARCH_DESCRIPTION}`,
  middleware: [requireAction("read")] as const,
  request: {
    query: imageSearchQuerySchema,
    body: { required: true, content: { "multipart/form-data": { schema: searchBodySchema } } },
  },
  responses: { ...responses, ...errorResponses(404, 413, 415) },
});

const formSpec: BufferedFormSpec = {
  fileField: "image",
  maxFileBytes: MAX_SEARCH_IMAGE_BYTES,
  fields: new Set(Object.keys(searchFields)),
  maxFieldBytes: MAX_SEARCH_FIELD_BYTES,
  maxParts: MAX_SEARCH_PARTS,
};

const LIST_FIELDS: ReadonlySet<string> = new Set(["person_ids", "ratings"]);

/** The fields as their schema takes them. An empty one counts as absent. */
function fieldValues({ fields }: BufferedForm): Record<string, string | string[]> {
  const entries = [...fields].flatMap(([name, values]): [string, string | string[]][] => {
    const given = values.filter((value) => value !== "");
    const [first, ...others] = given;
    if (first === undefined) return [];
    if (LIST_FIELDS.has(name)) return [[name, given]];
    if (others.length > 0) throw invalid(["body", name], "was given more than once");
    return [[name, first]];
  });
  return Object.fromEntries(entries);
}

async function respond(c: Context<AppEnv>, page: SearchPage, include: IncludeGroup[] | undefined) {
  const groups = new Set(include);
  const urls = await mediaUrlBuilder(c);
  const data = await Promise.all(
    page.hits.map(async ({ asset, distance }) => ({ asset: await serializeAsset(asset, groups, urls), distance })),
  );
  c.header("x-search-methods", page.methods.join(", "));
  if (page.isDegraded) c.header("x-search-degraded", "true");
  return c.json({ data, has_more: page.hasMore }, 200);
}

function runSearch(
  c: Context<AppEnv>,
  query: Omit<SearchQuery, "groups">,
  include: IncludeGroup[] | undefined,
): Promise<SearchPage> {
  const groups = columnGroupsOf(new Set(include));
  return search(c.var.context, c.var.principal, { ...query, groups });
}

export const searches = newRouter().openapi(searchByQuery, async (c) => {
  const query = c.req.valid("query");
  const page = await runSearch(c, { ...toSearchQuery(query), imageBytes: null }, query.include);
  return await respond(c, page, query.include);
});

addStreamingRoute(searches, searchByForm, async (c) => {
  const { include } = parse(imageSearchQuerySchema, { include: c.req.queries("include") }, "query");
  const form = await readBufferedForm(c.req.raw, formSpec);
  const imageBytes = form.fileBytes;
  if (imageBytes?.byteLength === 0) throw invalid(["body", "image"], "is empty");
  const fields = parse(searchFormSchema, { ...fieldValues(form), hasImage: imageBytes !== null }, "form");
  const page = await runSearch(c, { ...toSearchQuery(fields), imageBytes }, include);
  return await respond(c, page, include);
});
