/** Counts the sum of a person's vectors again, after their faces changed without clustering. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../database.ts";
import { toInt8 } from "./readClusters.ts";

/** Vectors read at once: 512 KB at 512 dimensions, twice that as text. */
const VECTORS_PER_PAGE = 1000;

const vectorRow = z.object({ face_id: z.string(), vector: z.string() });

/** The vectors of a person's faces, a page at a time, in the order of the faces' ids. */
export async function* readVectors(db: Database, personId: string, model: string): AsyncGenerator<Int8Array[]> {
  let afterId = "";
  for (;;) {
    const [rows = []] = await db.select([
      sql`SELECT f.id AS face_id, coalesce(hex(e.vector), '') AS vector
        FROM faces f INDEXED BY faces_by_person
          LEFT JOIN face_embeddings e ON e.face_id = f.id AND e.model = ${model}
        WHERE f.person_id = ${personId} AND f.id > ${afterId} ORDER BY f.id LIMIT ${VECTORS_PER_PAGE}`,
    ]);
    const page = z.array(vectorRow).parse(rows);
    yield page.flatMap(({ vector }) => (vector === "" ? [] : [toInt8(vector)]));
    afterId = page.at(-1)?.face_id ?? afterId;
    if (page.length < VECTORS_PER_PAGE) return;
  }
}
