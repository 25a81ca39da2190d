/** Finds people: by id, by name, and the library of one. Counts are stored; the portrait is chosen by each read. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import { runQueries, type Query, type Row } from "../sql/query.ts";
import { personJson, personValue, type Person } from "./personJson.ts";

export type { Person } from "./personJson.ts";

/** How similar the faces of a person are, as cosine distances between each two of them. */
export interface ClusterMetrics {
  pairwiseP90: number;
  pairwiseMean: number;
  faceCount: number;
}

/** A person; with metrics if they were requested and are measured. */
export interface ListedPerson extends Person {
  clusterMetrics: ClusterMetrics | null;
}

const metricsJson = sql`(SELECT json_array(c.pairwise_p90, c.pairwise_mean, c.face_count) FROM person_clusters c
  WHERE c.person_id = p.id AND c.pairwise_p90 IS NOT NULL AND c.pairwise_mean IS NOT NULL)`;

const metricsValue = z
  .tuple([z.number(), z.number(), z.int()])
  .transform(([pairwiseP90, pairwiseMean, faceCount]): ClusterMetrics => ({ pairwiseP90, pairwiseMean, faceCount }));

/** Columns of a SELECT from the people `p` that `readListedPerson` reads. */
export function listedPersonColumns(withMetrics: boolean): SQL {
  return sql`${personJson(sql.raw("p"))} AS person, ${withMetrics ? metricsJson : sql`NULL`} AS metrics`;
}

export function readListedPerson(row: Row): ListedPerson {
  const { person, metrics } = row;
  return {
    ...personValue.parse(JSON.parse(String(person))),
    clusterMetrics: typeof metrics === "string" ? metricsValue.parse(JSON.parse(metrics)) : null,
  };
}

/** A person in scope. */
export function personQuery(scope: LibraryScope, id: string, withMetrics = false): Query<ListedPerson | null> {
  return {
    sql: sql`SELECT ${listedPersonColumns(withMetrics)} FROM people p
      WHERE p.id = ${id} AND ${inScope(scope, sql`p.library_id`)}`,
    parse: ([row]) => (row === undefined ? null : readListedPerson(row)),
  };
}

export async function findPerson(
  db: Database,
  scope: LibraryScope,
  id: string,
  withMetrics = false,
): Promise<ListedPerson | null> {
  const [person] = await runQueries(db, [personQuery(scope, id, withMetrics)]);
  return person;
}

/** The person of this folded name, of whom there is at most one in a library. */
export async function findPersonByName(
  db: Database,
  libraryId: string,
  foldedName: string,
): Promise<(ListedPerson & { chosenFaceId: string | null }) | null> {
  const [found] = await runQueries(db, [
    {
      sql: sql`SELECT ${listedPersonColumns(false)}, p.thumbnail_face_id FROM people p INDEXED BY people_by_name
        WHERE p.library_id = ${libraryId} AND p.folded_name = ${foldedName} AND p.folded_name IS NOT NULL`,
      parse: ([row]: Row[]) => {
        if (row === undefined) return null;
        const chosen = row["thumbnail_face_id"];
        return { ...readListedPerson(row), chosenFaceId: typeof chosen === "string" ? chosen : null };
      },
    },
  ]);
  return found;
}

/** A condition: the face may be the portrait of this person, or of a new one if `personId` is null. */
export function canBePortrait(faceId: SQL, personId: SQL, libraryId: SQL): SQL {
  return sql`EXISTS (SELECT 1 FROM faces f WHERE f.id = ${faceId} AND f.library_id = ${libraryId}
    AND (f.person_id IS NULL OR f.person_id IS ${personId}))`;
}
