/** Detection of the faces of earlier photos, and deletion of automatic faces. Extensions to the Gumnut API. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant, formatNullableInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import { getFaceRun, startDeletion, startDetection, type FaceRun } from "../../operations/faces/faceRuns.ts";
import { credentialSecurity, errorResponses, idSchema, instantFieldSchema, jsonResponse } from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";

const faceRunSchema = z
  .object({
    kind: z.enum(["detect", "delete"]).openapi({
      description: "detect: faces of earlier photos are detected. delete: automatic faces are deleted",
    }),
    handled: z
      .int()
      .openapi({ description: "Assets whose detection was started, or whose automatic faces were deleted, so far" }),
    requested_at: instantFieldSchema,
    finished_at: instantFieldSchema.nullable().openapi({ description: "Null while it continues" }),
  })
  .openapi("FaceRun");
const nullableRun = faceRunSchema.nullable();

function serializeRun(run: FaceRun) {
  return {
    kind: run.kind,
    handled: run.handled,
    requested_at: formatInstant(run.requestedAt),
    finished_at: formatNullableInstant(run.finishedAt),
  };
}

const extension = "Tintype extension; not part of the Gumnut API. Requires the owner of the library.";
const request = { params: z.object({ library_id: idSchema("library") }) };
const shared = { tags: ["Faces"], security: credentialSecurity, request };

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries/{library_id}/face-detection",
  operationId: "libraries_face_detection_retrieve",
  summary: "Get the progress of a library's face detection",
  description: `The last detection of earlier photos, or deletion of automatic faces; null if there was none. ${extension}`,
  middleware: [requireAction("read")] as const,
  responses: { 200: jsonResponse(nullableRun, "The last run"), ...errorResponses(404) },
});

const detect = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/{library_id}/face-detection",
  operationId: "libraries_face_detection_start",
  summary: "Detect faces in earlier photos",
  description: `Starts the task \`face_detection\` of each live photo and video whose faces the configured model has not found yet, in parts. A call while it continues changes nothing. 409 while face detection is off. ${extension}`,
  middleware: [requireAction("write")] as const,
  responses: { 200: jsonResponse(faceRunSchema, "The run"), ...errorResponses(404, 409) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/libraries/{library_id}/face-detection",
  operationId: "libraries_face_detection_delete",
  summary: "Delete automatic faces",
  description: `Deletes all faces that were detected automatically, all embeddings, and the unnamed people without a face, in parts. Faces that a user drew and named people stay. ${extension}`,
  middleware: [requireAction("delete")] as const,
  responses: { 200: jsonResponse(faceRunSchema, "The run"), ...errorResponses(404) },
});

export const faceRuns = newRouter()
  .openapi(get, async (c) => {
    const run = await getFaceRun(c.var.context, c.var.principal, c.req.valid("param").library_id);
    return c.json(run === null ? null : serializeRun(run), 200);
  })
  .openapi(detect, async (c) =>
    c.json(serializeRun(await startDetection(c.var.context, c.var.principal, c.req.valid("param").library_id)), 200),
  )
  .openapi(remove, async (c) =>
    c.json(serializeRun(await startDeletion(c.var.context, c.var.principal, c.req.valid("param").library_id)), 200),
  );
