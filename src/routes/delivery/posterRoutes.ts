/** PUT /api/assets/{asset_id}/still: our extension, for videos of which the account can take no frame. */
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../kernel/errors.ts";
import { allows } from "../../middleware/authentication.ts";
import { putStill } from "../../operations/delivery/posters.ts";
import { chunksOf, drain } from "../../http/bodyReader.ts";
import { linksOf } from "./routes.ts";
import { newRouter, parse } from "../router.ts";
import { assetSchema } from "../assets/schemas.ts";
import { failures, idSchema, ok, security } from "../fieldSchemas.ts";
import { assetShape, everyGroup } from "../assets/serializer.ts";

/** What the renderer takes as its input; read whole, since a still is small. */
const MAX_STILL_BYTES = 20 * 1024 * 1024;

const params = z.object({ asset_id: idSchema("asset") });
const picture = { schema: z.string().openapi({ format: "binary" }) };

const put = createRoute({
  method: "put",
  path: "/api/assets/{asset_id}/still",
  tags: ["Assets"],
  summary: "Set the still of a video",
  description: "The body is a JPEG, PNG or WebP of at most 20 MiB. Extension of Tintype: the Gumnut API has none.",
  security,
  request: {
    params,
    body: { required: true, content: { "image/jpeg": picture, "image/png": picture, "image/webp": picture } },
  },
  responses: { 200: ok(assetSchema, "The video, with the rungs of its still"), ...failures(404, 409, 413, 415) },
});

/** A chunk is valid until the next one: each is copied as it comes. */
async function wholeBody(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body === null ? [] : chunksOf(body)) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_STILL_BYTES) break;
    parts.push(chunk.slice());
  }
  if (sizeBytes <= MAX_STILL_BYTES) return new Uint8Array(await new Blob(parts).arrayBuffer());
  if (body !== null) await drain(body);
  throw new AppError("payload_too_large", "a still may have at most 20 MiB");
}

export const stills = newRouter();
stills.openAPIRegistry.registerPath(put);
stills.put("/api/assets/:asset_id/still", allows("write"), async (c) => {
  const { asset_id: assetId } = parse(params, c.req.param(), "param");
  if (!/^image\/(jpeg|png|webp)\b/i.test(c.req.header("content-type") ?? "")) {
    throw new AppError("unsupported_media_type", "send the still as image/jpeg, image/png or image/webp");
  }
  const { db, principal, nowMs } = c.var;
  const bytes = await wholeBody(c.req.raw.body);
  const asset = await putStill({ db, bucket: c.env.BUCKET, queue: c.env.QUEUE, nowMs }, principal, assetId, bytes);
  return c.json(await assetShape(asset, everyGroup, await linksOf(c)), 200);
});
