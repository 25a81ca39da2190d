/** Finds and lists stacks and sets their cover. stackChanges.ts changes the members. */
import { and, eq, getTableColumns, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { inScope, isLibraryMember, type LibraryScope } from "../libraries/libraryScope.ts";
import { stacks } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { NO_QUERY, rowReader, textQuery, type Query, type Row } from "../sql/query.ts";

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
  /** Whether to read the live members of each stack. */
  withAssetIds: boolean;
}

/** A stack; with its live members, the oldest first, if the list asked for them. */
export interface ListedStack extends Stack {
  assetIds: string[] | null;
}

/** Members that a page of stacks lists. A page ends early, and a single stack of more is cut. */
export const MAX_LISTED_STACK_MEMBERS = 10_000;

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
  stacks: ListedStack[];
  hasMore: boolean;
}

const readStack = rowReader(columns);
const idList = z.array(z.string());

/** Members of the stack `s` as a JSON list, unless the stacks before it have as many as a page may list. */
const memberIds = sql`CASE WHEN s.members_before < ${MAX_LISTED_STACK_MEMBERS} THEN (SELECT json_group_array(id) FROM (
  SELECT a.id FROM assets a INDEXED BY assets_by_stack
  WHERE a.library_id = s.library_id AND a.stack_id = s.id AND a.trashed_at IS NULL
  ORDER BY a.sort_key LIMIT ${MAX_LISTED_STACK_MEMBERS})) END`;

/** The rows of `page` with the ids of their members. */
function withMembers(page: SQL): SQL {
  return sql`SELECT s.*, ${memberIds} AS member_ids FROM (
    SELECT p.*, sum(p.asset_count) OVER (ORDER BY p.id) - p.asset_count AS members_before FROM (${page}) p) s ORDER BY s.id`;
}

function readListedStack(row: Row): ListedStack {
  const ids = row["member_ids"];
  return { ...readStack(row), assetIds: typeof ids === "string" ? idList.parse(JSON.parse(ids)) : null };
}

/** A page of stacks, in order of ids. */
export function stackPageQuery(request: StackListRequest): Query<StackPage> {
  const { origin, primaryAssetId, startingAfterId, limit } = request;
  const where = [
    sql`s.library_id = ${request.libraryId}`,
    ...(origin === null ? [] : [sql`s.origin = ${origin}`]),
    ...(primaryAssetId === null ? [] : [sql`s.primary_asset_id = ${primaryAssetId}`]),
    ...(startingAfterId === null ? [] : [sql`s.id > ${startingAfterId}`]),
  ];
  const page = sql`SELECT s.* FROM ${pageSource(request)} WHERE ${sql.join(where, sql` AND `)} ORDER BY s.id LIMIT ${limit + 1}`;
  return {
    sql: request.withAssetIds ? withMembers(page) : page,
    parse: (rows) => {
      const listed = rows.slice(0, limit).map(readListedStack);
      const complete = request.withAssetIds ? listed.filter(({ assetIds }) => assetIds !== null) : listed;
      return { stacks: complete, hasMore: rows.length > complete.length };
    },
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
