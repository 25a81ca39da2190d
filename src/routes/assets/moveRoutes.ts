/** Moves assets between libraries. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import { moveAssets } from "../../operations/assets/moveAssets.ts";
import {
  arraySchema,
  credentialSecurity,
  errorResponses,
  idFieldSchema,
  idSchema,
  jsonBody,
  jsonResponse,
} from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";

/** Assets in one move: one batch moves them all. */
export const MAX_MOVED_ASSETS = 200;

const moveSchema = z
  .object({
    asset_ids: arraySchema(idSchema("asset"), 1, MAX_MOVED_ASSETS),
    source_library_id: idSchema("library"),
    destination_library_id: idSchema("library").openapi({ description: "Another library than the source" }),
  })
  .openapi("MoveAssetsRequest");

const failures = ["unavailable", "changed_source", "duplicate", "quota", "busy"] as const;

const moveResultSchema = z
  .object({
    data: z.array(
      z.object({
        asset_id: idFieldSchema("asset"),
        outcome: z.enum(["moved", "already_in_destination", "failed"]),
        failure: z.enum(failures).nullable().openapi({
          description:
            "unavailable: unknown, trashed or outside the credential's scope. changed_source: not in the source library. duplicate: the destination has the same original file, maybe in its trash. quota: the destination's storage limit is reached. busy: the same file is being deleted from the destination; retry later.",
        }),
      }),
    ),
  })
  .openapi("MoveAssetsResponse");

const move = createRoute({
  method: "post",
  path: "/api/assets/move",
  tags: ["Assets"],
  operationId: "assets_move",
  summary: "Move assets to another library",
  description:
    "Ids, files, versions and faces stay. The assets leave the albums, people and stacks of the source. Requires `write` and `delete_permanently`, and the owner of both libraries. The response is 200 even if some assets were not moved; repeating a request is safe. 409 after concurrent changes: nothing was moved, retry the request.",
  security: credentialSecurity,
  middleware: [requireAction("write"), requireAction("delete_permanently")] as const,
  request: { body: jsonBody(moveSchema) },
  responses: {
    200: jsonResponse(moveResultSchema, "One result for each distinct id, in order"),
    ...errorResponses(404, 409, 413, 415),
  },
});

export const moves = newRouter().openapi(move, async (c) => {
  const body = c.req.valid("json");
  const outcomes = await moveAssets(c.var.context, c.var.principal, {
    assetIds: body.asset_ids,
    sourceLibraryId: body.source_library_id,
    destinationLibraryId: body.destination_library_id,
  });
  return c.json(
    { data: outcomes.map(({ assetId, outcome, failure }) => ({ asset_id: assetId, outcome, failure })) },
    200,
  );
});
