/**
 * Answers 404 for an unknown path, and 405 with Allow for an unsupported method of a path (RFC 9110, 15.5.6), before
 * authentication and body checks: both depend on the published routes only.
 */
import type { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import type { AppEnv } from "./context.ts";
import { onNotFound } from "./errors.ts";

interface KnownPath {
  pattern: RegExp;
  methods: string[];
}

/** Hono's path syntax, as far as the routes use it: literals, `:name` and a final `*`. */
function pathPattern(path: string): RegExp {
  const source = path
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/:\w+/g, "[^/]+")
    .replaceAll("*", ".*");
  return new RegExp(`^${source}$`);
}

/** Orders `/assets/counts` before `/assets/:asset_id`: of two matches the literal one is the path that was meant. */
function literalsFirst(one: string, other: string): number {
  const sortable = (path: string): string => path.replaceAll(/:\w+|\*/g, "\uFFFF");
  return sortable(one) < sortable(other) ? -1 : 1;
}

/** HEAD is answered through GET, and OPTIONS here. */
function allowedMethods(methods: ReadonlySet<string>): string[] {
  return [...methods, ...(methods.has("GET") ? ["HEAD"] : []), "OPTIONS"].toSorted();
}

function listKnownPaths(app: Hono<AppEnv>): KnownPath[] {
  const methodsByPath = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === "ALL") continue;
    methodsByPath.set(path, (methodsByPath.get(path) ?? new Set()).add(method));
  }
  return [...methodsByPath]
    .toSorted(([one], [other]) => literalsFirst(one, other))
    .map(([path, methods]) => ({ pattern: pathPattern(path), methods: allowedMethods(methods) }));
}

/**
 * Returns the middleware, and `listRoutes` to call when all routes of `app` are mounted: at the first request it would
 * take 1 ms of CPU time.
 */
export function knownRoutesOnly(app: Hono<AppEnv>) {
  let paths: KnownPath[] = [];
  const find = (path: string): KnownPath | undefined => paths.find(({ pattern }) => pattern.test(path));
  const listRoutes = (): void => {
    paths = listKnownPaths(app);
    // A pattern is compiled when it is first tested.
    find("");
  };
  const middleware = createMiddleware<AppEnv>(async (c, next) => {
    const known = find(c.req.path);
    if (known === undefined) return onNotFound(c);
    if (c.req.method !== "OPTIONS" && known.methods.includes(c.req.method)) return await next();
    c.header("Allow", known.methods.join(", "));
    if (c.req.method === "OPTIONS") return c.body(null, 204);
    throw new AppError("method_not_allowed", `${c.req.method} is not allowed for ${c.req.path}; see the Allow header`);
  });
  return { middleware, listRoutes };
}
