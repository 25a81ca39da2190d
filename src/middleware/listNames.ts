/** Accepts lists in a query under names with brackets, as form encoders spell them: `ratings[]=4` is `ratings=4`. */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./context.ts";

/** Brackets at the end of a parameter's name, also percent-encoded. */
const BRACKETS = /([?&][^=&]*?)(?:\[\]|%5B%5D)(?==|&|$)/gi;

export const plainListNames = createMiddleware<AppEnv>(async (c, next) => {
  const { url } = c.req.raw;
  const plain = url.replace(BRACKETS, "$1");
  if (plain !== url && c.req.method === "GET") c.req.raw = new Request(plain, c.req.raw);
  await next();
});
