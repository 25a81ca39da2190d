/** The multipart body of a new version: its file flows on as it arrives, its two fields may come before or behind it. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, invalid } from "../../kernel/errors.ts";
import type { AppEnv } from "../../middleware/context.ts";
import type { SentFile } from "../../operations/versions/versionFiles.ts";
import { chunksOf, drain } from "../../http/bodyReader.ts";
import { boundaryOf, readParts, textOf, type Part } from "../../http/multipart.ts";
import { parse } from "../router.ts";
import { kindSchema, MAX_PARAMS_BYTES, paramsSchema } from "./schemas.ts";

const MAX_KIND_BYTES = 256;

const fieldsSchema = z.object({ kind: kindSchema, params: paramsSchema });
const fieldLimits = new Map<string, number>([
  ["kind", MAX_KIND_BYTES],
  ["params", MAX_PARAMS_BYTES],
]);

const FILE_HELP = "JPEG or PNG by its bytes, at most 100 MiB: the edited pixels, upright.";
export const versionBody = fieldsSchema.extend({
  file: z.string().openapi({ type: "string", format: "binary", description: FILE_HELP }),
});

export interface VersionForm<File> {
  file: File;
  kind: string;
  params: Record<string, unknown>;
}

/** A body that breaks off is the client's doing, or its network's: no 5xx for it. */
async function* arriving(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunksOf(body);
  } catch (error) {
    throw new AppError("bad_request", "the request body broke off before its end", { cause: error });
  }
}

/** Refused as soon as it is read where it is wrong by itself: no file is taken in for nothing. */
async function readField(part: Part, fields: Map<string, string>): Promise<void> {
  const maxBytes = fieldLimits.get(part.name);
  if (maxBytes === undefined) return;
  if (fields.has(part.name)) throw invalid(["body", part.name], "was given more than once");
  fields.set(part.name, await textOf(part, maxBytes));
  parse(fieldsSchema.partial(), Object.fromEntries(fields), "form");
}

function sizeHintOf(c: Context<AppEnv>): number | null {
  const length = Number(c.req.header("content-length"));
  return Number.isSafeInteger(length) && length > 0 ? length : null;
}

export interface FileTaker<File> {
  take: (file: SentFile) => Promise<File>;
  /** For a file whose form turned out wrong. */
  discard: (file: File) => Promise<void>;
}

/** Everything the body holds. What is left of a refused body is taken in, so that the client gets the answer. */
export async function readVersionForm<File>(
  c: Context<AppEnv>,
  { take, discard }: FileTaker<File>,
): Promise<VersionForm<File>> {
  const { body } = c.req.raw;
  if (body === null) throw invalid(["body", "file"], "is missing: the body is empty");
  const boundary = boundaryOf(c.req.header("content-type") ?? null);
  const fields = new Map<string, string>();
  let received: { file: File } | null = null;
  try {
    for await (const part of readParts(arriving(body), boundary)) {
      if (part.name === "file") {
        if (received !== null) throw invalid(["body", "file"], "only one file may be sent");
        const { body: bytes, contentType: declaredType } = part;
        received = { file: await take({ body: bytes, declaredType, sizeHint: sizeHintOf(c) }) };
      } else await readField(part, fields);
    }
    if (received === null) throw invalid(["body", "file"], "is missing");
    return { ...received, ...parse(fieldsSchema, Object.fromEntries(fields), "form") };
  } catch (error) {
    if (received !== null) await discard(received.file);
    await drain(body);
    throw error;
  }
}
