/** The signed URLs that answers carry, and the route they lead to. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../middleware/context.ts";
import { mediaSigner } from "../operations/mediaUrls.ts";
import { serveMedia } from "./media.ts";
import { newRouter } from "./router.ts";
import { failures, idSchema } from "./schemas/common.ts";
import type { SignMedia } from "./shapes/asset.ts";

/** Absolute URLs, on the origin that the deployment is known by or was asked at. */
export async function signerOf(c: Context<AppEnv>): Promise<SignMedia> {
  const { config, nowMs, origin } = c.var;
  const signer = await mediaSigner(config.mediaSigningKey, nowMs);
  return async ({ downloadName, ...address }) => origin + (await signer.sign(address, downloadName ?? null));
}

const binary = { schema: z.string().openapi({ format: "binary" }) };
const file = { description: "The bytes", content: { "image/*": binary, "video/*": binary } };

const get = createRoute({
  method: "get",
  path: "/media/{asset_id}/{version_id}/{variant}",
  tags: ["Media"],
  summary: "The bytes behind a signed URL",
  description: "Answers of the API carry these URLs whole. Ranges and conditional requests are served; HEAD too.",
  security: [],
  request: {
    params: z.object({ asset_id: idSchema("asset"), version_id: idSchema("assetVersion"), variant: z.string() }),
    query: z.object({ exp: z.string(), dl: z.string().optional(), sig: z.string() }),
  },
  responses: {
    200: file,
    206: { ...file, description: "The range asked for" },
    304: { description: "Not modified" },
    412: { description: "A precondition does not hold" },
    416: { description: "The range lies outside the file" },
    ...failures(404),
  },
});

export const media = newRouter();
media.openAPIRegistry.registerPath(get);
media.on(["GET", "HEAD"], "/media/:assetId/:versionId/:variant", (c) => {
  const { config, nowMs } = c.var;
  return serveMedia(c.req.raw, { bucket: c.env.BUCKET, signingKey: config.mediaSigningKey, nowMs });
});
