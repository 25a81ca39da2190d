/** POST /api/assets streams a multipart upload into storage. */
import { createRoute, type z } from "@hono/zod-openapi";
import { parseSha1 } from "../../http/digestField.ts";
import { withFileForm, type FileForm, type FileFormSpec } from "../../http/fileForm.ts";
import { invalid } from "../../kernel/errors.ts";
import { requireAction } from "../../middleware/authentication.ts";
import { uploadAsset, type UploadFields } from "../../operations/uploads/uploadAsset.ts";
import type { UploadSource } from "../../operations/uploads/uploadSource.ts";
import { assetSchema } from "../assets/schemas.ts";
import { allGroups, serializeAsset } from "../assets/serializer.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { credentialSecurity, errorResponses, jsonResponse } from "../fieldSchemas.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import { uploadFieldsSchema, uploadHeadersSchema, uploadSchema } from "./schemas.ts";

export const MAX_FIELD_BYTES = 4096;

const upload = createRoute({
  method: "post",
  path: "/api/assets",
  tags: ["Assets"],
  operationId: "assets_create",
  summary: "Upload a photo or video",
  description:
    "The file is streamed to storage. A file whose SHA-256 is already in the library returns 200 with the existing asset. A digest declared in `checksum`, `checksum_sha1` or the file part's Repr-Digest header, or in the request's `x-immich-checksum` header, is verified. If the library already has a file with the digests that were declared before the file, the response is 200 with the existing asset, and the file and the fields after it are discarded unread.",
  security: credentialSecurity,
  middleware: [requireAction("write")] as const,
  request: {
    headers: uploadHeadersSchema,
    body: { required: true, content: { "multipart/form-data": { schema: uploadSchema } } },
  },
  responses: {
    201: jsonResponse(assetSchema, "The new asset"),
    200: jsonResponse(assetSchema, "The existing asset with the same bytes, which may be in the trash"),
    ...errorResponses(404, 415, 502, 507),
  },
});

const formSpec: FileFormSpec = {
  fileField: "asset_data",
  fieldLimits: new Map(Object.keys(uploadFieldsSchema.shape).map((name) => [name, MAX_FIELD_BYTES])),
};

/** The fields that count before the file. */
const earlyFieldsSchema = uploadFieldsSchema.pick({ library_id: true, checksum: true, checksum_sha1: true });

function uploadSource(form: FileForm, headers: Headers): UploadSource<UploadFields> {
  const headerSha1 = parseSha1(headers.get("x-immich-checksum") ?? "", ["header", "x-immich-checksum"]);
  const declaredDigests = ({ checksum, checksum_sha1: sha1 }: z.output<typeof earlyFieldsSchema>) => [
    { sha256: checksum ?? null, sha1: sha1 ?? null },
    { sha256: null, sha1: headerSha1 },
  ];
  return {
    open: async () => {
      const file = await form.open();
      if (file.name === null) throw invalid(["body", "asset_data"], "must be a file part with a file name");
      const early = parse(earlyFieldsSchema, Object.fromEntries(form.fields), "form");
      return { file, earlyFields: { libraryId: early.library_id ?? null, declared: declaredDigests(early) } };
    },
    finish: async () => {
      await form.finish();
      const fields = parse(uploadFieldsSchema, Object.fromEntries(form.fields), "form");
      return {
        deviceAssetId: fields.device_asset_id,
        deviceId: fields.device_id,
        fileCreatedAt: fields.file_created_at,
        fileModifiedAt: fields.file_modified_at,
        libraryId: fields.library_id ?? null,
        declared: declaredDigests(fields),
      };
    },
  };
}

export const uploads = newRouter();

addStreamingRoute(uploads, upload, async (c) => {
  const { asset, created } = await withFileForm(c.req.raw, formSpec, (form) =>
    uploadAsset(c.var.context, c.var.principal, uploadSource(form, c.req.raw.headers)),
  );
  return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), created ? 201 : 200);
});
