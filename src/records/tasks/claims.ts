/** Claims the tasks of an asset for one consumer and writes their results, each in one batch. */
import { and, eq, isNull, lte, or, sql, type SQL } from "drizzle-orm";
import { assetColumns, parseAssetRow, type Asset } from "../assets/assets.ts";
import {
  derivedChangeApplies,
  derivedChangeStatements,
  type DerivedChange,
} from "../assets/metadata/derivedChanges.ts";
import type { Database } from "../database.ts";
import { assets, assetTasks } from "../schema/schema.ts";
import { parseAssetTasks, statesOfTasks, taskEntries, toTasksJson, type AssetTasks, type Claim } from "./assetTasks.ts";
import { claimedStates } from "./taskStates.ts";

/** The tasks of an asset and the asset, read together. */
export interface TaskSnapshot {
  row: AssetTasks;
  /** The asset of the row; null if it was deleted. */
  asset: Asset | null;
}

function selectRow(db: Database, assetId: string) {
  return db.orm.select().from(assetTasks).where(eq(assetTasks.assetId, assetId));
}

function selectAsset(db: Database, assetId: string) {
  return db.orm.select(assetColumns).from(assets).where(eq(assets.id, assetId));
}

/** Random, because a batch recognizes its own write by it. SQL adds 1, so it is below the largest safe integer. */
function newRevision(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 2 ** 20) * 2 ** 32 + low;
}

/** Finds the tasks of an asset of any user, live or trashed. Null if there are none. */
export async function findSnapshot(db: Database, assetId: string): Promise<TaskSnapshot | null> {
  const [[row], [asset]] = await db.orm.batch([selectRow(db, assetId), selectAsset(db, assetId)]);
  if (row === undefined) return null;
  return { row: parseAssetTasks(row), asset: asset === undefined ? null : parseAssetRow(asset) };
}

export interface ClaimResult extends TaskSnapshot {
  /** The claim before, which its consumer has lost if `isClaimed`. */
  previous: Claim | null;
  isClaimed: boolean;
}

/**
 * Claims the tasks of an asset if one is due and no other consumer has a claim, or if the own claim is still `held`.
 * The claimed type of an expired claim stays if `claim` names none. Returns null if the asset has no tasks.
 */
export async function claimTasks(
  db: Database,
  assetId: string,
  claim: Claim,
  held: Claim | null = null,
): Promise<ClaimResult | null> {
  const { claimedUntil, dueAt } = assetTasks;
  const revision = newRevision();
  const isFree = and(lte(dueAt, claim.atMs), or(isNull(claimedUntil), lte(claimedUntil, claim.atMs)));
  const [[before], claimed, [assetRow]] = await db.orm.batch([
    selectRow(db, assetId),
    db.orm
      .update(assetTasks)
      .set({
        claimedAt: claim.atMs,
        claimedUntil: claim.untilMs,
        ...(claim.type === null ? {} : { claimedType: claim.type }),
        states: claimedStates,
        revision,
      })
      .where(and(eq(assetTasks.assetId, assetId), held === null ? isFree : eq(claimedUntil, held.untilMs)))
      .returning({ assetId: assetTasks.assetId }),
    selectAsset(db, assetId),
  ]);
  if (before === undefined) return null;
  const row = parseAssetTasks(before);
  const asset = assetRow === undefined ? null : parseAssetRow(assetRow);
  if (claimed.length === 0) return { row, asset, previous: row.claim, isClaimed: false };
  return { row: { ...row, claim, revision }, asset, previous: row.claim, isClaimed: true };
}

function firstDue({ tasks }: AssetTasks): number | null {
  const dueTimes = taskEntries(tasks).flatMap(([, task]) => (task.status === "pending" ? [task.dueAt] : []));
  return dueTimes.length === 0 ? null : Math.min(...dueTimes);
}

function updateRow(db: Database, row: AssetTasks, revision: number, condition: SQL | undefined) {
  const { tasks, claim } = row;
  const dueAt = firstDue(row);
  return db.orm
    .update(assetTasks)
    .set({
      tasks: toTasksJson(tasks),
      states: statesOfTasks(tasks, claim !== null),
      // SQLite writes the index of a column that is set, even to the same value.
      ...(dueAt === row.dueAt ? {} : { dueAt }),
      claimedAt: claim?.atMs ?? null,
      claimedUntil: claim?.untilMs ?? null,
      claimedType: claim?.type ?? null,
      revision,
    })
    .where(and(eq(assetTasks.assetId, row.assetId), eq(assetTasks.revision, row.revision), condition))
    .returning({ assetId: assetTasks.assetId });
}

/**
 * Writes the tasks and the claim of `row` and, with `change`, what the tasks derived from the asset. Returns the row as
 * it is stored, or null, without any change, if the tasks have another revision than `row`, or if the asset is not as
 * `change` read it.
 */
export async function saveTasks(
  db: Database,
  row: AssetTasks,
  change: DerivedChange | null,
  atMs: number,
): Promise<AssetTasks | null> {
  const revision = newRevision();
  const condition = change === null ? undefined : derivedChangeApplies(change);
  const isSaved = sql`EXISTS (SELECT 1 FROM asset_tasks WHERE asset_id = ${row.assetId} AND revision = ${revision})`;
  const [rows] = await db.orm.batch([
    updateRow(db, row, revision, condition),
    ...(change === null ? [] : derivedChangeStatements(db, change, isSaved, atMs)),
  ]);
  return rows.length === 0 ? null : { ...row, dueAt: firstDue(row), revision };
}
