/** Stacks one by one: find, list, choose a cover. Who belongs to them is changed in stackChanges.ts alone. */
import { and, eq, getTableColumns, sql, Subquery, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";
import { withinReach, type Reach } from "../libraries/libraries.ts";
import { stacks } from "../schema/schema.ts";

export type Stack = typeof stacks.$inferSelect;
export type StackOrigin = Stack["origin"];

const columns = getTableColumns(stacks);

function reachable(reach: Reach): SQL | undefined {
  return and(eq(stacks.userId, reach.userId), withinReach(reach, sql`${stacks.libraryId}`));
}

export async function findStack(db: Database, reach: Reach, id: string): Promise<Stack | null> {
  return (
    (await db.orm
      .select()
      .from(stacks)
      .where(and(eq(stacks.id, id), reachable(reach)))
      .get()) ?? null
  );
}

export interface StackListRequest {
  libraryId: string;
  ids: string[] | null;
  origin: StackOrigin | null;
  primaryAssetId: string | null;
  startingAfterId: string | null;
  limit: number;
}

/** Where the rows come from, in order of ids: each index ends in the id, so a page costs one row more than it gives. */
function source(request: StackListRequest): SQL {
  const by = (index: string): SQL => sql`stacks s INDEXED BY ${sql.raw(index)}`;
  if (request.ids !== null) {
    return sql`json_each(${JSON.stringify([...new Set(request.ids)])}) w CROSS JOIN stacks s ON s.id = w.value`;
  }
  if (request.primaryAssetId !== null) return by("stacks_by_primary");
  return by(request.origin === null ? "stacks_by_library" : "stacks_by_origin");
}

export async function listStacks(
  db: Database,
  request: StackListRequest,
): Promise<{ stacks: Stack[]; hasMore: boolean }> {
  const { origin, primaryAssetId, startingAfterId, limit } = request;
  const where = [
    sql`s.library_id = ${request.libraryId}`,
    ...(origin === null ? [] : [sql`s.origin = ${origin}`]),
    ...(primaryAssetId === null ? [] : [sql`s.primary_asset_id = ${primaryAssetId}`]),
    ...(startingAfterId === null ? [] : [sql`s.id > ${startingAfterId}`]),
  ];
  const page = sql`SELECT s.* FROM ${source(request)} WHERE ${sql.join(where, sql` AND `)} ORDER BY s.id LIMIT ${limit + 1}`;
  const rows = await db.orm
    .select(columns)
    .from(new Subquery(page, columns, "stacks"))
    .orderBy(sql`"id"`);
  return { stacks: rows.slice(0, limit), hasMore: rows.length > limit };
}

/**
 * Pins a live member as the cover, which makes the stack its owner's. Pinning it again is no change. `isMember` is false
 * where the asset is no live member, and nothing has changed then; null without such a stack.
 */
export async function setStackCover(
  db: Database,
  reach: Reach,
  id: string,
  assetId: string,
  atMs: number,
): Promise<{ stack: Stack; isMember: boolean } | null> {
  const isMember = sql<number>`EXISTS (SELECT 1 FROM assets a
    WHERE a.id = ${assetId} AND a.stack_id = ${id} AND a.trashed_at IS NULL)`;
  const known = and(eq(stacks.id, id), reachable(reach));
  const due = and(known, isMember, sql`(${stacks.primaryAssetId} IS NOT ${assetId} OR ${stacks.origin} <> 'user')`);
  const [, , rows] = await db.orm.batch([
    db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
      SELECT ${stacks.libraryId}, 'stack_updated', 'stack', ${stacks.id}, NULL, ${eventTime(atMs)} FROM ${stacks} WHERE ${due}`),
    db.orm.update(stacks).set({ primaryAssetId: assetId, origin: "user", updatedAt: atMs }).where(due),
    db.orm
      .select({ stack: columns, isMember: isMember.as("is_member") })
      .from(stacks)
      .where(known),
  ]);
  const row = rows[0];
  return row === undefined ? null : { stack: row.stack, isMember: row.isMember === 1 };
}
