/** Reads all vectors of a person, to count their sum again after faces changed without clustering. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../database.ts";
import { isTrashedExpression } from "../../people/sortKeys.ts";
import { toInt8 } from "./readClusters.ts";

/** Vectors read at once, of faces on live and on trashed assets each: 512 KB at 512 dimensions, twice that as text. */
export const VECTORS_PER_PAGE = 1000;

export interface FaceVector {
  faceId: string;
  vector: Int8Array;
}

const vectorRow = z
  .object({ face_id: z.string(), vector: z.string() })
  .transform(({ face_id: faceId, vector }) => ({ faceId, vector: vector === "" ? null : toInt8(vector) }));

interface Position {
  isTrashed: boolean;
  /** Null after the last face. */
  afterId: string | null;
}

function selectPage(personId: string, model: string, { isTrashed, afterId }: Position): SQL {
  return sql`SELECT f.id AS face_id, coalesce(hex(e.vector), '') AS vector
    FROM faces f INDEXED BY faces_by_person LEFT JOIN face_embeddings e ON e.face_id = f.id AND e.model = ${model}
    WHERE f.person_id = ${personId} AND ${isTrashedExpression("f.")} = ${Number(isTrashed)} AND f.id > ${afterId}
    ORDER BY f.id LIMIT ${VECTORS_PER_PAGE}`;
}

/**
 * The vectors of a person's faces, pages at a time. Between two pages a face may come from the trash or go there, so
 * that it is missing, or listed twice.
 */
export async function* readVectors(db: Database, personId: string, model: string): AsyncGenerator<FaceVector[]> {
  let positions: Position[] = [false, true].map((isTrashed) => ({ isTrashed, afterId: "" }));
  while (positions.length > 0) {
    const results = await db.select(positions.map((position) => selectPage(personId, model, position)));
    const pages = results.map((rows) => z.array(vectorRow).parse(rows));
    yield pages.flat().flatMap(({ faceId, vector }) => (vector === null ? [] : [{ faceId, vector }]));
    positions = positions.flatMap((position, i): Position[] => {
      const page = pages[i] ?? [];
      const last = page.at(-1);
      return page.length < VECTORS_PER_PAGE || last === undefined ? [] : [{ ...position, afterId: last.faceId }];
    });
  }
}

const counted = z.object({ faces: z.int() });

/** Faces of a person with an embedding of the model. */
export async function countVectors(db: Database, personId: string, model: string): Promise<number> {
  const [rows = []] = await db.select([
    sql`SELECT count(*) AS faces FROM faces f INDEXED BY faces_by_person
      CROSS JOIN face_embeddings e ON e.face_id = f.id AND e.model = ${model} WHERE f.person_id = ${personId}`,
  ]);
  return counted.parse(rows[0]).faces;
}
