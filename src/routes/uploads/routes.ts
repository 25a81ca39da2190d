/** POST /api/assets streams a multipart upload into storage. */
import { createRoute, z } from "@hono/zod-openapi";
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
import { uploadFieldsSchema, uploadSchema } from "./schemas.ts";

const MAX_FIELD_BYTES = 4096;

const upload = createRoute({
  method: "post",
  path: "/api/assets",
  tags: ["Assets"],
  summary: "Upload a photo or video",
  description:
    "The file is streamed to storage. A file whose SHA-256 is already in the library returns 200 with the existing asset. A digest declared in `checksum`, `checksum_sha1` or the file part's Repr-Digest header is verified.",
  security: credentialSecurity,
  middleware: [requireAction("write")] as const,
  request: { body: { required: true, content: { "multipart/form-data": { schema: uploadSchema } } } },
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

const libraryFieldSchema = z.object({ library_id: uploadFieldsSchema.shape.library_id });

function uploadSource(form: FileForm): UploadSource<UploadFields> {
  return {
    open: async () => {
      const file = await form.open();
      if (file.name === null) throw invalid(["body", "asset_data"], "must be a file part with a file name");
      const { library_id: libraryId } = parse(libraryFieldSchema, Object.fromEntries(form.fields), "form");
      return { file, earlyFields: { libraryId: libraryId ?? null } };
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
        declared: { sha256: fields.checksum ?? null, sha1: fields.checksum_sha1 ?? null },
      };
    },
  };
}

export const uploads = newRouter();

addStreamingRoute(uploads, upload, async (c) => {
  const { asset, created } = await withFileForm(c.req.raw, formSpec, (form) =>
    uploadAsset(c.var.context, c.var.principal, uploadSource(form)),
  );
  return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), created ? 201 : 200);
});
