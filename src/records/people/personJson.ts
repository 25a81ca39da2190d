/** People as one JSON value of a row, with the face that is their portrait. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { cropJson, cropValue, type FaceCrop } from "../faces/faceJson.ts";

/**
 * The face that shows the person `p`: the chosen one while its asset is live, else the largest certain face. Reads one
 * row of each index.
 */
function portraitId(p: SQL): SQL {
  return sql`coalesce((SELECT c.id FROM faces c WHERE c.id = ${p}.thumbnail_face_id
      AND c.library_id = ${p}.library_id AND c.trashed_at IS NULL),
    (SELECT b.id FROM faces b INDEXED BY faces_portraits WHERE b.person_id = ${p}.id AND b.trashed_at IS NULL
      ORDER BY b.portrait_score DESC, b.id DESC LIMIT 1))`;
}

/** SQL of a person, over a row of `people`. */
export function personJson(p: SQL): SQL {
  const [face, asset] = [sql.raw("portrait"), sql.raw("portrait_asset")];
  return sql`json_array(${p}.id, ${p}.name, ${p}.birth_date, ${p}.is_favorite, ${p}.is_hidden, ${p}.asset_count, ${p}.created_at,
    ${p}.updated_at, json((SELECT ${cropJson(face, asset)} FROM faces ${face} CROSS JOIN assets ${asset} ON ${asset}.id = ${face}.asset_id
      WHERE ${face}.id = ${portraitId(p)})))`;
}

export interface Person {
  id: string;
  name: string | null;
  /** ISO 8601 date. */
  birthDate: string | null;
  isFavorite: boolean;
  isHidden: boolean;
  /** Live assets that show the person. */
  assetCount: number;
  /** Null for a person without a face on a live asset. */
  portrait: FaceCrop | null;
  createdAt: number;
  updatedAt: number;
}

const bit = z.literal([0, 1]).transform((value) => value === 1);

/** The value of `personJson`. */
export const personValue = z
  .tuple([
    z.string(),
    z.string().nullable(),
    z.string().nullable(),
    bit,
    bit,
    z.number(),
    z.number(),
    z.number(),
    cropValue.nullable(),
  ])
  .transform(([id, name, birthDate, isFavorite, isHidden, assetCount, createdAt, updatedAt, portrait]): Person => ({
    id,
    name,
    birthDate,
    isFavorite,
    isHidden,
    assetCount,
    portrait,
    createdAt,
    updatedAt,
  }));
