/** Versions of a photo: list them, add an edited one, replace it, go back, delete. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { allows } from "../../middleware/authentication.ts";
import type { AppEnv } from "../../middleware/context.ts";
import type { Asset } from "../../operations/assets/assets.ts";
import { deleteVersion, revertToVersion } from "../../operations/versions/versionChanges.ts";
import { discardReceived, receiveVersion, type VersionDeps } from "../../operations/versions/versionFiles.ts";
import * as operations from "../../operations/versions/versions.ts";
import { openAppend, openReplace, type VersionTarget } from "../../operations/versions/versionPreconditions.ts";
import { drain } from "../../http/bodyReader.ts";
import { linksOf } from "../delivery/routes.ts";
import { newRouter, parse } from "../router.ts";
import { assetSchema } from "../assets/schemas.ts";
import { failures, ok, security } from "../fieldSchemas.ts";
import { assetPath, versionPath, versionQuery, versionSchema } from "./schemas.ts";
import { assetShape, everyGroup } from "../assets/serializer.ts";
import { versionShape } from "./serializer.ts";
import { readVersionForm, versionBody } from "./form.ts";

const shared = { tags: ["Versions"], security };
const form = { body: { required: true, content: { "multipart/form-data": { schema: versionBody } } } };

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/assets/{asset_id}/versions",
  summary: "List an asset's versions; a video has its upload alone",
  middleware: [allows("read")] as const,
  request: { params: assetPath, query: versionQuery },
  responses: { 200: ok(z.array(versionSchema), "In order: the upload first, the current one last"), ...failures(404) },
});

const append = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/{asset_id}/versions",
  summary: "Add an edited version",
  description:
    "While the upload is current. The file's own metadata is left out and the upload's put in, so the stored bytes differ from the sent ones. Sending the same again answers 200 and stores nothing.",
  request: { params: assetPath, query: versionQuery, ...form },
  responses: {
    201: ok(versionSchema, "Stored, and current"),
    200: ok(versionSchema, "Exactly this is the current version already"),
    ...failures(404, 409, 415, 502, 507),
  },
});

const replace = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/{asset_id}/versions/{version_id}/replace",
  summary: "Replace the current edited version",
  description: "The new version has another id; the old one is gone for good.",
  request: { params: versionPath, query: versionQuery, ...form },
  responses: {
    201: ok(versionSchema, "Stored, and current"),
    200: ok(versionSchema, "Exactly this is the current version already"),
    ...failures(404, 409, 415, 502, 507),
  },
});

const revert = createRoute({
  ...shared,
  method: "post",
  path: "/api/assets/{asset_id}/versions/{version_id}/revert",
  summary: "Make a version current, and delete the later ones",
  middleware: [allows("delete_permanently")] as const,
  request: { params: versionPath },
  responses: { 200: ok(assetSchema, "The photo as it is now"), ...failures(404, 409) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/assets/{asset_id}/versions/{version_id}",
  summary: "Delete the current edited version",
  description: "The one before it becomes current.",
  middleware: [allows("delete_permanently")] as const,
  request: { params: versionPath },
  responses: { 200: ok(assetSchema, "The photo as it is now"), ...failures(404, 409) },
});

function depsOf(c: Context<AppEnv>): VersionDeps {
  return { db: c.var.db, bucket: c.env.BUCKET, queue: c.env.QUEUE, nowMs: c.var.nowMs };
}

async function answerAsset(c: Context<AppEnv>, asset: Asset) {
  return c.json(await assetShape(asset, everyGroup, await linksOf(c)), 200);
}

/** What the path names is asked before the body is read. */
async function answerNew(c: Context<AppEnv>, open: () => Promise<VersionTarget>) {
  const { include } = parse(versionQuery, { include: c.req.queries("include") }, "query");
  const deps = depsOf(c);
  const target = await opened(c, open);
  const { file, kind, params } = await readVersionForm(c, {
    take: (sent) => receiveVersion(deps, target, sent),
    discard: (received) => discardReceived(deps, received),
  });
  const { asset, version, created } = await operations.registerVersion(deps, c.var.principal, file, { kind, params });
  const all = include?.includes("variants") === true;
  return c.json(await versionShape(asset, version, all, await linksOf(c)), created ? 201 : 200);
}

/** A refused body is taken in all the same: a client that is still sending would see a reset and not the answer. */
async function opened(c: Context<AppEnv>, open: () => Promise<VersionTarget>): Promise<VersionTarget> {
  try {
    return await open();
  } catch (error) {
    if (c.req.raw.body !== null) await drain(c.req.raw.body);
    throw error;
  }
}

export const versions = newRouter()
  .openapi(list, async (c) => {
    const { asset_id: assetId } = c.req.valid("param");
    const found = await operations.listVersions(c.var.db, c.var.principal, assetId);
    const all = c.req.valid("query").include?.includes("variants") === true;
    const links = await linksOf(c);
    const shapes = found.versions.map((version) => versionShape(found.asset, version, all, links));
    return c.json(await Promise.all(shapes), 200);
  })
  .openapi(revert, async (c) => {
    const { asset_id: assetId, version_id: versionId } = c.req.valid("param");
    return await answerAsset(c, await revertToVersion(depsOf(c), c.var.principal, assetId, versionId));
  })
  .openapi(remove, async (c) => {
    const { asset_id: assetId, version_id: versionId } = c.req.valid("param");
    return await answerAsset(c, await deleteVersion(depsOf(c), c.var.principal, assetId, versionId));
  });

versions.openAPIRegistry.registerPath(append);
versions.post("/api/assets/:asset_id/versions", allows("write"), async (c) => {
  const { asset_id: assetId } = parse(assetPath, c.req.param(), "param");
  return await answerNew(c, () => openAppend(c.var.db, c.var.principal, assetId));
});

versions.openAPIRegistry.registerPath(replace);
versions.post("/api/assets/:asset_id/versions/:version_id/replace", allows("write"), async (c) => {
  const { asset_id: assetId, version_id: versionId } = parse(versionPath, c.req.param(), "param");
  return await answerNew(c, () => openReplace(c.var.db, c.var.principal, assetId, versionId));
});
