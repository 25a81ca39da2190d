/**
 * Emulates `/cdn-cgi/image/<options>/<source>` in local development; in production Cloudflare's edge handles this path.
 * Supports the options of our own URLs and sources on our own origin.
 */
import { createMiddleware } from "hono/factory";
import { AppError, notFound } from "../../kernel/errors.ts";
import { publicContext, type AppEnv } from "../../middleware/context.ts";
import { createRenderer } from "../../operations/delivery/renditions.ts";
import { serveSignedUrl } from "./mediaResponse.ts";
import { newRouter } from "../router.ts";

const EDGE_PATH = /\/cdn-cgi\/image\/([^/]+)\/(https?:\/\/.+)$/;

function widthOf(options: string): number {
  const pixels = Number(/(?:^|,)width=(\d{1,5})(?:,|$)/.exec(options)?.[1] ?? 0);
  if (pixels < 1) throw new AppError("bad_request", "image resizing options must contain an integer width");
  return pixels;
}

/** Resizes with the Images binding, which reads the bytes directly. */
async function resize(images: ImagesBinding, body: ReadableStream<Uint8Array>, edgePx: number) {
  const url = (): Promise<string> => Promise.reject(new Error("the Images binding does not use a source URL"));
  return await createRenderer("images-binding", images)({ body, url }, { edgePx, format: "webp" });
}

const developmentOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (c.var.config.production) throw notFound("route");
  await next();
});

export const edgeResizing = newRouter();
edgeResizing.get("/cdn-cgi/image/*", developmentOnly, publicContext, async (c) => {
  const [, options = "", source = ""] = EDGE_PATH.exec(c.req.url) ?? [];
  if (!URL.canParse(source) || new URL(source).origin !== c.var.origin) throw notFound("source");
  const image = await serveSignedUrl(c.var.context, new Request(source), c.var.origin);
  if (!image.ok || image.body === null) return image;
  const rendered = await resize(c.env.IMAGES, image.body, widthOf(options));
  if (rendered.kind === "unreadable") throw notFound("image");
  const headers = { "Content-Type": rendered.contentType, "cf-resized": "internal=ok/- emulated" };
  return c.body(rendered.bytes, 200, { ...headers, "Cache-Control": "public, max-age=3600, stale-if-error=0" });
});
