/**
 * Updates people: reads the state that the updates depend on, and writes them in one batch, only while that state is
 * current. operations/people/updatePlan.ts decides what changes.
 */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import { people } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { isNullRejected } from "../sql/nullRejected.ts";
import type { PersonNames } from "./createPerson.ts";

export interface PersonStateQuery {
  ids: string[];
  /** Names that people get. */
  foldedNames: string[];
  /** Faces that become portraits. */
  faceIds: string[];
}

const bit = z.literal([0, 1]).transform((value) => value === 1);

const personState = z.object({
  id: z.string(),
  libraryId: z.string(),
  name: z.string().nullable(),
  foldedName: z.string().nullable(),
  sortName: z.string().nullable(),
  birthDate: z.string().nullable(),
  isFavorite: bit,
  isHidden: bit,
  thumbnailFaceId: z.string().nullable(),
});
export type PersonState = z.output<typeof personState>;

const snapshot = z.object({
  /** The people in scope, in the order of the query. */
  people: z.array(personState),
  /** Everybody in their libraries who has one of the names. */
  named: z.array(z.object({ id: z.string(), libraryId: z.string(), foldedName: z.string() })),
  /** The faces in scope, and their people. */
  faces: z.array(z.object({ id: z.string(), libraryId: z.string(), personId: z.string().nullable() })),
});

export interface PersonSnapshot extends z.output<typeof snapshot> {
  /** A condition: the same query still returns the same snapshot. */
  unchanged: SQL;
}

/** The snapshot as one JSON text, without rows that are out of scope. */
function snapshotJson(scope: LibraryScope, { ids, foldedNames, faceIds }: PersonStateQuery): SQL {
  const inQuery = sql`SELECT p.* FROM ${jsonEach(ids)} w CROSS JOIN people p ON p.id = w.value
    WHERE ${inScope(scope, sql`p.library_id`)} ORDER BY w.key`;
  return sql`json_object(
    'people', json((SELECT json_group_array(json_object('id', p.id, 'libraryId', p.library_id, 'name', p.name,
      'foldedName', p.folded_name, 'sortName', p.sort_name, 'birthDate', p.birth_date, 'isFavorite', p.is_favorite,
      'isHidden', p.is_hidden, 'thumbnailFaceId', p.thumbnail_face_id)) FROM (${inQuery}) p)),
    'named', json((SELECT json_group_array(json_object('id', n.id, 'libraryId', n.library_id, 'foldedName', n.folded_name))
      FROM (SELECT n.id, n.library_id, n.folded_name FROM (SELECT DISTINCT library_id FROM (${inQuery})) l
        CROSS JOIN ${jsonEach(foldedNames)} w CROSS JOIN people n INDEXED BY people_by_name
          ON n.library_id = l.library_id AND n.folded_name = w.value AND n.folded_name IS NOT NULL ORDER BY n.id) n)),
    'faces', json((SELECT json_group_array(json_object('id', f.id, 'libraryId', f.library_id, 'personId', f.person_id))
      FROM ${jsonEach(faceIds)} w CROSS JOIN faces f ON f.id = w.value
      WHERE ${inScope(scope, sql`f.library_id`)})))`;
}

export async function readPersonSnapshot(
  db: Database,
  scope: LibraryScope,
  query: PersonStateQuery,
): Promise<PersonSnapshot> {
  const json = snapshotJson(scope, query);
  const [row] = await db.orm.all<{ snapshot: string }>(sql`SELECT ${json} AS snapshot`);
  if (row === undefined) throw new Error("a SELECT without FROM returned no row");
  return { ...snapshot.parse(JSON.parse(row.snapshot)), unchanged: sql`${json} = ${row.snapshot}` };
}

/** A person's fields after an update. */
export interface PersonUpdate extends PersonNames {
  id: string;
  birthDate: string | null;
  isFavorite: boolean;
  isHidden: boolean;
  thumbnailFaceId: string | null;
}

/** Which columns of indexes an update changes: SQLite rewrites the entries of each column that is set. */
export interface ChangedColumns {
  /** People whose names change. */
  renamedIds: string[];
  isHidden: boolean;
  thumbnailFaceId: boolean;
}

function assignments({ renamedIds, isHidden, thumbnailFaceId }: ChangedColumns): SQL {
  const columns = [
    ["birth_date", "birthDate"],
    ["is_favorite", "isFavorite"],
    ...(isHidden ? [["is_hidden", "isHidden"]] : []),
    ...(thumbnailFaceId ? [["thumbnail_face_id", "thumbnailFaceId"]] : []),
    ...(renamedIds.length === 0
      ? []
      : [
          ["name", "name"],
          ["folded_name", "foldedName"],
          ["sort_name", "sortName"],
        ]),
  ];
  return sql.raw(columns.map(([column, field]) => `${column} = w.value ->> '${field}'`).join(", "));
}

/**
 * Writes updates in four statements, whatever their number, with an event of each person. Two people can exchange no
 * name, but one can get the name that another gives up: all names that change are cleared first.
 *
 * Returns false, without any change, unless `unchanged` holds.
 */
export async function writePersonUpdates(
  db: Database,
  updates: PersonUpdate[],
  changed: ChangedColumns,
  unchanged: SQL,
  atMs: number,
): Promise<boolean> {
  const listed = jsonEach(updates);
  const ids = sql`SELECT value ->> 'id' FROM ${listed}`;
  try {
    const [rows] = await db.orm.batch([
      // NULL, which the column rejects, ends the batch if the state has changed.
      db.orm
        .update(people)
        .set({ updatedAt: sql`iif(${unchanged}, ${atMs}, NULL)` })
        .where(sql`id IN (${ids})`)
        .returning({ id: people.id }),
      db.statement(
        sql`UPDATE people SET folded_name = NULL WHERE id IN (SELECT value FROM ${jsonEach(changed.renamedIds)})`,
      ),
      db.statement(sql`UPDATE people SET ${assignments(changed)} FROM ${listed} w WHERE people.id = w.value ->> 'id'`),
      insertSelectedEvents(
        db,
        sql`SELECT p.library_id, 'person_updated', 'person', p.id, NULL, ${eventTime(atMs)}
          FROM ${listed} w CROSS JOIN people p ON p.id = w.value ->> 'id' ORDER BY w.key`,
      ),
    ]);
    return rows.length > 0;
  } catch (error) {
    if (isNullRejected(error, "people.updated_at")) return false;
    throw error;
  }
}
