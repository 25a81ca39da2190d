/** Changes one face: assigns, detaches or deletes it. */
import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { assignFaces, deleteFaces } from "./assignments.ts";

/** Sets the person of a face, unless the person is of another library or deleted. Null detaches the face. */
export async function setFacePerson(
  db: Database,
  faceId: string,
  personId: string | null,
  atMs: number,
): Promise<void> {
  const moves = sql`SELECT ${faceId} AS id, ${personId} AS person_id`;
  await db.orm.batch([
    ...assignFaces(db, moves, { reason: "user", atMs }),
    // Confirms the person that clustering chose.
    db.statement(sql`UPDATE faces SET assigned_by = 'user'
      WHERE id = ${faceId} AND person_id = ${personId} AND assigned_by = 'clustering'`),
  ]);
}

export async function deleteFace(db: Database, faceId: string, atMs: number): Promise<void> {
  await db.orm.batch(deleteFaces(db, sql`SELECT ${faceId}`, { atMs }));
}
