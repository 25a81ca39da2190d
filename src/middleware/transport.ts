/** Refuses plain HTTP in production, and sends HSTS. */
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import type { AppEnv } from "./context.ts";

/** One year. includeSubDomains is omitted because it would apply to unrelated hosts of the zone. */
export const HSTS_MAX_AGE_SECONDS = 365 * 24 * 60 * 60;

/**
 * Refuses instead of redirecting: after a redirect, a client with a wrong base URL would go on sending its key in
 * clear text. The URL has the scheme of the client's connection to Cloudflare. Local development uses plain HTTP.
 */
export const httpsOnly = createMiddleware<AppEnv>(async (c, next) => {
  if (!c.get("config").production) return await next();
  if (new URL(c.req.url).protocol !== "https:") {
    throw new AppError("forbidden", "plain HTTP is refused: use https://, and replace a key that was sent over HTTP");
  }
  await next();
  // RFC 6797, 7.2: sent over HTTPS only.
  c.res.headers.set("Strict-Transport-Security", `max-age=${HSTS_MAX_AGE_SECONDS}`);
});
