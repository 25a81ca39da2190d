/** GET /api/server/ping: health check without a credential or storage access. */
import { createRoute, z } from "@hono/zod-openapi";
import { newRouter } from "./router.ts";

const ping = createRoute({
  method: "get",
  path: "/api/server/ping",
  tags: ["Server"],
  summary: "Health check",
  security: [],
  responses: { 200: { description: "pong", content: { "text/plain": { schema: z.literal("pong") } } } },
});

export const server = newRouter().openapi(ping, (c) => c.text("pong", 200));
