/** CORS for browser apps: which origins may call, and which response headers they may see. */
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

const EXPOSED_HEADERS = [
  "X-Request-Id",
  "x-d1-bookmark",
  "x-new-access-token",
  "Retry-After",
  "x-should-retry",
  "ETag",
  "Content-Disposition",
  "Content-Length",
  "Content-Range",
  "Accept-Ranges",
];

/** Credentials are headers, not cookies, so `*` gives a page nothing that its user's key would not. */
export const crossOrigin = createMiddleware<AppEnv>(async (c, next) => {
  const origins = c.get("config").corsOrigins;
  const handler = cors({
    origin: origins.includes("*") ? "*" : origins,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    // Whatever is asked for: the SDKs send a dozen of their generator's own, and the next one may send others.
    allowHeaders: [],
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: 86_400,
  });
  return await handler(c, next);
});
