/** GET and HEAD /media/…: files behind signed URLs. */
import { createRoute, z } from "@hono/zod-openapi";
import { publicContext } from "../../middleware/context.ts";
import { serveSignedUrl } from "./mediaResponse.ts";
import { addStreamingRoute, newRouter } from "../router.ts";
import { errorResponses, idSchema } from "../fieldSchemas.ts";

const binary = { schema: z.string().openapi({ format: "binary" }) };
// A stored file without a type has the last one. Some client generators know no other type of a file.
const fileContent = {
  description: "The file",
  content: { "image/*": binary, "video/*": binary, "application/octet-stream": binary },
};

/** Responses that all routes serving files have in common. */
export const binaryResponses = {
  200: fileContent,
  206: { ...fileContent, description: "The requested byte range" },
  304: { description: "Not modified" },
  412: { description: "Precondition failed" },
  416: { description: "Range not satisfiable" },
};

const get = createRoute({
  method: "get",
  path: "/media/{asset_id}/{version_id}/{variant}",
  tags: ["Media"],
  operationId: "media_get",
  summary: "Download a media file by its signed URL",
  description:
    "API responses contain these URLs complete with signature. Supports Range, conditional requests and HEAD. Any cache may store the file until the URL expires (`Cache-Control`).",
  security: [],
  middleware: [publicContext] as const,
  request: {
    params: z.object({
      asset_id: idSchema("asset"),
      version_id: idSchema("assetVersion"),
      variant: z.string().openapi({ description: "`original`, a variant such as `thumbnail`, or the crop of a face" }),
    }),
    query: z.object({
      exp: z.string().openapi({ description: "Expiry in Unix seconds" }),
      dl: z.string().optional().openapi({ description: "File name of a download" }),
      trashed: z.string().optional().openapi({ description: "When a trashed asset was trashed" }),
      sig: z.string().openapi({ description: "The signature" }),
    }),
  },
  responses: { ...binaryResponses, ...errorResponses(404) },
});

export const media = newRouter();

addStreamingRoute(media, get, (c) => serveSignedUrl(c.var.context, c.req.raw, c.var.origin));
