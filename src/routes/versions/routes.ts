/** Versions of a photo: list, append, replace, revert, delete. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { withFileForm, type FileForm, type FileFormSpec } from "../../http/fileForm.ts";
import { requireAction } from "../../middleware/authentication.ts";
import type { AppEnv } from "../../middleware/context.ts";
import type { FacedAsset } from "../../operations/assets/assets.ts";
import type { UploadSource } from "../../operations/uploads/uploadSource.ts";
import { appendVersion, replaceVersion } from "../../operations/versions/addVersion.ts";
import type { VersionFields, VersionResult } from "../../operations/versions/registerVersion.ts";
import { deleteVersion, revertToVersion } from "../../operations/versions/versionChanges.ts";
import { listVersions } from "../../operations/versions/versions.ts";
import { assetSchema } from "../assets/schemas.ts";
import { allGroups, serializeAsset } from "../assets/serializer.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import { credentialSecurity, errorResponses, jsonResponse } from "../fieldSchemas.ts";
import { addStreamingRoute, newRouter, parse } from "../router.ts";
import {
  assetPath,
  MAX_PARAMS_BYTES,
  newVersionSchema,
  versionFieldsSchema,
  versionPath,
  versionQuery,
  versionSchema,
} from "./schemas.ts";
import { serializeVersion } from "./serializer.ts";

export const MAX_KIND_BYTES = 256;
const MAX_CHECKSUM_BYTES = 64;

const shared = { tags: ["Versions"], security: credentialSecurity };
const formRequest = { body: { required: true, content: { "multipart/form-data": { schema: newVersionSchema } } } };

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}/versions",
  operationId: "versions_list",
  summary: "List the versions of an asset",
  description: "The upload is version 0. An unedited asset has this one version.",
  middleware: [requireAction("read")] as const,
  request: { params: assetPath, query: versionQuery },
  responses: {
    200: jsonResponse(
      z.array(versionSchema),
      "By position: the upload first, the current version last. A video has one version",
    ),
    ...errorResponses(404),
  },
});

const append = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/{asset_id}/versions",
  operationId: "versions_append",
  summary: "Add an edited version",
  description:
    "Requires that the upload is the current version. The file's metadata is replaced by the upload's, so the stored bytes differ from those sent. A repeated call with the same file and fields returns 200 and stores nothing. A digest of the file as sent, in `checksum` or the file part's Repr-Digest header, is verified.",
  middleware: [requireAction("write")] as const,
  request: { params: assetPath, query: versionQuery, ...formRequest },
  responses: {
    201: jsonResponse(versionSchema, "The new current version"),
    200: jsonResponse(versionSchema, "The current version, from an earlier call with the same file and fields"),
    ...errorResponses(404, 409, 415, 502, 507),
  },
});

const replace = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/{asset_id}/versions/{version_id}/replace",
  operationId: "versions_replace",
  summary: "Replace the current edited version",
  description: "The new version gets a new id. The replaced version is deleted permanently.",
  middleware: [requireAction("write")] as const,
  request: { params: versionPath, query: versionQuery, ...formRequest },
  responses: {
    201: jsonResponse(versionSchema, "The new current version"),
    200: jsonResponse(versionSchema, "The current version, from an earlier call with the same file and fields"),
    ...errorResponses(404, 409, 415, 502, 507),
  },
});

const revert = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/{asset_id}/versions/{version_id}/revert",
  operationId: "versions_revert",
  summary: "Revert to a version and delete the later ones",
  description: "Deletes the versions after it permanently.",
  middleware: [requireAction("delete_permanently")] as const,
  request: { params: versionPath },
  responses: { 200: jsonResponse(assetSchema, "The photo after the change"), ...errorResponses(404, 409) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/assets/{asset_id}/versions/{version_id}",
  operationId: "versions_delete",
  summary: "Delete the current edited version",
  description: "The version before it becomes current.",
  middleware: [requireAction("delete_permanently")] as const,
  request: { params: versionPath },
  responses: { 200: jsonResponse(assetSchema, "The photo after the change"), ...errorResponses(404, 409) },
});

async function assetResponse(c: Context<AppEnv>, asset: FacedAsset) {
  return c.json(await serializeAsset(asset, allGroups, await mediaUrlBuilder(c)), 200);
}

const formSpec: FileFormSpec = {
  fileField: "file",
  fieldLimits: new Map([
    ["kind", MAX_KIND_BYTES],
    ["params", MAX_PARAMS_BYTES],
    ["checksum", MAX_CHECKSUM_BYTES],
  ]),
  onField: (fields) => parse(versionFieldsSchema.partial(), Object.fromEntries(fields), "form"),
};

function versionSource(form: FileForm): UploadSource<VersionFields> {
  return {
    open: async () => ({ file: await form.open(), earlyFields: {} }),
    finish: async () => {
      await form.finish();
      const { checksum = null, ...fields } = parse(versionFieldsSchema, Object.fromEntries(form.fields), "form");
      return { ...fields, declaredSha256: checksum };
    },
  };
}

/** Parses the query before the body, so that an invalid query is rejected before anything is stored. */
async function addVersion(
  c: Context<AppEnv>,
  add: (source: UploadSource<VersionFields>) => Promise<VersionResult>,
): Promise<Response> {
  const { include } = parse(versionQuery, { include: c.req.queries("include") }, "query");
  const result = await withFileForm(c.req.raw, formSpec, (form) => add(versionSource(form)));
  const { asset, version, created } = result;
  const all = include?.includes("variants") === true;
  return c.json(await serializeVersion(asset, version, all, await mediaUrlBuilder(c)), created ? 201 : 200);
}

export const versions = newRouter()
  .openapi(list, async (c) => {
    const { asset_id: assetId } = c.req.valid("param");
    const versioned = await listVersions(c.var.context, c.var.principal, assetId);
    const all = c.req.valid("query").include?.includes("variants") === true;
    const urls = await mediaUrlBuilder(c);
    const bodies = versioned.versions.map((version) => serializeVersion(versioned.asset, version, all, urls));
    return c.json(await Promise.all(bodies), 200);
  })
  .openapi(revert, async (c) => {
    const { asset_id: assetId, version_id: versionId } = c.req.valid("param");
    return await assetResponse(c, await revertToVersion(c.var.context, c.var.principal, assetId, versionId));
  })
  .openapi(remove, async (c) => {
    const { asset_id: assetId, version_id: versionId } = c.req.valid("param");
    return await assetResponse(c, await deleteVersion(c.var.context, c.var.principal, assetId, versionId));
  });

addStreamingRoute(versions, append, async (c) => {
  const { context, principal } = c.var;
  const { asset_id: assetId } = parse(assetPath, c.req.param(), "param");
  return await addVersion(c, (source) => appendVersion(context, principal, assetId, source));
});

addStreamingRoute(versions, replace, async (c) => {
  const { context, principal } = c.var;
  const { asset_id: assetId, version_id: versionId } = parse(versionPath, c.req.param(), "param");
  return await addVersion(c, (source) => replaceVersion(context, principal, { assetId, versionId }, source));
});
