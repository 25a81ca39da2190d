/** The text index of the search, for the owner of the deployment. Extends the Gumnut API. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/search/indexing/rebuildIndex.ts";
import {
  acknowledgementSchema,
  credentialSecurity,
  errorResponses,
  instantFieldSchema,
  jsonResponse,
} from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";

const statusSchema = z
  .object({
    is_rebuilding: z.boolean().openapi({ description: "All assets are being read; a search finds a part of them" }),
    events_behind: z.int().openapi({ description: "Events of the change feed that are not indexed yet" }),
    updated_at: instantFieldSchema
      .nullable()
      .openapi({ description: "The last write of the index; null before the first" }),
  })
  .openapi("SearchIndex");

const shared = { tags: ["Search"], security: credentialSecurity };

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/search-index",
  operationId: "search_index_get",
  summary: "Read the state of the text index",
  description:
    "Changes reach the index through the change feed, within seconds. Requires the owner of the deployment: the owner's key or session.",
  middleware: [requireAction("read")] as const,
  responses: { 200: jsonResponse(statusSchema, "How far the index has read the change feed"), ...errorResponses() },
});

const rebuild = createRoute({
  ...shared,
  method: "post",
  path: "/api/search-index/rebuild",
  operationId: "search_index_rebuild",
  summary: "Rebuild the text index",
  description:
    "Deletes the index and builds it from all assets, in the background. Text searches find a part of the assets until it ends. Requires the owner of the deployment: the owner's key or session.",
  middleware: [requireAction("write")] as const,
  responses: { 202: jsonResponse(acknowledgementSchema, "The rebuild starts within seconds"), ...errorResponses() },
});

export const searchIndex = newRouter()
  .openapi(get, async (c) => {
    const status = await operations.getIndexStatus(c.var.context, c.var.principal);
    const { isRebuilding, eventsBehind, updatedAtMs } = status;
    const updatedAt = updatedAtMs === null ? null : formatInstant(updatedAtMs);
    return c.json({ is_rebuilding: isRebuilding, events_behind: eventsBehind, updated_at: updatedAt }, 200);
  })
  .openapi(rebuild, async (c) => {
    await operations.rebuildIndex(c.var.context, c.var.principal);
    return c.json({}, 202);
  });
