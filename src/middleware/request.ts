/** First of all: an id for the request, the deployment's settings, and a log line at the end. */
import { createMiddleware } from "hono/factory";
import { parseConfig, type Config } from "../kernel/config.ts";
import { info } from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

/** Settings do not change while an isolate lives; env is one object for all that time. */
const parsed = new WeakMap<object, Config>();

export function configOf(env: Cloudflare.Env): Config {
  const known = parsed.get(env);
  if (known !== undefined) return known;
  const config = parseConfig({ ...env });
  parsed.set(env, config);
  return config;
}

const SAFE_REQUEST_ID = /^[\w.-]{8,128}$/;

export const request = createMiddleware<AppEnv>(async (c, next) => {
  const given = c.req.header("x-request-id");
  const requestId = given !== undefined && SAFE_REQUEST_ID.test(given) ? given : crypto.randomUUID();
  c.set("requestId", requestId);
  c.set("nowMs", Date.now());
  c.header("X-Request-Id", requestId);
  const config = configOf(c.env);
  c.set("config", config);
  c.set("origin", config.publicUrl ?? new URL(c.req.url).origin);
  await next();
});

/** One JSON line a request, without query or body: they may hold names and signatures. */
export const logLine = createMiddleware<AppEnv>(async (c, next) => {
  const startedAt = Date.now();
  await next();
  if (!c.get("config")?.production) return;
  info("request", {
    request_id: c.get("requestId"),
    method: c.req.method,
    path: c.req.path,
    status: c.res.status,
    duration_ms: Date.now() - startedAt,
  });
});

/** A response without Cache-Control may be cached, and every JSON answer is some caller's own. */
export const noStore = createMiddleware<AppEnv>(async (c, next) => {
  c.header("Cache-Control", "no-store");
  await next();
});
