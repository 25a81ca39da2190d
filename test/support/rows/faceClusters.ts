/** Recomputes embeddings' states and the sums of people from their faces, and reports every mismatch. */
import { squareOf, sumOf } from "../../../src/operations/faces/clustering/int8Vectors.ts";
import { sqlAll } from "../clients/account.ts";

const checks: Record<string, string> = {
  "embedding without a face, or of another library or asset than its face": `SELECT e.face_id FROM face_embeddings e
    LEFT JOIN faces f ON f.id = e.face_id WHERE f.library_id IS NOT e.library_id OR f.asset_id IS NOT e.asset_id`,
  "embedding with a wrong state": `SELECT e.face_id, e.waiting FROM face_embeddings e JOIN faces f ON f.id = e.face_id
    WHERE (e.waiting > 0) <> (f.person_id IS NULL AND f.source = 'automatic')`,
  "embedding without a revision of its library": `SELECT e.face_id FROM face_embeddings e
    LEFT JOIN cluster_states s ON s.library_id = e.library_id WHERE coalesce(e.revision > s.revision, 1)`,
  "rejection without a face or a person, or of another library": `SELECT r.face_id FROM face_rejections r
    LEFT JOIN faces f ON f.id = r.face_id LEFT JOIN people p ON p.id = r.person_id
    WHERE f.id IS NULL OR p.id IS NULL OR f.library_id <> p.library_id`,
  "face of a person who is rejected for it": `SELECT f.id FROM faces f
    JOIN face_rejections r ON r.face_id = f.id AND r.person_id = f.person_id`,
  "cluster without a person": `SELECT c.person_id FROM person_clusters c LEFT JOIN people p ON p.id = c.person_id
    WHERE p.library_id IS NOT c.library_id`,
  "person with embeddings and without a cluster": `SELECT f.person_id FROM faces f JOIN face_embeddings e ON e.face_id = f.id
    WHERE f.person_id IS NOT NULL AND f.person_id NOT IN (SELECT person_id FROM person_clusters)`,
  "state of a missing library": `SELECT library_id FROM cluster_states WHERE library_id NOT IN (SELECT id FROM libraries)
    UNION ALL SELECT library_id FROM face_runs WHERE library_id NOT IN (SELECT id FROM libraries)`,
};

interface Cluster {
  person_id: string;
  sum: string | null;
  square_sum: number;
  face_count: number;
  vectors: string;
}

function isExact({ sum, square_sum: squareSum, face_count: faceCount, vectors }: Cluster): boolean {
  const texts = JSON.parse(vectors) as string[];
  const counted = texts.map((hex) => new Int8Array(Uint8Array.fromHex(hex).buffer));
  if (faceCount !== counted.length) return false;
  if (counted.length === 0) return sum === null;
  const squares = counted.reduce((total, vector) => total + squareOf(vector), 0);
  const expected = new Uint8Array(sumOf(counted, counted[0]?.length ?? 0).buffer).toHex();
  return squareSum === squares && expected === sum?.toLowerCase();
}

/** Sums that are not marked as stale are exact. */
async function wrongSums(): Promise<unknown[]> {
  const rows = (await sqlAll(`SELECT c.person_id, hex(c.sum) AS sum, c.square_sum, c.face_count,
      (SELECT json_group_array(hex(e.vector)) FROM faces f JOIN face_embeddings e ON e.face_id = f.id AND e.model = c.model
        WHERE f.person_id = c.person_id) AS vectors
    FROM person_clusters c WHERE c.is_stale = 0`)) as unknown as Cluster[];
  return rows.map((row) => ({ ...row, sum: row.sum === "" ? null : row.sum })).filter((row) => !isExact(row));
}

export async function findFaceClusterMismatches(): Promise<Record<string, unknown[]>> {
  const mismatches: Record<string, unknown[]> = {};
  for (const [name, query] of Object.entries(checks)) {
    const rows = await sqlAll(query);
    if (rows.length > 0) mismatches[name] = rows.slice(0, 5);
  }
  const sums = await wrongSums();
  if (sums.length > 0) mismatches["sum that is not that of the person's faces"] = sums.slice(0, 5);
  return mismatches;
}
