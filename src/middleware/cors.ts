/** CORS for browser apps: allowed origins and exposed response headers. */
import type { Context } from "hono";
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
  "Repr-Digest",
];

/** A browser's question before a request (CORS): an OPTIONS that names the method to come. */
export function isPreflight(c: Context<AppEnv>): boolean {
  return c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined;
}

/** Credentials are sent as headers, so with `*` a page has only the access of the keys that it already holds. */
export const crossOrigin = createMiddleware<AppEnv>(async (c, next) => {
  // Hono's handler would answer any other OPTIONS request as a preflight.
  if (c.req.method === "OPTIONS" && !isPreflight(c)) return await next();
  const origins = c.get("config").corsOrigins;
  const handler = cors({
    origin: origins.includes("*") ? "*" : origins,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    // An empty list reflects the requested headers: SDK generators send a dozen of their own.
    allowHeaders: [],
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: 86_400,
  });
  return await handler(c, next);
});
