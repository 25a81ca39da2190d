/**
 * Who belongs to which stack: what is to be known before a change, and the change, in one batch that does nothing where
 * what was known is no longer so. Decides nothing: operations/stackPlan.ts does.
 */
import { and, eq, sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";
import { eventTime } from "../events/events.ts";
import { selectLiveLibraries, withinReach, type Reach } from "../libraries/libraries.ts";
import { stacks } from "../schema/schema.ts";
import type { Stack, StackOrigin } from "./stacks.ts";

export interface StackQuestion {
  /** The library that a new stack is for: the named one, or the only one. */
  libraryId: string | null;
  stackId: string | null;
  assetIds: string[];
}

const flag = z.literal([0, 1]).transform((bit) => bit === 1);

const knownStack = z.object({
  id: z.string(),
  libraryId: z.string(),
  origin: z.enum(["auto_burst", "user"]),
  primaryAssetId: z.string().nullable(),
  memberCount: z.int(),
  createdAt: z.int(),
  /** Nothing has been changed in it, nor of its members' trash, since it was made. */
  isAsMade: flag,
});
export type KnownStack = z.output<typeof knownStack>;

const knownAsset = z.object({
  id: z.string(),
  libraryId: z.string(),
  isTrashed: flag,
  stack: knownStack.nullable(),
});
export type KnownAsset = z.output<typeof knownAsset>;

const knowledge = z.object({ stack: knownStack.nullable(), assets: z.array(knownAsset) });
const liveLibraries = z.array(z.object({ id: z.string() }));

export interface StackReading extends z.output<typeof knowledge> {
  /** Up to two live libraries that the question may mean. */
  libraries: { id: string }[];
  /** Holds as long as the same question has the same answer. */
  unchanged: SQL;
}

/** Without the count of live members, which the trash changes and no rule asks for. */
const stackJson = sql`json_object('id', s.id, 'libraryId', s.library_id, 'origin', s.origin,
  'primaryAssetId', s.primary_asset_id, 'memberCount', s.member_count,
  'createdAt', s.created_at, 'isAsMade', s.created_at = s.updated_at)`;

/** One JSON text; what the caller does not reach is left out of it. */
function knowledgeOf(reach: Reach, question: StackQuestion): SQL {
  return sql`json_object(
    'stack', json((SELECT ${stackJson} FROM stacks s
      WHERE s.id = ${question.stackId} AND s.user_id = ${reach.userId} AND ${withinReach(reach, sql`s.library_id`)})),
    'assets', json((SELECT json_group_array(json(asset)) FROM (
      SELECT json_object('id', a.id, 'libraryId', a.library_id, 'isTrashed', a.trashed_at IS NOT NULL,
        'stack', json(CASE WHEN s.id IS NOT NULL THEN ${stackJson} END)) AS asset
      FROM json_each(${JSON.stringify(question.assetIds)}) w CROSS JOIN assets a ON a.id = w.value
        LEFT JOIN stacks s ON s.id = a.stack_id
      WHERE a.user_id = ${reach.userId} AND ${withinReach(reach, sql`a.library_id`, sql`a.trashed_at`)} ORDER BY w.key))))`;
}

export async function readStacking(db: Database, reach: Reach, question: StackQuestion): Promise<StackReading> {
  const text = knowledgeOf(reach, question);
  const [row] = await db.orm.all<{ known: string; libraries: string }>(sql`SELECT ${text} AS known,
    (SELECT json_group_array(json_object('id', l.id)) FROM ${selectLiveLibraries(db, reach, question.libraryId)} l) AS libraries`);
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return {
    ...knowledge.parse(JSON.parse(row.known)),
    libraries: liveLibraries.parse(JSON.parse(row.libraries)),
    unchanged: sql`${text} = ${row.known}`,
  };
}

/** A stack that all its members leave which the change does not name itself; it is deleted. */
export interface EmptiedStack {
  id: string;
  /** Into which stack; null for none. */
  to: string | null;
  /** Someone asked for it, so burst detection is to leave the members alone. */
  chosen: boolean;
}

export interface StackChange {
  libraryId: string;
  /** The stack that is made or changed. */
  stackId: string;
  /** Whose it is to be, where it is new. */
  createdFor: string | null;
  origin: StackOrigin;
  /** Left out: as it is. */
  primaryAssetId?: string | null;
  /** Assets by name, and the stack each goes to; null: someone took it out. */
  assets: { id: string; to: string | null }[];
  emptied: EmptiedStack[];
  /** Other stacks, which go on with fewer members. */
  shrunk: string[];
}

/** Each asset that moves: where to, and whether someone chose it. */
function movesOf(change: StackChange): SQL {
  const named = JSON.stringify(change.assets);
  return sql`SELECT w.value ->> 'id' AS id, w.value ->> 'to' AS stack_id, 1 AS chosen FROM json_each(${named}) w
    UNION ALL
    SELECT m.id, e.value ->> 'to', e.value ->> 'chosen'
    FROM json_each(${JSON.stringify(change.emptied)}) e CROSS JOIN assets m INDEXED BY assets_by_stack
      ON m.library_id = ${change.libraryId} AND m.stack_id = e.value ->> 'id'
    WHERE m.stack_id IS NOT NULL AND m.id NOT IN (SELECT value ->> 'id' FROM json_each(${named}))`;
}

/** As a client should hear of them: a stack before its members, and those that it loses before its end. */
function insertChangeEvents(db: Database, change: StackChange, held: SQL, atMs: number) {
  const { stackId, emptied, shrunk, createdFor } = change;
  const survives = emptied.every((stack) => stack.id !== stackId);
  const updated = [...(survives && createdFor === null ? [stackId] : []), ...shrunk];
  const ofStacks = [
    ...(createdFor === null ? [] : [{ place: 0, type: "stack_created", id: stackId }]),
    ...updated.map((id) => ({ place: 3, type: "stack_updated", id })),
    ...emptied.map(({ id }) => ({ place: 4, type: "stack_deleted", id })),
  ];
  return db.statement(sql`INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
    SELECT ${change.libraryId}, event_type, entity_type, id, payload, ${eventTime(atMs)} FROM (
      SELECT w.value ->> 'place' AS place, w.value ->> 'type' AS event_type, 'stack' AS entity_type,
        w.value ->> 'id' AS id, NULL AS payload FROM json_each(${JSON.stringify(ofStacks)}) w
      UNION ALL
      SELECT 1 + (stack_id IS NULL), 'asset_updated', 'asset', id, json_object('stack_id', stack_id)
      FROM (${movesOf(change)}))
    WHERE ${held} ORDER BY place, id`);
}

/** Claims the stack where nothing has changed: its origin is a word of this batch alone until the batch ends. */
function claim(db: Database, change: StackChange, unchanged: SQL, claimWord: string, atMs: number) {
  const { stackId, createdFor, libraryId, primaryAssetId = null } = change;
  if (createdFor === null) {
    return db.orm
      .update(stacks)
      .set({ origin: sql`${claimWord}` })
      .where(and(eq(stacks.id, stackId), unchanged))
      .returning({ id: stacks.id });
  }
  return db.orm
    .insert(stacks)
    .select(
      sql`SELECT ${stackId}, ${libraryId}, ${createdFor}, ${claimWord}, ${primaryAssetId}, 0, 0, ${atMs}, ${atMs} WHERE ${unchanged}`,
    )
    .returning({ id: stacks.id });
}

/** Gives the stack its origin and pin; the others that lost members are their owner's from now on. */
function settle(db: Database, change: StackChange, held: SQL, atMs: number) {
  const { stackId, primaryAssetId, shrunk, origin } = change;
  const ids = JSON.stringify([stackId, ...shrunk]);
  const pin = sql`CASE WHEN ${stacks.id} = ${stackId} THEN ${primaryAssetId ?? null} ELSE ${stacks.primaryAssetId} END`;
  return db.orm
    .update(stacks)
    .set({ origin, updatedAt: atMs, ...(primaryAssetId === undefined ? {} : { primaryAssetId: pin }) })
    .where(and(sql`${stacks.id} IN (SELECT value FROM json_each(${ids}))`, held))
    .returning();
}

/**
 * Five statements, whatever the number of assets. Triggers keep the stacks' counts. False where `unchanged` did not hold:
 * then nothing happened. `stack` is what is left of the claimed one.
 */
export async function applyStackChange(
  db: Database,
  change: StackChange,
  unchanged: SQL,
  atMs: number,
): Promise<{ stack: Stack | null } | false> {
  const claimWord = `claimed by ${crypto.randomUUID()}`;
  const held = sql`EXISTS (SELECT 1 FROM stacks WHERE id = ${change.stackId} AND origin = ${claimWord})`;
  const gone = JSON.stringify(change.emptied.map(({ id }) => id));
  const [claimed, , , , settled] = await db.orm.batch([
    claim(db, change, unchanged, claimWord, atMs),
    insertChangeEvents(db, change, held, atMs),
    db.statement(sql`UPDATE assets SET stack_id = m.stack_id, updated_at = ${atMs},
        unstacked_at = CASE WHEN m.stack_id IS NOT NULL THEN NULL WHEN m.chosen THEN ${atMs} ELSE unstacked_at END
      FROM (${movesOf(change)}) m WHERE assets.id = m.id AND ${held}`),
    db.statement(sql`DELETE FROM stacks WHERE id IN (SELECT value FROM json_each(${gone})) AND ${held}`),
    settle(db, change, held, atMs),
  ]);
  if (claimed.length === 0) return false;
  return { stack: settled.find((stack) => stack.id === change.stackId) ?? null };
}
