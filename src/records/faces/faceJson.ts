/**
 * Faces as one JSON value of a row, so that the query of a page of assets has them without a row for each. The value
 * includes where the crop comes from.
 */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { FACE_SOURCES } from "../schema/people/peopleTables.ts";

/** Pixels in the display space of the original upload; of the poster for a video. */
export interface FaceBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** The picture that a crop is cut from: the original upload, or the poster of a video. */
export interface CropSource {
  assetId: string;
  /** Null for a video without a poster. */
  versionId: string | null;
  trashedAt: number | null;
}

/** What the URL of a face's crop is made of. */
export interface FaceCrop {
  faceId: string;
  box: FaceBox;
  source: CropSource;
}

/** The version that the boxes of an asset's faces belong to. `a` is the name of the assets row. */
export function facedVersion(a: SQL): SQL {
  return sql`iif(${a}.media_type = 'video', ${a}.poster_version_id, coalesce(${a}.original_version_id, ${a}.current_version_id))`;
}

/** SQL of a crop, over rows of `faces` and `assets`. */
export function cropJson(f: SQL, a: SQL): SQL {
  return sql`json_array(${f}.id, ${f}.x, ${f}.y, ${f}.w, ${f}.h, ${a}.id, ${facedVersion(a)}, ${a}.trashed_at)`;
}

/** The value of `cropJson`. */
export const cropValue = z
  .tuple([z.string(), z.int(), z.int(), z.int(), z.int(), z.string(), z.string().nullable(), z.number().nullable()])
  .transform(([faceId, x, y, w, h, assetId, versionId, trashedAt]): FaceCrop => ({
    faceId,
    box: { x, y, w, h },
    source: { assetId, versionId, trashedAt },
  }));

/** SQL of a face, over rows of `faces` and `assets`. */
export function faceJson(f: SQL, a: SQL): SQL {
  return sql`json_array(${cropJson(f, a)}, ${f}.person_id, ${f}.timestamp_ms, ${f}.confidence, ${f}.source, ${f}.created_at, ${f}.updated_at)`;
}

export interface Face {
  id: string;
  assetId: string;
  personId: string | null;
  box: FaceBox;
  /** Position in a video. */
  timestampMs: number | null;
  confidence: number | null;
  source: (typeof FACE_SOURCES)[number];
  crop: FaceCrop;
  createdAt: number;
  updatedAt: number;
}

/** The value of `faceJson`. */
export const faceValue = z
  .tuple([
    cropValue,
    z.string().nullable(),
    z.number().nullable(),
    z.number().nullable(),
    z.enum(FACE_SOURCES),
    z.number(),
    z.number(),
  ])
  .transform(([crop, personId, timestampMs, confidence, source, createdAt, updatedAt]): Face => ({
    id: crop.faceId,
    assetId: crop.source.assetId,
    personId,
    box: crop.box,
    timestampMs,
    confidence,
    source,
    crop,
    createdAt,
    updatedAt,
  }));
