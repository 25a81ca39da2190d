/** Reads what a comparison of single faces with all people needs. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../database.ts";
import { inList, jsonEach } from "../../sql/jsonList.ts";
import { toInt8 } from "./readClusters.ts";

export interface ComparedFaces {
  /** The library of the faces, if its owner has turned on automatic detection and a face has an embedding. */
  libraryId: string | null;
  /** Vectors by face. */
  vectors: Map<string, Int8Array>;
}

const vectorRow = z.object({ face_id: z.string(), library_id: z.string(), vector: z.string() });

/** The embeddings of faces of one library; none while its owner has automatic detection turned off. */
export async function readComparedFaces(db: Database, faceIds: string[], model: string): Promise<ComparedFaces> {
  const [rows = []] = await db.select([
    sql`SELECT e.face_id, e.library_id, hex(e.vector) AS vector
      FROM ${jsonEach(faceIds)} w CROSS JOIN face_embeddings e ON e.face_id = w.value
        CROSS JOIN libraries l ON l.id = e.library_id CROSS JOIN users u ON u.id = l.user_id
      WHERE e.model = ${model} AND u.face_detection_preference = 1`,
  ]);
  const found = z.array(vectorRow).parse(rows);
  return {
    libraryId: found[0]?.library_id ?? null,
    vectors: new Map(found.map(({ face_id: id, vector }) => [id, toInt8(vector)])),
  };
}

const idRow = z.object({ id: z.string() });

/** The hidden people of a library: one index entry each. */
export async function listHiddenPeople(db: Database, libraryId: string): Promise<Set<string>> {
  const [rows = []] = await db.select([
    sql`SELECT p.id FROM people p INDEXED BY people_by_library WHERE p.library_id = ${libraryId} AND p.list_class IN (1, 3)`,
  ]);
  return new Set(
    z
      .array(idRow)
      .parse(rows)
      .map(({ id }) => id),
  );
}

const nameRow = z.object({ id: z.string(), name: z.string().nullable() });

/** The names of people who still exist, by id. */
export async function readPersonNames(db: Database, ids: string[]): Promise<Map<string, string | null>> {
  if (ids.length === 0) return new Map();
  const [rows = []] = await db.select([sql`SELECT p.id, p.name FROM people p WHERE ${inList(sql`p.id`, ids)}`]);
  return new Map(
    z
      .array(nameRow)
      .parse(rows)
      .map(({ id, name }) => [id, name]),
  );
}
