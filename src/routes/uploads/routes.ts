/** POST /api/assets: reads the multipart stream part by part; the file flows on into storage as it arrives. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, invalid } from "../../kernel/errors.ts";
import { allows } from "../../middleware/authentication.ts";
import type { AppEnv } from "../../middleware/context.ts";
import type { Library } from "../../operations/libraries/libraries.ts";
import {
  discardFile,
  receiveFile,
  registerUpload,
  type ReceivedFile,
  type UploadDeps,
} from "../../operations/uploads/uploadAsset.ts";
import { openTarget, settleTarget, type UploadTarget } from "../../operations/uploads/targetLibrary.ts";
import { chunksOf, drain } from "../../http/bodyReader.ts";
import { linksOf } from "../delivery/routes.ts";
import { boundaryOf, readParts, textOf, type Part } from "../../http/multipart.ts";
import { newRouter, parse } from "../router.ts";
import { assetSchema } from "../assets/schemas.ts";
import { dateTimeSchema, failures, idSchema, ok, security } from "../fieldSchemas.ts";
import { assetShape, everyGroup } from "../assets/serializer.ts";

const MAX_FIELD_BYTES = 4096;
const deviceText = z.string().max(1024);

/** The text fields. They may come in any order, before or after the file. */
const fieldsSchema = z.object({
  device_asset_id: deviceText,
  device_id: deviceText,
  file_created_at: dateTimeSchema,
  file_modified_at: dateTimeSchema,
  library_id: z.preprocess((value) => (value === "" ? undefined : value), idSchema("library").optional()),
});

const FILE_HELP = "The photo or video. The extension of its file name decides its type.";
const bodySchema = fieldsSchema.extend({
  asset_data: z.string().openapi({ type: "string", format: "binary", description: FILE_HELP }),
});

const upload = createRoute({
  method: "post",
  path: "/api/assets",
  tags: ["Assets"],
  summary: "Upload a photo or video",
  description:
    "Streamed: no part of the file is held but what is being stored. The same bytes in the same library answer 200 with the asset that is there.",
  security,
  request: { body: { required: true, content: { "multipart/form-data": { schema: bodySchema } } } },
  responses: {
    201: ok(assetSchema, "Stored"),
    200: ok(assetSchema, "These bytes were there already, perhaps in the trash"),
    ...failures(404, 415, 502, 507),
  },
});

/** What has arrived so far. A second file, or a field given twice, is refused rather than guessed at. */
interface Form {
  fields: Map<string, string>;
  file: ReceivedFile | null;
}

interface Upload {
  file: ReceivedFile;
  fields: z.output<typeof fieldsSchema>;
  library: Library;
}

async function readField(part: Part, form: Form): Promise<void> {
  if (!Object.hasOwn(fieldsSchema.shape, part.name)) return;
  if (form.fields.has(part.name)) throw invalid(["body", part.name], "was given more than once");
  form.fields.set(part.name, await textOf(part, MAX_FIELD_BYTES));
}

function demandOneFile(part: Part, form: Form): void {
  if (form.file !== null) throw invalid(["body", "asset_data"], "only one file may be uploaded at a time");
  if (part.filename === null) throw invalid(["body", "asset_data"], "must be a file part with a file name");
}

/** As far as it is known: null until its field has come. */
function libraryIdOf(form: Form): string | null {
  return (
    parse(z.object({ library_id: fieldsSchema.shape.library_id }), Object.fromEntries(form.fields), "form")
      .library_id ?? null
  );
}

/** A body that breaks off is the client's doing, or its network's: no 5xx for it. */
async function* arriving(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunksOf(body);
  } catch (error) {
    throw new AppError("bad_request", "the request body broke off before its end", { cause: error });
  }
}

function sizeHintOf(c: Context<AppEnv>): number | null {
  const length = Number(c.req.header("content-length"));
  return Number.isSafeInteger(length) && length > 0 ? length : null;
}

/** Everything the body holds. If it turns out wrong, the file that came with it is not kept. */
async function readForm(c: Context<AppEnv>, body: ReadableStream<Uint8Array>, deps: UploadDeps): Promise<Upload> {
  const boundary = boundaryOf(c.req.header("content-type") ?? null);
  const form: Form = { fields: new Map(), file: null };
  let early: UploadTarget | null = null;
  try {
    for await (const part of readParts(arriving(body), boundary)) {
      if (part.name === "asset_data") {
        demandOneFile(part, form);
        early = await openTarget(deps.db, c.var.principal, libraryIdOf(form));
        form.file = await receiveFile(deps, { name: part.filename ?? "", body: part.body, sizeHint: sizeHintOf(c) });
      } else await readField(part, form);
    }
    if (form.file === null || early === null) throw invalid(["body", "asset_data"], "is missing");
    const fields = parse(fieldsSchema, Object.fromEntries(form.fields), "form");
    const fresh = { limitBytes: c.var.config.defaultLibraryStorageLimitBytes, nowMs: deps.nowMs };
    const library = await settleTarget(deps.db, c.var.principal, early, libraryIdOf(form), fresh);
    return { file: form.file, fields, library };
  } catch (error) {
    if (form.file !== null) await discardFile(deps, form.file);
    await drain(body);
    throw error;
  }
}

export const uploads = newRouter();
uploads.openAPIRegistry.registerPath(upload);
uploads.post("/api/assets", allows("write"), async (c) => {
  const { body } = c.req.raw;
  if (body === null) throw invalid(["body", "asset_data"], "is missing: the body is empty");
  const deps: UploadDeps = { db: c.var.db, bucket: c.env.BUCKET, queue: c.env.QUEUE, nowMs: c.var.nowMs };
  const { file, fields, library } = await readForm(c, body, deps);
  const dates = { fileCreatedAt: fields.file_created_at, fileModifiedAt: fields.file_modified_at };
  const device = { deviceAssetId: fields.device_asset_id, deviceId: fields.device_id };
  const { asset, created } = await registerUpload(deps, file, { ...device, ...dates }, library);
  return c.json(await assetShape(asset, everyGroup, await linksOf(c)), created ? 201 : 200);
});
