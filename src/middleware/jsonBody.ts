/** What a JSON request body may be: JSON, and of a size that can be parsed whole. Uploads do not pass here. */
import { bodyLimit } from "hono/body-limit";
import { except } from "hono/combine";
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import type { AppEnv } from "./context.ts";

const MAX_JSON_BYTES = 1024 * 1024;

const jsonSize = bodyLimit({
  maxSize: MAX_JSON_BYTES,
  onError: () => {
    throw new AppError("payload_too_large", "a JSON body may have at most 1 MiB");
  },
});

const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

const jsonOnly = createMiddleware<AppEnv>(async (c, next) => {
  const type = c.req.header("content-type");
  const hasBody = c.req.raw.body !== null && c.req.header("content-length") !== "0";
  if (hasBody && (type === undefined || !JSON_TYPE.test(type))) {
    throw new AppError("unsupported_media_type", "send the body as application/json");
  }
  await next();
});

/** An upload, another version, and the still of a video: their routes read the bodies, with limits of their own. */
function takesFile(method: string, path: string): boolean {
  if (method === "POST") return /^\/api\/assets(\/[^/]+\/versions(\/[^/]+\/replace)?)?\/?$/.test(path);
  return method === "PUT" && /^\/api\/assets\/[^/]+\/still\/?$/.test(path);
}

export const jsonBodies = except((c) => takesFile(c.req.method, c.req.path), jsonOnly, jsonSize);
