/** How similar the faces of each person are: what to measure, and the results. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import { idOfUuid, uuidOfId } from "../../../kernel/ids.ts";
import type { Database } from "../../database.ts";
import { isTrashedExpression } from "../../people/sortKeys.ts";
import { jsonEach } from "../../sql/jsonList.ts";
import { toInt32, toInt8 } from "./readClusters.ts";

/** Faces of a person that are compared in pairs: 2,016 pairs. */
export const MAX_SAMPLED_FACES = 64;

export interface UnmeasuredPerson {
  personId: string;
  sum: Int32Array;
  squareSum: number;
  faceCount: number;
  revision: number;
}

const unmeasured = z
  .object({ person_id: z.string(), sum: z.string(), square_sum: z.int(), face_count: z.int(), revision: z.int() })
  .transform(({ person_id: personId, sum, square_sum: squareSum, face_count: faceCount, revision }) => {
    return { personId, sum: toInt32(sum), squareSum, faceCount, revision } satisfies UnmeasuredPerson;
  });

/** People of a library whose sum changed since their metrics were measured. */
export async function listUnmeasured(
  db: Database,
  libraryId: string,
  model: string,
  limit: number,
): Promise<UnmeasuredPerson[]> {
  const [rows = []] = await db.select([
    sql`SELECT c.person_id, hex(c.sum) AS sum, c.square_sum, c.face_count, c.revision
      FROM person_clusters c INDEXED BY person_clusters_unmeasured
      WHERE c.library_id = ${libraryId} AND c.is_measured = 0 AND c.is_stale = 0 AND c.model = ${model}
        AND c.sum IS NOT NULL
      LIMIT ${limit}`,
  ]);
  return z.array(unmeasured).parse(rows);
}

const range = z.object({ first: z.string().nullable(), last: z.string().nullable() });
const vectorRow = z.object({ face_id: z.string(), vector: z.string() });

/** Ids that divide the time between two ids evenly. */
function pivots(first: string, last: string): string[] {
  const [from, to] = [uuidOfId("face", first), uuidOfId("face", last)];
  return Array.from({ length: MAX_SAMPLED_FACES }, (_, i) =>
    idOfUuid("face", from + ((to - from) * BigInt(i)) / BigInt(MAX_SAMPLED_FACES - 1)),
  );
}

/** Vectors of up to MAX_SAMPLED_FACES faces of a person on live assets, spread evenly over the time in which they were found. */
export async function sampleVectors(db: Database, personId: string, model: string): Promise<Int8Array[]> {
  const faces = sql`faces f INDEXED BY faces_by_person`;
  const isShown = sql`f.person_id = ${personId} AND ${isTrashedExpression("f.")} = 0`;
  const [all = [], ends = []] = await db.select([
    sql`SELECT f.id AS face_id, hex(e.vector) AS vector FROM ${faces}
        CROSS JOIN face_embeddings e ON e.face_id = f.id AND e.model = ${model}
      WHERE ${isShown} ORDER BY f.id LIMIT ${MAX_SAMPLED_FACES}`,
    sql`SELECT (SELECT f.id FROM ${faces} WHERE ${isShown} ORDER BY f.id LIMIT 1) AS first,
      (SELECT f.id FROM ${faces} WHERE ${isShown} ORDER BY f.id DESC LIMIT 1) AS last`,
  ]);
  const { first, last } = range.parse(ends[0]);
  if (all.length < MAX_SAMPLED_FACES || first === null || last === null) {
    return z
      .array(vectorRow)
      .parse(all)
      .map(({ vector }) => toInt8(vector));
  }
  const [rows = []] = await db.select([
    sql`SELECT DISTINCT n.id AS face_id, hex(e.vector) AS vector FROM (
        SELECT (SELECT f.id FROM ${faces} WHERE ${isShown} AND f.id >= p.value ORDER BY f.id LIMIT 1) AS id
        FROM ${jsonEach(pivots(first, last))} p) n
      CROSS JOIN face_embeddings e ON e.face_id = n.id AND e.model = ${model}`,
  ]);
  return z
    .array(vectorRow)
    .parse(rows)
    .map(({ vector }) => toInt8(vector));
}

export interface MeasuredPerson {
  personId: string;
  /** The revision of the sum that was measured; a newer one stays unmeasured. */
  revision: number;
  pairwiseMean: number;
  pairwiseP90: number;
}

export async function saveMetrics(db: Database, measured: MeasuredPerson[]): Promise<void> {
  if (measured.length === 0) return;
  await db.orm.run(sql`UPDATE person_clusters SET pairwise_mean = m.mean, pairwise_p90 = m.p90, is_measured = 1
    FROM (SELECT value ->> 'personId' AS person_id, value ->> 'revision' AS revision, value ->> 'pairwiseMean' AS mean,
      value ->> 'pairwiseP90' AS p90 FROM ${jsonEach(measured)}) m
    WHERE person_clusters.person_id = m.person_id AND person_clusters.revision = m.revision`);
}
