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
  "x-search-methods",
  "x-search-degraded",
].join(",");

/** Whether a request is a CORS preflight: an OPTIONS that names the method to come. */
function isPreflight(c: Context<AppEnv>): boolean {
  return c.req.method === "OPTIONS" && c.req.header("access-control-request-method") !== undefined;
}

/** The signature of a media URL is its credential: a page that has the URL could also fetch it through a server. */
const PUBLIC_PATH = /^\/media\//;

/** Answers a preflight. */
function preflight(origin: "*" | string[]) {
  return cors({
    origin,
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    // An empty list reflects the requested headers: SDK generators send a dozen others.
    allowHeaders: [],
    maxAge: 86_400,
  });
}

/**
 * Credentials are sent as headers, so with `*` a page has only the access of the keys that it already holds. Media are
 * open to every origin, because a response per origin would need `Vary` and an entry for each in Workers Cache.
 */
export const crossOrigin = createMiddleware<AppEnv>(async (c, next) => {
  const origins = c.get("config").corsOrigins;
  const isOpen = origins.includes("*") || PUBLIC_PATH.test(c.req.path);
  if (isPreflight(c)) return await preflight(isOpen ? "*" : origins)(c, next);
  await next();
  const { headers } = c.res;
  const origin = c.req.header("origin");
  if (isOpen) headers.set("Access-Control-Allow-Origin", "*");
  else if (origin !== undefined && origins.includes(origin)) headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  if (!isOpen) headers.append("Vary", "Origin");
  return undefined;
});
