/** PUT /api/assets/{asset_id}/still extends the Gumnut API for videos whose frames the account can't extract. */
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../kernel/errors.ts";
import { requireAction } from "../../middleware/authentication.ts";
import { putPoster } from "../../operations/delivery/posters.ts";
import { readChunks, discardBody } from "../../http/bodyReader.ts";
import { mediaUrlBuilder } from "./mediaUrls.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import { assetSchema } from "../assets/schemas.ts";
import { errorResponses, idSchema, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";
import { serializeAsset, allGroups } from "../assets/serializer.ts";

/** Input limit of the image renderer. */
export const MAX_POSTER_BYTES = 20 * 1024 * 1024;

const params = z.object({ asset_id: idSchema("asset") });
const binaryImage = { schema: z.string().openapi({ format: "binary" }) };

const put = createRoute({
  method: "put",
  path: "/api/assets/{asset_id}/still",
  tags: ["Assets"],
  summary: "Set the poster image of a video",
  description:
    "The body is a JPEG, PNG or WebP image of at most 20 MiB that can be decoded. It counts as storage. Tintype extension; not part of the Gumnut API.",
  security: credentialSecurity,
  middleware: [requireAction("write")] as const,
  request: {
    params,
    body: {
      required: true,
      content: { "image/jpeg": binaryImage, "image/png": binaryImage, "image/webp": binaryImage },
    },
  },
  responses: {
    200: jsonResponse(assetSchema, "The video with the image variants of its poster"),
    ...errorResponses(404, 409, 413, 415, 503, 507),
  },
});

/** Copies each chunk, because its buffer is reused for the next one. */
async function readWholeBody(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body === null ? [] : readChunks(body)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_POSTER_BYTES) break;
    parts.push(chunk.slice());
  }
  if (sizeBytes <= MAX_POSTER_BYTES) return new Uint8Array(await new Blob(parts).arrayBuffer());
  if (body !== null) await discardBody(body);
  throw new AppError("payload_too_large", "poster image is larger than 20 MiB");
}

export const posters = newRouter();

addStreamingRoute(posters, put, async (c) => {
  const { asset_id: assetId } = parse(params, c.req.param(), "param");
  if (!/^image\/(jpeg|png|webp)\b/i.test(c.req.header("content-type") ?? "")) {
    throw new AppError(
      "unsupported_media_type",
      "unsupported Content-Type: send the poster image as image/jpeg, image/png or image/webp",
    );
  }
  const { context, principal } = c.var;
  const bytes = await readWholeBody(c.req.raw.body);
  const asset = await putPoster(context, principal, assetId, bytes);
  return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), 200);
});
