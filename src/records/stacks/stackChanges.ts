/**
 * Changes stack membership: reads the state before a change, and applies the change in one batch, only while that state
 * is current. operations/stacks/stackPlan.ts decides the change.
 */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { eventTime, insertSelectedEvents } from "../events/events.ts";
import { selectLiveLibraries } from "../libraries/libraries.ts";
import { inScope, type LibraryScope } from "../libraries/libraryScope.ts";
import { insertIdempotentResult, type IdempotentRequest } from "../idempotency/idempotencyKeys.ts";
import { stacks } from "../schema/schema.ts";
import { inList, jsonEach } from "../sql/jsonList.ts";
import type { Stack, StackOrigin } from "./stacks.ts";

export interface StackQuery {
  /** The library of a new stack; null: the only live library. */
  libraryId: string | null;
  stackId: string | null;
  assetIds: string[];
}

const flag = z.literal([0, 1]).transform((bit) => bit === 1);

const stackState = z.object({
  id: z.string(),
  libraryId: z.string(),
  origin: z.enum(["auto_burst", "user"]),
  primaryAssetId: z.string().nullable(),
  memberCount: z.int(),
  createdAt: z.int(),
  /** Neither the stack nor the trash state of its members has changed since it was created. */
  isUnmodified: flag,
});
export type StackState = z.output<typeof stackState>;

const stackCandidate = z.object({
  id: z.string(),
  libraryId: z.string(),
  isTrashed: flag,
  stack: stackState.nullable(),
});
export type StackCandidate = z.output<typeof stackCandidate>;

const snapshot = z.object({ stack: stackState.nullable(), assets: z.array(stackCandidate) });
const liveLibraries = z.array(z.object({ id: z.string(), userId: z.string() }));

export interface StackSnapshot extends z.output<typeof snapshot> {
  /** Up to two live libraries that the query may refer to. */
  libraries: { id: string; userId: string }[];
  /** A condition: the same query still returns the same snapshot. */
  unchanged: SQL;
}

/** Omits the count of live members, which changes with the trash and is unused by the rules. */
const stackJson = sql`json_object('id', s.id, 'libraryId', s.library_id, 'origin', s.origin,
  'primaryAssetId', s.primary_asset_id, 'memberCount', s.member_count,
  'createdAt', s.created_at, 'isUnmodified', s.created_at = s.updated_at)`;

/** The snapshot as one JSON text, without rows that are out of scope. */
function snapshotJson(scope: LibraryScope, query: StackQuery): SQL {
  return sql`json_object(
    'stack', json((SELECT ${stackJson} FROM stacks s
      WHERE s.id = ${query.stackId} AND ${inScope(scope, sql`s.library_id`)})),
    'assets', json((SELECT json_group_array(json(asset)) FROM (
      SELECT json_object('id', a.id, 'libraryId', a.library_id, 'isTrashed', a.trashed_at IS NOT NULL,
        'stack', json(CASE WHEN s.id IS NOT NULL THEN ${stackJson} END)) AS asset
      FROM ${jsonEach(query.assetIds)} w CROSS JOIN assets a ON a.id = w.value
        LEFT JOIN stacks s ON s.id = a.stack_id
      WHERE ${inScope(scope, sql`a.library_id`, sql`a.trashed_at`)} ORDER BY w.key))))`;
}

export async function readStackSnapshot(db: Database, scope: LibraryScope, query: StackQuery): Promise<StackSnapshot> {
  const json = snapshotJson(scope, query);
  const [row] = await db.orm.all<{ snapshot: string; libraries: string }>(sql`SELECT ${json} AS snapshot,
    (SELECT json_group_array(json_object('id', l.id, 'userId', l.user_id)) FROM ${selectLiveLibraries(db, scope, query.libraryId)} l) AS libraries`);
  if (row === undefined) throw new Error("a SELECT without FROM returned no row");
  return {
    ...snapshot.parse(JSON.parse(row.snapshot)),
    libraries: liveLibraries.parse(JSON.parse(row.libraries)),
    unchanged: sql`${json} = ${row.snapshot}`,
  };
}

/** A stack to delete. Members missing from the change move as well. */
export interface DeletedStack {
  id: string;
  /** The stack that the members move to; null to leave them unstacked. */
  to: string | null;
  /** A user requested it, so burst detection ignores the members from then on. */
  byUser: boolean;
}

export interface StackChange {
  libraryId: string;
  /** The stack to create or change. */
  stackId: string;
  /** The owner of a new stack; null for an existing stack. */
  newStackUserId: string | null;
  origin: StackOrigin;
  /** Undefined: unchanged. */
  primaryAssetId?: string | null;
  /** Assets and the stack that each moves to; null: a user removed the asset. */
  assets: { id: string; to: string | null }[];
  deletedStacks: DeletedStack[];
  /** Other stacks that lose members and stay. */
  reducedStackIds: string[];
}

/** Every asset that moves: the stack it moves to, and whether a user requested it. */
function selectMoves(change: StackChange): SQL {
  const listed = jsonEach(change.assets);
  return sql`SELECT w.value ->> 'id' AS id, w.value ->> 'to' AS stack_id, 1 AS by_user FROM ${listed} w
    UNION ALL
    SELECT m.id, e.value ->> 'to', e.value ->> 'byUser'
    FROM ${jsonEach(change.deletedStacks)} e CROSS JOIN assets m INDEXED BY assets_by_stack
      ON m.library_id = ${change.libraryId} AND m.stack_id = e.value ->> 'id'
    WHERE m.stack_id IS NOT NULL AND m.id NOT IN (SELECT value ->> 'id' FROM ${listed})`;
}

/** Order of the events of a change: a stack is created before it gets members, and loses them before it is deleted. */
const EVENT_RANK = { stackCreated: 0, assetAdded: 1, stackUpdated: 3, stackDeleted: 4 };

function insertChangeEvents(db: Database, change: StackChange, isClaimed: SQL, atMs: number) {
  const { stackId, deletedStacks, reducedStackIds, newStackUserId } = change;
  const survives = deletedStacks.every((stack) => stack.id !== stackId);
  const updated = [...(survives && newStackUserId === null ? [stackId] : []), ...reducedStackIds];
  const stackEvents = [
    ...(newStackUserId === null ? [] : [{ rank: EVENT_RANK.stackCreated, type: "stack_created", id: stackId }]),
    ...updated.map((id) => ({ rank: EVENT_RANK.stackUpdated, type: "stack_updated", id })),
    ...deletedStacks.map(({ id }) => ({ rank: EVENT_RANK.stackDeleted, type: "stack_deleted", id })),
  ];
  return insertSelectedEvents(
    db,
    sql`SELECT ${change.libraryId}, event_type, entity_type, id, payload, ${eventTime(atMs)} FROM (
      SELECT w.value ->> 'rank' AS event_rank, w.value ->> 'type' AS event_type, 'stack' AS entity_type,
        w.value ->> 'id' AS id, NULL AS payload FROM ${jsonEach(stackEvents)} w
      UNION ALL
      SELECT ${sql.raw(String(EVENT_RANK.assetAdded))} + (stack_id IS NULL), 'asset_updated', 'asset', id, json_object('stack_id', stack_id)
      FROM (${selectMoves(change)}))
    WHERE ${isClaimed} ORDER BY event_rank, id`,
  );
}

/** Claims the stack if it is unchanged: until the end of the batch its origin is a token unique to this batch. */
function claimStack(db: Database, change: StackChange, unchanged: SQL, claimToken: string, atMs: number) {
  const { stackId, newStackUserId, libraryId, primaryAssetId = null } = change;
  if (newStackUserId === null) {
    return db.orm
      .update(stacks)
      .set({ origin: sql`${claimToken}` })
      .where(and(eq(stacks.id, stackId), unchanged))
      .returning({ id: stacks.id });
  }
  return db.orm
    .insert(stacks)
    .select(
      sql`SELECT ${stackId}, ${libraryId}, ${newStackUserId}, ${claimToken}, ${primaryAssetId}, 0, 0, ${atMs}, ${atMs} WHERE ${unchanged}`,
    )
    .returning({ id: stacks.id });
}

/** Sets the final origin and cover. Other stacks that lost members count as changed by the user. */
function finalizeStacks(db: Database, change: StackChange, isClaimed: SQL, atMs: number) {
  const { stackId, primaryAssetId, reducedStackIds, origin } = change;
  const cover = sql`CASE WHEN ${stacks.id} = ${stackId} THEN ${primaryAssetId ?? null} ELSE ${stacks.primaryAssetId} END`;
  return db.orm
    .update(stacks)
    .set({ origin, updatedAt: atMs, ...(primaryAssetId === undefined ? {} : { primaryAssetId: cover }) })
    .where(and(inList(stacks.id, [stackId, ...reducedStackIds]), isClaimed))
    .returning();
}

/**
 * Applies a change in five statements, whatever the number of assets, and stores a new stack as the result of an
 * idempotent `request`. Triggers maintain the counts. Returns false, without any change, if `unchanged` is false.
 * `stack` is the changed stack, or null if it was deleted.
 */
export async function applyStackChange(
  db: Database,
  change: StackChange,
  unchanged: SQL,
  atMs: number,
  request: IdempotentRequest | null = null,
): Promise<{ stack: Stack | null } | false> {
  const claimToken = `claimed by ${crypto.randomUUID()}`;
  const isClaimed = sql`EXISTS (SELECT 1 FROM stacks WHERE id = ${change.stackId} AND origin = ${claimToken})`;
  const deletedIds = change.deletedStacks.map(({ id }) => id);
  const [claimed, , , , finalized] = await db.orm.batch([
    claimStack(db, change, unchanged, claimToken, atMs),
    insertChangeEvents(db, change, isClaimed, atMs),
    db.statement(sql`UPDATE assets SET stack_id = m.stack_id, updated_at = ${atMs},
        unstacked_at = CASE WHEN m.stack_id IS NOT NULL THEN NULL WHEN m.by_user THEN ${atMs} ELSE unstacked_at END
      FROM (${selectMoves(change)}) m WHERE assets.id = m.id AND ${isClaimed}`),
    db.statement(sql`DELETE FROM stacks WHERE ${inList(sql`id`, deletedIds)} AND ${isClaimed}`),
    finalizeStacks(db, change, isClaimed, atMs),
    ...insertIdempotentResult(db, request, { table: stacks, id: change.stackId }, atMs),
  ]);
  if (claimed.length === 0) return false;
  return { stack: finalized.find((stack) => stack.id === change.stackId) ?? null };
}

/** Stores an existing stack as the result of an idempotent request, in place of a new one. */
export async function storeStackResult(
  db: Database,
  request: IdempotentRequest,
  stackId: string,
  atMs: number,
): Promise<void> {
  const [first, ...rest] = insertIdempotentResult(db, request, { table: stacks, id: stackId }, atMs);
  if (first !== undefined) await db.orm.batch([first, ...rest]);
}
