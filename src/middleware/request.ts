/** Request id, settings, log line and default caching of every request. */
import { createMiddleware } from "hono/factory";
import { cachedConfig } from "../kernel/config.ts";
import { info } from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

const SAFE_REQUEST_ID = /^[\w.-]{8,128}$/;

export const requestSetup = createMiddleware<AppEnv>(async (c, next) => {
  const given = c.req.header("x-request-id");
  const requestId = given !== undefined && SAFE_REQUEST_ID.test(given) ? given : crypto.randomUUID();
  c.set("requestId", requestId);
  c.set("nowMs", Date.now());
  c.header("X-Request-Id", requestId);
  // Prevents MIME sniffing: JSON contains text from users and files.
  c.header("X-Content-Type-Options", "nosniff");
  const config = cachedConfig(c.env);
  c.set("config", config);
  c.set("origin", config.publicUrl ?? new URL(c.req.url).origin);
  await next();
});

/** Logs one JSON line per request, without query and body, which may contain names and signatures. */
export const requestLog = createMiddleware<AppEnv>(async (c, next) => {
  const startedAt = Date.now();
  await next();
  if (!c.get("config")?.production) return;
  info("request", {
    request_id: c.get("requestId"),
    method: c.req.method,
    path: c.req.path,
    status: c.res.status,
    actor: c.get("credentialId"),
    duration_ms: Date.now() - startedAt,
  });
});

/**
 * Gives every response without Cache-Control `no-store`. Workers Cache stores a response without the header by its
 * status: a 200 for two hours, a 404 for three minutes.
 */
export const noStoreByDefault = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
});
