/**
 * Local development's stand-in for `/cdn-cgi/image/<options>/<source>`, which Cloudflare's edge answers before a Worker
 * is asked. Reads the options that our own URLs use, and sources of our own alone.
 */
import { createMiddleware } from "hono/factory";
import { AppError, notFound } from "../../kernel/errors.ts";
import type { AppEnv } from "../../middleware/context.ts";
import { negotiate, type RungFormat } from "../../operations/delivery/variants.ts";
import { rendererOf } from "../../operations/delivery/renditions.ts";
import { mediaDepsOf } from "./routes.ts";
import { serveMedia } from "./mediaResponse.ts";
import { newRouter } from "../router.ts";

const EDGE_PATH = /\/cdn-cgi\/image\/([^/]+)\/(https?:\/\/.+)$/;

function widthOf(options: string): number {
  const pixels = Number(/(?:^|,)width=(\d{1,5})(?:,|$)/.exec(options)?.[1] ?? 0);
  if (pixels < 1) throw new AppError("bad_request", "options need a whole width");
  return pixels;
}

/** The binding does here what the edge does there; it takes the bytes, and asks for no URL. */
async function resize(images: ImagesBinding, body: ReadableStream<Uint8Array>, edgePx: number, format: RungFormat) {
  const url = (): Promise<string> => Promise.reject(new Error("the binding asks for no URL"));
  return await rendererOf("images-binding", images)({ body, url }, { edgePx, format });
}

const developmentOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (c.var.config.production) throw notFound("route");
  await next();
});

export const edgeResizing = newRouter();
edgeResizing.get("/cdn-cgi/image/*", developmentOnly, async (c) => {
  const [, options = "", source = ""] = EDGE_PATH.exec(c.req.url) ?? [];
  if (!URL.canParse(source) || new URL(source).origin !== c.var.origin) throw notFound("source");
  const picture = await serveMedia(new Request(source, { headers: { accept: "image/webp" } }), mediaDepsOf(c));
  if (!picture.ok || picture.body === null) return picture;
  const format = negotiate(c.req.header("accept") ?? null, "preview");
  const rendered = await resize(c.env.IMAGES, picture.body, widthOf(options), format);
  if (rendered.kind === "unreadable") throw notFound("picture");
  const headers = { "Content-Type": rendered.contentType, "cf-resized": "internal=ok/- emulated", Vary: "Accept" };
  return c.body(rendered.bytes, 200, { ...headers, "Cache-Control": "public, max-age=3600" });
});
