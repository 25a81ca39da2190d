/** The signed URLs that answers carry, and the route they lead to. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";
import { mediaSigner } from "../../operations/delivery/urlSigner.ts";
import { makeRendition, rendererOf, type RenditionDeps } from "../../operations/delivery/renditions.ts";
import { serveMedia, type MediaDeps } from "./mediaResponse.ts";
import { newRouter } from "../router.ts";
import { failures, idSchema } from "../fieldSchemas.ts";
import type { MediaLinks } from "../assets/urlSerializer.ts";

/** Cloudflare's own resizing route. `format=auto` is WebP or AVIF by the caller's Accept. */
function edgeUrl(origin: string) {
  return (source: string, edgePx: number): string =>
    `${origin}/cdn-cgi/image/width=${edgePx},height=${edgePx},fit=scale-down,metadata=none,format=auto/${source}`;
}

/** Absolute URLs, on the origin that the deployment is known by or was asked at. */
export async function linksOf(c: Context<AppEnv>): Promise<MediaLinks> {
  const { config, nowMs, origin } = c.var;
  const signer = await mediaSigner(config.mediaSigningKey, nowMs);
  return {
    sign: async ({ downloadName, ...address }) => origin + (await signer.sign(address, downloadName ?? null)),
    resized: config.imageDelivery === "cdn-cgi" ? edgeUrl(origin) : null,
  };
}

const binary = { schema: z.string().openapi({ format: "binary" }) };
const file = { description: "The bytes", content: { "image/*": binary, "video/*": binary } };

/** What any route that serves files answers, besides its failures. */
export const binaryAnswers = {
  200: file,
  206: { ...file, description: "The range asked for" },
  304: { description: "Not modified" },
  412: { description: "A precondition does not hold" },
  416: { description: "The range lies outside the file" },
};

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
  responses: { ...binaryAnswers, ...failures(404) },
});

/** What a rung that is not there yet is made with. */
async function renditionDeps(c: Context<AppEnv>): Promise<RenditionDeps> {
  const { config, nowMs, origin } = c.var;
  const signer = await mediaSigner(config.mediaSigningKey, nowMs);
  return { bucket: c.env.BUCKET, render: rendererOf(config.imageDelivery, c.env.IMAGES), signer, origin };
}

/** All that serving media needs, the making of rungs included. */
export function mediaDepsOf(c: Context<AppEnv>): MediaDeps {
  const { config, nowMs } = c.var;
  return {
    bucket: c.env.BUCKET,
    signingKey: config.mediaSigningKey,
    nowMs,
    make: async (address, format) => {
      const rendering = renditionDeps(c).then((deps) => makeRendition(deps, address, format));
      // Whoever else waits for it must get it, even if this caller leaves.
      c.executionCtx.waitUntil(rendering.catch(() => false));
      return await rendering;
    },
  };
}

export const media = newRouter();
media.openAPIRegistry.registerPath(get);
media.on(["GET", "HEAD"], "/media/:assetId/:versionId/:variant", (c) => serveMedia(c.req.raw, mediaDepsOf(c)));
