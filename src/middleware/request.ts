/** Request id, settings, log line and default headers of every request. */
import { createMiddleware } from "hono/factory";
import { cachedConfig } from "../kernel/config.ts";
import { info } from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

const SAFE_REQUEST_ID = /^[\w.-]{8,128}$/;

export const requestSetup = createMiddleware<AppEnv>(async (c, next) => {
  c.set("nowMs", Date.now());
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
 * Chooses the request id and sets the headers of every response. All middleware sets headers on the finished response:
 * Hono copies a response, body and headers, for those that are set before or by `c.header` after it.
 */
export const defaultHeaders = createMiddleware<AppEnv>(async (c, next) => {
  const given = c.req.header("x-request-id");
  const requestId = given !== undefined && SAFE_REQUEST_ID.test(given) ? given : crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
  const { headers } = c.res;
  headers.set("X-Request-Id", requestId);
  // Prevents MIME sniffing: JSON contains text from users and files.
  headers.set("X-Content-Type-Options", "nosniff");
  // Workers Cache stores a response without the header by its status: a 200 for two hours, a 404 for three minutes.
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
});
