/** The published API description, made from the schemas that validate. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../middleware/context.ts";

const INFO = {
  openapi: "3.1.0",
  info: {
    title: "Tintype",
    version: "0.1.0",
    description: "A photo and video asset API at the edge. Speaks the Gumnut Photos API.",
    license: { name: "MIT", identifier: "MIT" },
  },
} as const;

function describe(app: OpenAPIHono<AppEnv>): unknown {
  const document = app.getOpenAPI31Document(INFO);
  return { ...document, paths: withSlashes({ ...document.paths }) };
}

/** Clients write these collections with a slash; the router takes both. */
const SLASHED = ["/api/api-keys", "/api/tasks"];

function withSlashes(paths: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [SLASHED.includes(path) ? `${path}/` : path, item]),
  );
}

/** Serves `/openapi.json` for every route that `app` has. Needs no credential: it holds nothing of anyone's. */
export function publishOpenApi(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
  });
  let document: unknown;
  app.get("/openapi.json", (c) => {
    document ??= describe(app);
    return c.json(document, 200, { "Cache-Control": "public, max-age=300" });
  });
}
