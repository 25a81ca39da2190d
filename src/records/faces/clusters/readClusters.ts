/** Reads what clustering compares: the sums of people, and faces that wait. Vectors travel as hexadecimal text. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../../database.ts";

/** People whose centroids are compared, the last changed first: 5 MB at 512 dimensions. */
export const MAX_COMPARED_PEOPLE = 10_000;
/** Waiting faces that are compared, the newest first: 1 MB at 512 dimensions. */
export const MAX_WAITING_FACES = 2000;
/** Changed embeddings that a remembered state takes over; after more it is read again. */
export const MAX_CHANGED_FACES = 1000;
/** Faces that one plan compares for the first time, besides those of its asset. */
export const MAX_NEW_FACES = 50;

export interface PersonCluster {
  personId: string;
  /** Null if the person has no face of the model. */
  sum: Int32Array | null;
  squareSum: number;
  faceCount: number;
  /** The sum is not that of the person's faces. */
  isStale: boolean;
}

export interface ChangedFace {
  faceId: string;
  /** Null for a face that does not wait any more. */
  vector: Int8Array | null;
  rejectedPersonIds: string[];
}

export interface ClusterChanges {
  revision: number;
  /** Whether more changed than the remembered state can follow: deletions, or too many. */
  isIncomplete: boolean;
  people: PersonCluster[];
  waiting: ChangedFace[];
  /** Faces that were not compared yet, those of the asset first. */
  unplaced: ChangedFace[];
}

export interface ClusterQuery {
  libraryId: string;
  model: string;
  /** Faces of this asset are always among `unplaced`. */
  assetId: string | null;
  /** The revision of the remembered state; null to read everything. */
  since: number | null;
}

export function toInt8(hex: string): Int8Array {
  return new Int8Array(Uint8Array.fromHex(hex).buffer);
}

/** Workers are little-endian, as the stored sums. */
export function toInt32(hex: string): Int32Array {
  return new Int32Array(Uint8Array.fromHex(hex).buffer);
}

const state = z.object({ revision: z.int(), reset_revision: z.int() });
const flag = z.literal([0, 1]).transform((bit) => bit === 1);

const personRow = z
  .object({ person_id: z.string(), sum: z.string(), square_sum: z.int(), face_count: z.int(), is_stale: flag })
  .transform((row): PersonCluster => {
    const { person_id: personId, sum, square_sum: squareSum, face_count: faceCount, is_stale: isStale } = row;
    return { personId, sum: sum === "" ? null : toInt32(sum), squareSum, faceCount, isStale };
  });

const faceRow = z
  .object({ face_id: z.string(), waiting: z.int(), vector: z.string(), rejections: z.string() })
  .transform(({ face_id: faceId, waiting, vector, rejections }): ChangedFace => {
    return {
      faceId,
      vector: waiting > 0 ? toInt8(vector) : null,
      rejectedPersonIds: z.array(z.string()).parse(JSON.parse(rejections)),
    };
  });

const faceColumns = sql`e.face_id, e.waiting, hex(e.vector) AS vector,
  (SELECT json_group_array(r.person_id) FROM face_rejections r WHERE r.face_id = e.face_id) AS rejections`;

function selectPeople({ libraryId, model, since }: ClusterQuery): SQL {
  // Stale sums count for every model; others only for that of the embeddings.
  return sql`SELECT c.person_id, iif(c.model = ${model}, coalesce(hex(c.sum), ''), '') AS sum, c.square_sum, c.face_count,
      c.is_stale
    FROM person_clusters c INDEXED BY person_clusters_by_revision
    WHERE c.library_id = ${libraryId} AND c.revision > ${since ?? 0}
    ORDER BY c.revision DESC LIMIT ${MAX_COMPARED_PEOPLE}`;
}

function selectChanged({ libraryId, model, since }: ClusterQuery): SQL {
  if (since === null) {
    return sql`SELECT ${faceColumns} FROM face_embeddings e INDEXED BY face_embeddings_waiting
      WHERE e.library_id = ${libraryId} AND e.model = ${model} AND e.waiting = 1 AND e.waiting > 0
      ORDER BY e.face_id DESC LIMIT ${MAX_WAITING_FACES}`;
  }
  return sql`SELECT ${faceColumns} FROM face_embeddings e INDEXED BY face_embeddings_by_revision
    WHERE e.library_id = ${libraryId} AND e.revision > ${since} AND e.model = ${model} AND e.waiting < 2
    LIMIT ${MAX_CHANGED_FACES + 1}`;
}

function selectUnplaced({ libraryId, model }: ClusterQuery): SQL {
  return sql`SELECT ${faceColumns} FROM face_embeddings e INDEXED BY face_embeddings_waiting
    WHERE e.library_id = ${libraryId} AND e.model = ${model} AND e.waiting = 2 AND e.waiting > 0
    ORDER BY e.face_id LIMIT ${MAX_NEW_FACES}`;
}

function selectOwn({ libraryId, model, assetId }: ClusterQuery): SQL {
  return sql`SELECT ${faceColumns} FROM faces f INDEXED BY faces_by_asset CROSS JOIN face_embeddings e ON e.face_id = f.id
    WHERE f.asset_id = ${assetId} AND e.library_id = ${libraryId} AND e.model = ${model} AND e.waiting = 2 ORDER BY f.id`;
}

/** Reads a library's state in one round trip. Returns null if it has no embeddings. */
export async function readClusters(db: Database, query: ClusterQuery): Promise<ClusterChanges | null> {
  const [states = [], people = [], changed = [], own = [], others = []] = await db.select([
    sql`SELECT s.revision, s.reset_revision FROM cluster_states s WHERE s.library_id = ${query.libraryId}`,
    selectPeople(query),
    selectChanged(query),
    selectOwn(query),
    selectUnplaced(query),
  ]);
  if (states.length === 0) return null;
  const { revision, reset_revision: resetRevision } = state.parse(states[0]);
  const waiting = z.array(faceRow).parse(changed);
  const { since } = query;
  const unplaced = new Map(
    z
      .array(faceRow)
      .parse([...own, ...others])
      .map((face) => [face.faceId, face]),
  );
  return {
    revision,
    isIncomplete: since !== null && (resetRevision > since || waiting.length > MAX_CHANGED_FACES),
    people: z.array(personRow).parse(people),
    waiting,
    unplaced: [...unplaced.values()],
  };
}
