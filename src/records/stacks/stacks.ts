/** Finds and lists stacks and sets their cover. stackChanges.ts changes the members. */
import { and, eq, getTableColumns, sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { inScope, isLibraryMember, type LibraryScope } from "../libraries/libraryScope.ts";
import { stacks } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { NO_QUERY, rowReader, textQuery, type Query } from "../sql/query.ts";

export type Stack = typeof stacks.$inferSelect;
export type StackOrigin = Stack["origin"];

const columns = getTableColumns(stacks);

export async function findStack(db: Database, scope: LibraryScope, id: string): Promise<Stack | null> {
  return (
    (await db.orm
      .select()
      .from(stacks)
      .where(and(eq(stacks.id, id), inScope(scope, stacks.libraryId)))
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

/** The FROM of a page, in order of ids. Each index ends with the id, so a page reads one row more than it returns. */
function pageSource(request: StackListRequest): SQL {
  const stacksBy = (index: string): SQL => sql`stacks s INDEXED BY ${sql.raw(index)}`;
  if (request.ids !== null) {
    return sql`${jsonEach([...new Set(request.ids)])} w CROSS JOIN stacks s ON s.id = w.value`;
  }
  if (request.primaryAssetId !== null) return stacksBy("stacks_by_primary");
  return stacksBy(request.origin === null ? "stacks_by_library" : "stacks_by_origin");
}

export interface StackPage {
  stacks: Stack[];
  hasMore: boolean;
}

const readStack = rowReader(columns);

/** A page of stacks, in order of ids. */
export function stackPageQuery(request: StackListRequest): Query<StackPage> {
  const { origin, primaryAssetId, startingAfterId, limit } = request;
  const where = [
    sql`s.library_id = ${request.libraryId}`,
    ...(origin === null ? [] : [sql`s.origin = ${origin}`]),
    ...(primaryAssetId === null ? [] : [sql`s.primary_asset_id = ${primaryAssetId}`]),
    ...(startingAfterId === null ? [] : [sql`s.id > ${startingAfterId}`]),
  ];
  return {
    sql: sql`SELECT s.* FROM ${pageSource(request)} WHERE ${sql.join(where, sql` AND `)} ORDER BY s.id LIMIT ${limit + 1}`,
    parse: (rows) => ({ stacks: rows.slice(0, limit).map(readStack), hasMore: rows.length > limit }),
  };
}

/** The library of a stack; null if the caller is no member of it. */
export function stackLibraryQuery(scope: LibraryScope, id: string | null): Query<string | null> {
  if (id === null) return NO_QUERY;
  return textQuery(
    sql`SELECT library_id FROM stacks WHERE id = ${id} AND ${isLibraryMember(scope, sql`stacks.library_id`)}`,
    "library_id",
  );
}

/**
 * Sets a live member as the cover and the origin to `user`. Idempotent. For assets other than live members, the stack
 * is unchanged and `isMember` is false. Returns null for an unknown stack.
 */
export async function setStackCover(
  db: Database,
  scope: LibraryScope,
  id: string,
  assetId: string,
  atMs: number,
): Promise<{ stack: Stack; isMember: boolean } | null> {
  const isMember = sql<number>`EXISTS (SELECT 1 FROM assets a
    WHERE a.id = ${assetId} AND a.stack_id = ${id} AND a.trashed_at IS NULL)`;
  const stack = and(eq(stacks.id, id), inScope(scope, stacks.libraryId));
  const condition = and(
    stack,
    isMember,
    sql`(${stacks.primaryAssetId} IS NOT ${assetId} OR ${stacks.origin} <> 'user')`,
  );
  const [, , rows] = await db.orm.batch([
    insertSelectedEvents(
      db,
      sql`SELECT ${stacks.libraryId}, 'stack_updated', 'stack', ${stacks.id}, NULL, ${eventTime(atMs)} FROM ${stacks} WHERE ${condition}`,
    ),
    db.orm.update(stacks).set({ primaryAssetId: assetId, origin: "user", updatedAt: atMs }).where(condition),
    db.orm
      .select({ stack: columns, isMember: isMember.as("is_member") })
      .from(stacks)
      .where(stack),
  ]);
  const row = rows[0];
  return row === undefined ? null : { stack: row.stack, isMember: row.isMember === 1 };
}
