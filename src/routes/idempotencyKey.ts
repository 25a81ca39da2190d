/** The Idempotency-Key header of routes that create something. Extends the Gumnut API. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "../middleware/context.ts";
import {
  idempotentRequest,
  MAX_IDEMPOTENCY_KEY_CHARACTERS,
  type IdempotentRequest,
} from "../operations/idempotency/createOnce.ts";

/** The draft defines a quoted string; most clients send the text without quotes. */
const KEY = new RegExp(
  `^(?:"[!#-~]{1,${MAX_IDEMPOTENCY_KEY_CHARACTERS}}"|[!#-~]{1,${MAX_IDEMPOTENCY_KEY_CHARACTERS}})$`,
);

export const idempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(KEY, { error: `must be 1 to ${MAX_IDEMPOTENCY_KEY_CHARACTERS} visible ASCII characters without quotes` })
    .optional()
    .openapi({
      description:
        "A unique key, such as a UUID. For 24 hours a repeated request with the same key and body returns the first answer and creates nothing; another body is 422.",
    }),
});

/** Reads the Idempotency-Key header; returns null if it is missing. */
export async function readIdempotencyKey(
  c: Context<AppEnv>,
  headers: z.output<typeof idempotencyHeaders>,
  body: unknown,
): Promise<IdempotentRequest | null> {
  const key = headers["idempotency-key"]?.replaceAll('"', "");
  if (key === undefined) return null;
  return await idempotentRequest(c.var.credentialId, key, [c.req.method, c.req.path.replace(/\/$/, ""), body]);
}
