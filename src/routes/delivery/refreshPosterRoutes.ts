/** New posters of earlier videos. Extension to the Gumnut API. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import { refreshPosters } from "../../operations/delivery/posters/refreshPosters.ts";
import { credentialSecurity, errorResponses, idSchema, jsonResponse } from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";

const refreshedPostersSchema = z
  .object({ count: z.int().openapi({ description: "Tasks that were started before the response" }) })
  .openapi("RefreshedPosters");

const post = createRoute({
  method: "post",
  path: "/api/libraries/{library_id}/video-posters",
  tags: ["Libraries"],
  operationId: "libraries_posters_refresh",
  summary: "Make the posters of earlier videos again",
  description:
    "Starts the task `video_thumbnail_extract` of each live video without a poster, or with one that the service made from the video; of more than 1,000 videos within minutes. A poster stays until another replaces it; posters from clients stay. Tintype extension; not part of the Gumnut API. Requires the owner of the library.",
  security: credentialSecurity,
  middleware: [requireAction("write")] as const,
  request: { params: z.object({ library_id: idSchema("library") }) },
  responses: { 200: jsonResponse(refreshedPostersSchema, "The tasks were started"), ...errorResponses(404) },
});

export const refreshedPosters = newRouter().openapi(post, async (c) => {
  const { context, principal } = c.var;
  return c.json({ count: await refreshPosters(context, principal, c.req.valid("param").library_id) }, 200);
});
