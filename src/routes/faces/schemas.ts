import { z } from "@hono/zod-openapi";
import { variantsSchema } from "../assets/variantSchemas.ts";
import {
  enumListSchema,
  idFieldSchema,
  idListSchema,
  idSchema,
  instantFieldSchema,
  libraryParameter,
  limitSchema,
  startingAfterSchema,
} from "../fieldSchemas.ts";

const clusterAssignmentSchema = z
  .object({
    distance_to_person: z
      .number()
      .nullable()
      .openapi({ description: "Cosine distance to the centroid of the face's person; null if there is none" }),
    candidates: z
      .array(z.object({ person_id: idFieldSchema("person"), distance: z.number(), name: z.string().nullable() }))
      .nullable()
      .openapi({
        description:
          "The nearest other people of the library, the nearest first, without hidden ones. Empty if there are none, or if faces are not detected automatically",
      }),
  })
  .openapi("ClusterAssignment");

export const faceSchema = z
  .object({
    id: idFieldSchema("face"),
    asset_id: idFieldSchema("asset"),
    person_id: idFieldSchema("person").nullable().openapi({ description: "Null if the face has no person" }),
    bounding_box: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }).openapi({
      description: "Pixels of the original upload as displayed; of the poster for a video",
    }),
    timestamp_ms: z.int().nullable().openapi({ description: "Position in a video, in milliseconds; null for a photo" }),
    asset_urls: variantsSchema.openapi({ description: "`thumbnail`: the face, cut out of the image" }),
    cluster_assignment: clusterAssignmentSchema
      .nullable()
      .optional()
      .openapi({ description: "With `include=cluster_assignment`: how well the face fits its person; else null" }),
    confidence: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .openapi({ description: "Certainty of the detector; null for a manual face" }),
    source: z
      .enum(["automatic", "manual"])
      .openapi({ description: "automatic: found by the detector. manual: drawn by a user" }),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
    thumbnail_url: z
      .string()
      .nullable()
      .optional()
      .openapi({ description: "V1 name of `asset_urls.thumbnail.url`, in assets with legacy keys" }),
  })
  .openapi("Face");
export type FaceBody = z.input<typeof faceSchema>;

export const facePageSchema = z.object({ data: z.array(faceSchema), has_more: z.boolean() }).openapi("FacePage");

/** Larger than every image that can be displayed, so that no sum of two of them loses precision. */
const MAX_COORDINATE_PX = 1_000_000;

export const createFaceSchema = z
  .object({
    asset_id: idSchema("asset"),
    bounding_box: z
      .object({
        x: z.int().min(0).max(MAX_COORDINATE_PX),
        y: z.int().min(0).max(MAX_COORDINATE_PX),
        w: z.int().min(1).max(MAX_COORDINATE_PX),
        h: z.int().min(1).max(MAX_COORDINATE_PX),
      })
      .openapi({
        description:
          "Pixels of the original upload as displayed, from its upper left corner; of the poster for a video. A box that does not fit is rejected",
      }),
    person_id: idSchema("person").nullish().openapi({ description: "The face's person; without one it has none" }),
    library_id: idSchema("library").nullish(),
  })
  .openapi("CreateFaceRequest");

export const updateFaceSchema = z
  .object({
    person_id: idSchema("person")
      .nullable()
      .optional()
      .openapi({ description: "The new person. null detaches the face, which is then grouped again" }),
  })
  .openapi("UpdateFaceRequest", { example: { person_id: null } });

const include = enumListSchema(["cluster_assignment"], 10)
  .optional()
  .openapi({ description: "`cluster_assignment`: how well each face fits its person, and the nearest other people" });

/** The library of a face that is named by its id. */
const faceLibrary = idSchema("library")
  .optional()
  .openapi({ description: "The library of the face; a face of another one is 404" });

export const faceParameters = z.object({ library_id: faceLibrary });

export const getFaceParameters = z.object({ library_id: faceLibrary, include });

export const faceQuerySchema = z.object({
  library_id: libraryParameter,
  asset_id: idSchema("asset").optional().openapi({ description: "Faces on this asset" }),
  person_id: idSchema("person").optional().openapi({ description: "Faces of this person" }),
  ids: idListSchema("face", 200).optional(),
  include,
  starting_after_id: startingAfterSchema("face"),
  limit: limitSchema(20, 200),
});
