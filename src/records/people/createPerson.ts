/** Inserts a person with its event. */
import { sql, type SQL } from "drizzle-orm";
import { newId } from "../../kernel/ids.ts";
import type { Database } from "../database.ts";
import { insertEvents, type NewEvent } from "../events/events.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { people } from "../schema/schema.ts";
import { canBePortrait } from "./people.ts";
import { personJson } from "./personJson.ts";

/** A name in its three forms; all null for an unnamed person. */
export interface PersonNames {
  name: string | null;
  foldedName: string | null;
  sortName: string | null;
}

export interface NewPerson extends PersonNames {
  libraryId: string;
  userId: string;
  birthDate: string | null;
  isFavorite: boolean;
  isHidden: boolean;
  thumbnailFaceId: string | null;
}

export function personEvent(eventType: "person_created" | "person_updated" | "person_deleted", id: string): NewEvent {
  return { eventType, entityType: "person", entityId: id };
}

const NAME_TAKEN = "UNIQUE constraint failed: people.library_id, people.folded_name";

/** Whether a batch failed because another person of the library has the name. */
export function isPersonNameTaken(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].some((each) => each instanceof Error && each.message.includes(NAME_TAKEN));
}

/**
 * Inserts a person and returns its id; null, without any change, if the portrait is no face of the library without a
 * person. Fails as `isPersonNameTaken` tells if the name is taken.
 */
export async function insertPerson(
  db: Database,
  person: NewPerson,
  atMs: number,
  request: IdempotentRequest | null,
): Promise<string | null> {
  const id = newId("person", atMs);
  const { libraryId, userId, name, foldedName, sortName, birthDate, thumbnailFaceId } = person;
  const isAllowed: SQL =
    thumbnailFaceId === null ? sql`TRUE` : canBePortrait(sql`${thumbnailFaceId}`, sql`NULL`, sql`${libraryId}`);
  const isMissing = sql`NOT EXISTS (SELECT 1 FROM people WHERE id = ${id})`;
  const [, rows] = await db.orm.batch([
    insertEvents(db, libraryId, atMs, [personEvent("person_created", id)], sql`${isMissing} AND ${isAllowed}`),
    db.orm
      .insert(people)
      .select(
        sql`SELECT ${id}, ${libraryId}, ${userId}, ${name}, ${foldedName}, ${sortName}, ${birthDate},
          ${Number(person.isFavorite)}, ${Number(person.isHidden)}, ${thumbnailFaceId}, 0, 0, ${atMs}, ${atMs}
          WHERE ${isAllowed}`,
      )
      .returning({ id: people.id }),
    ...insertIdempotentResult(
      db,
      request,
      {
        table: people,
        id,
        result: sql`json_object('libraryId', library_id, 'person', json(${personJson(sql.raw("people"))}))`,
      },
      atMs,
    ),
  ]);
  return rows[0]?.id ?? null;
}
