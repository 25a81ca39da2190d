/** Limits the type and size of JSON request bodies. File uploads are exempt. */
import { bodyLimit } from "hono/body-limit";
import { except } from "hono/combine";
import { createMiddleware } from "hono/factory";
import { hasBody } from "../http/bodyReader.ts";
import { AppError } from "../kernel/errors.ts";
import type { AppEnv } from "./context.ts";

export const MAX_JSON_BYTES = 1024 * 1024;

const jsonSize = bodyLimit({
  maxSize: MAX_JSON_BYTES,
  onError: () => {
    throw new AppError("payload_too_large", "JSON body is larger than 1 MiB");
  },
});

const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

const jsonOnly = createMiddleware<AppEnv>(async (c, next) => {
  const type = c.req.header("content-type");
  if (hasBody(c.req.raw) && (type === undefined || !JSON_TYPE.test(type))) {
    throw new AppError("unsupported_media_type", "unsupported Content-Type: send the body as application/json");
  }
  await next();
});

/** Uploads, new versions, video posters and searched images: their routes read the body and have their own limits. */
function isFileUpload(method: string, path: string): boolean {
  if (method === "POST") {
    return /^\/api\/(search|assets(\/[^/]+\/versions(\/[^/]+\/replace)?)?)\/?$/.test(path);
  }
  return method === "PUT" && /^\/api\/assets\/[^/]+\/still\/?$/.test(path);
}

export const jsonBody = except((c) => isFileUpload(c.req.method, c.req.path), jsonOnly, jsonSize);
