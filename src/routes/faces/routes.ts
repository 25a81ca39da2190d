import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import { assessFace, listAssessedFaces, type AssessedFace } from "../../operations/faces/clusterAssignments.ts";
import { createFace } from "../../operations/faces/createFace.ts";
import * as operations from "../../operations/faces/faces.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import {
  acknowledgementSchema,
  credentialSecurity,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
} from "../fieldSchemas.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { newRouter } from "../router.ts";
import {
  createFaceSchema,
  facePageSchema,
  faceParameters,
  faceQuerySchema,
  faceSchema,
  getFaceParameters,
  updateFaceSchema,
} from "./schemas.ts";
import { serializeAssessedFace } from "./serializer.ts";

const params = z.object({ face_id: idSchema("face") });
const shared = { tags: ["Faces"], security: credentialSecurity };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/faces",
  operationId: "faces_create",
  summary: "Add a face that the detector missed",
  description:
    "The box must be inside of the image. The face has `source` `manual`, and is never grouped automatically: assign it to a person here or later.",
  middleware: [requireAction("write")] as const,
  request: { headers: idempotencyHeaders, body: jsonBody(createFaceSchema) },
  responses: { 201: jsonResponse(faceSchema, "The new face"), ...errorResponses(404, 409, 413, 415) },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/faces",
  operationId: "faces_list",
  summary: "List faces, newest first",
  description: "Faces on trashed assets are left out. Page with `starting_after_id` while `has_more` is true.",
  middleware: [requireAction("read")] as const,
  request: { query: faceQuerySchema },
  responses: { 200: jsonResponse(facePageSchema, "A page of faces"), ...errorResponses(404) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/faces/{face_id}",
  operationId: "faces_retrieve",
  summary: "Get a face",
  description: "Returned whether or not its asset is in the trash.",
  middleware: [requireAction("read")] as const,
  request: { params, query: getFaceParameters },
  responses: { 200: jsonResponse(faceSchema, "The face"), ...errorResponses(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/faces/{face_id}",
  operationId: "faces_update",
  summary: "Assign a face to a person, or detach it",
  description:
    "The person must be of the face's library. A detached automatic face is grouped again, but not with the person that it was detached from.",
  middleware: [requireAction("write")] as const,
  request: { params, query: faceParameters, body: jsonBody(updateFaceSchema) },
  responses: { 200: jsonResponse(faceSchema, "The updated face"), ...errorResponses(404, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/faces/{face_id}",
  operationId: "faces_delete",
  summary: "Delete a face; its asset and its person are kept",
  description: "To take a face from its person only, set its `person_id` to null.",
  middleware: [requireAction("delete")] as const,
  request: { params, query: faceParameters },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deleted"), ...errorResponses(404) },
});

function isAssessed({ include }: { include?: string[] | undefined }): boolean {
  return include?.includes("cluster_assignment") ?? false;
}

export const faces = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const { context, principal } = c.var;
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    const request = {
      libraryId: body.library_id ?? null,
      assetId: body.asset_id,
      personId: body.person_id ?? null,
      box: body.bounding_box,
    };
    const face = await createFace(context, principal, request, idempotent);
    return c.json(await serializeAssessedFace(face, await mediaUrlBuilder(c)), 201);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const read = isAssessed(query) ? listAssessedFaces : operations.listFaces;
    const page: { faces: (operations.Face | AssessedFace)[]; hasMore: boolean } = await read(
      c.var.context,
      c.var.principal,
      {
        libraryId: query.library_id ?? null,
        assetId: query.asset_id ?? null,
        personId: query.person_id ?? null,
        ids: query.ids ?? null,
        startingAfterId: query.starting_after_id ?? null,
        limit: query.limit,
      },
    );
    const urls = await mediaUrlBuilder(c);
    const data = await Promise.all(page.faces.map((face) => serializeAssessedFace(face, urls)));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(get, async (c) => {
    const query = c.req.valid("query");
    const reference = { id: c.req.valid("param").face_id, libraryId: query.library_id ?? null };
    const read = isAssessed(query) ? assessFace : operations.getFace;
    const face: operations.Face | AssessedFace = await read(c.var.context, c.var.principal, reference);
    return c.json(await serializeAssessedFace(face, await mediaUrlBuilder(c)), 200);
  })
  .openapi(update, async (c) => {
    const { context, principal } = c.var;
    const reference = { id: c.req.valid("param").face_id, libraryId: c.req.valid("query").library_id ?? null };
    const face = await operations.updateFace(context, principal, reference, c.req.valid("json").person_id);
    return c.json(await serializeAssessedFace(face, await mediaUrlBuilder(c)), 200);
  })
  .openapi(remove, async (c) => {
    const reference = { id: c.req.valid("param").face_id, libraryId: c.req.valid("query").library_id ?? null };
    await operations.deleteFace(c.var.context, c.var.principal, reference);
    return c.json({}, 200);
  });
