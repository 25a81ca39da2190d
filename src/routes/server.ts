/** The service itself: ping, version and health, without a credential. */
import { createRoute, z } from "@hono/zod-openapi";
import packageJson from "../../package.json";
import { publicContext } from "../middleware/context.ts";
import { checkHealth } from "../operations/maintenance/health.ts";
import { errorResponse, jsonResponse } from "./fieldSchemas.ts";
import { newRouter } from "./router.ts";

const tags = ["Server"];
/** Plain HTTP in production. */
const httpsOnly = errorResponse(403);

const ping = createRoute({
  method: "get",
  path: "/api/server/ping",
  tags,
  operationId: "ping_get",
  summary: "Health check",
  description: "Answers without storage access: the Worker runs.",
  security: [],
  responses: {
    200: { description: "pong", content: { "text/plain": { schema: z.literal("pong") } } },
    403: httpsOnly,
  },
});

const versionSchema = z
  .object({
    version: z.string().openapi({ description: "Version of the code, as in CHANGELOG.md" }),
    commit: z.string().nullable().openapi({ description: "Git commit of the deployment; null in local development" }),
    schema_version: z.string().nullable().openapi({
      description: "The newest migration of the database; null if the database does not answer",
    }),
  })
  .openapi("ServerVersion");

const version = createRoute({
  method: "get",
  path: "/api/server/version",
  tags,
  operationId: "server_version",
  summary: "Version of the code and of the database",
  description: "The database is asked at most every ten seconds per isolate.",
  security: [],
  middleware: [publicContext] as const,
  responses: { 200: jsonResponse(versionSchema, "The versions"), 403: httpsOnly },
});

const componentSchema = z.enum(["ok", "failed"]);
const healthSchema = z
  .object({
    status: componentSchema,
    database: componentSchema.openapi({ description: "D1 answers a query" }),
    storage: componentSchema.openapi({ description: "R2 answers a read" }),
  })
  .openapi("ServerHealth");

const health = createRoute({
  method: "get",
  path: "/api/server/health",
  tags,
  operationId: "server_health",
  summary: "Whether database and storage answer",
  description: "For monitoring. Storage is asked at most every ten seconds per isolate.",
  security: [],
  middleware: [publicContext] as const,
  responses: {
    200: jsonResponse(healthSchema, "Everything answers"),
    403: httpsOnly,
    503: jsonResponse(healthSchema, "Database or storage failed or took longer than five seconds"),
  },
});

const componentOf = (isOk: boolean) => (isOk ? "ok" : "failed");

export const server = newRouter()
  .openapi(ping, (c) => {
    c.header("Cache-Control", "no-store");
    return c.text("pong", 200);
  })
  .openapi(version, async (c) => {
    const { schemaVersion } = await checkHealth(c.var.context);
    const { commit } = c.var.config;
    return c.json({ version: packageJson.version, commit, schema_version: schemaVersion }, 200);
  })
  .openapi(health, async (c) => {
    const { database, storage } = await checkHealth(c.var.context);
    const isOk = database && storage;
    const body = { status: componentOf(isOk), database: componentOf(database), storage: componentOf(storage) } as const;
    return c.json(body, isOk ? 200 : 503);
  });
