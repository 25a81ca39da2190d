/** The OpenAPI document, generated from the schemas that validate requests. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../middleware/context.ts";

const INFO = {
  openapi: "3.1.0",
  info: {
    title: "Tintype",
    version: "0.1.0",
    description: "Photo and video API on Cloudflare Workers. Compatible with the Gumnut Photos API.",
    license: { name: "MIT", identifier: "MIT" },
  },
} as const;

function buildDocument(app: OpenAPIHono<AppEnv>): unknown {
  const document = app.getOpenAPI31Document(INFO);
  return { ...document, paths: addTrailingSlashes({ ...document.paths }) };
}

/** Documented with a trailing slash because clients send it; the router accepts both forms. */
const PATHS_WITH_TRAILING_SLASH = ["/api/api-keys", "/api/tasks"];

function addTrailingSlashes(paths: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [PATHS_WITH_TRAILING_SLASH.includes(path) ? `${path}/` : path, item]),
  );
}

/** Serves `/openapi.json` with every route of `app`, without a credential. */
export function publishOpenApi(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
  });
  let document: unknown;
  app.get("/openapi.json", (c) => {
    document ??= buildDocument(app);
    return c.json(document, 200, { "Cache-Control": "public, max-age=300, stale-if-error=0" });
  });
}
