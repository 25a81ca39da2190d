/** The typed environment of routes, and the operations' context of each request. */
import type { Context as RequestContext } from "hono";
import { createMiddleware } from "hono/factory";
import type { Config } from "../kernel/config.ts";
import type { Principal } from "../operations/accounts/authentication.ts";
import { createContext, type Consistency, type Context } from "../operations/context.ts";

export interface AppEnv {
  Bindings: Cloudflare.Env;
  Variables: {
    config: Config;
    requestId: string;
    nowMs: number;
    /** Origin of the absolute URLs in responses: PUBLIC_URL, or the request's own. */
    origin: string;
    context: Context;
    principal: Principal;
    /** Id of an API key or a session, or `root`: the key of the rate limit, and the actor of log lines and events. */
    credentialId: string;
  };
}

export function requestContext(c: RequestContext<AppEnv>, consistency: Consistency): Context {
  const { config, nowMs } = c.var;
  return createContext(c.env, {
    config: () => config,
    consistency,
    actor: () => c.get("credentialId") ?? null,
    nowMs,
    execution: c.executionCtx,
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  });
}

/**
 * For routes outside `/api`, which authenticate by signature. Media requests read one row, from the nearest replica.
 */
export const publicContext = createMiddleware<AppEnv>(async (c, next) => {
  c.set("context", requestContext(c, "nearest"));
  await next();
});

/** For public routes that write, such as a sign-in: they read what was just written. */
export const primaryContext = createMiddleware<AppEnv>(async (c, next) => {
  c.set("context", requestContext(c, "primary"));
  await next();
});
