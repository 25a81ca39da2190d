/** Sets and removes the poster of a video, and reopens the tasks that read it. */
import { and, eq, sql, type SQL } from "drizzle-orm";
import type { Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import { insertAssetUpdated } from "../events/events.ts";
import { hasFreeStorage } from "../libraries/libraries.ts";
import { assets } from "../schema/schema.ts";
import { insertDerivedFile } from "./derivedFiles.ts";
import { reopenSelectedTasks, reopenTasks, type TaskType } from "../tasks/tasks.ts";

const imageTasks: TaskType[] = ["thumbhash", "quality_scoring", "face_detection", "asset_description"];

export interface NewPoster {
  versionId: string;
  /** `client`, `film`, or the version of the still photo that it shows. */
  source: string;
  sizeBytes: number;
  /** True for a poster that a full storage refuses. */
  needsFreeStorage: boolean;
}

function isUnchanged({ id, libraryId, posterVersionId }: Asset): SQL {
  return sql`EXISTS (SELECT 1 FROM assets WHERE id = ${id} AND library_id = ${libraryId}
    AND poster_version_id IS ${posterVersionId})`;
}

/** Statements that replace the poster and reopen `types`, if `condition` holds. */
function replaceStatements(
  db: Database,
  asset: Asset,
  values: { posterVersionId: string | null; posterSource: string | null },
  types: TaskType[],
  condition: SQL,
  atMs: number,
) {
  const { id: assetId, libraryId, userId } = asset;
  return [
    insertAssetUpdated(db, asset, atMs, condition),
    reopenTasks(db, { assetId, libraryId, userId, types, atMs }, condition),
    db.orm
      .update(assets)
      .set({ ...values, thumbhash: null, updatedAt: atMs })
      .where(and(eq(assets.id, assetId), condition))
      .returning({ id: assets.id }),
  ] as const;
}

/**
 * Returns false, without any change, if the asset was deleted or got another poster since it was read, or if the
 * storage is full.
 */
export async function setPoster(db: Database, asset: Asset, poster: NewPoster, atMs: number): Promise<boolean> {
  const { versionId: posterVersionId, source: posterSource, sizeBytes, needsFreeStorage } = poster;
  const unchanged = needsFreeStorage
    ? sql`${isUnchanged(asset)} AND ${hasFreeStorage(asset.libraryId)}`
    : isUnchanged(asset);
  const values = { posterVersionId, posterSource };
  const [, , rows] = await db.orm.batch([
    ...replaceStatements(db, asset, values, imageTasks, unchanged, atMs),
    // Inserts only if the update succeeded, because it requires a row that refers to the version.
    insertDerivedFile(db, { assetId: asset.id, versionId: posterVersionId, name: "poster", sizeBytes }),
  ]);
  return rows.length > 0;
}

/**
 * Removes the poster and reopens the tasks that read it, and with `reopensPoster` the one that makes another. A trigger
 * frees its storage. Returns false, without any change, if the asset was deleted or got another poster since it was read.
 */
export async function removePoster(
  db: Database,
  asset: Asset,
  { reopensPoster }: { reopensPoster: boolean },
  atMs: number,
): Promise<boolean> {
  const types: TaskType[] = reopensPoster ? ["video_thumbnail_extract", ...imageTasks] : imageTasks;
  const values = { posterVersionId: null, posterSource: null };
  const [, , rows] = await db.orm.batch(replaceStatements(db, asset, values, types, isUnchanged(asset), atMs));
  return rows.length > 0;
}

/**
 * Reopens the poster task of the next live videos of a library, in order of their ids: those without a poster, and those
 * with one that was made from the film, which becomes `outdated`. Returns their ids.
 */
export async function reopenPosters(
  db: Database,
  libraryId: string,
  afterId: string | null,
  { limit, atMs }: { limit: number; atMs: number },
): Promise<string[]> {
  const page = sql`SELECT v.id, v.library_id, v.user_id FROM assets v INDEXED BY assets_by_kind
    WHERE v.library_id = ${libraryId} AND v.media_type = 'video' AND v.trashed_at IS NULL AND v.id > ${afterId ?? ""}
      AND (v.poster_version_id IS NULL OR v.poster_source IN ('film', 'outdated')) ORDER BY v.id LIMIT ${limit}`;
  const [, , rows] = await db.orm.batch([
    db.statement(sql`UPDATE assets SET poster_source = 'outdated'
      WHERE poster_version_id IS NOT NULL AND id IN (SELECT id FROM (${page}))`),
    reopenSelectedTasks(db, ["video_thumbnail_extract"], page, atMs),
    db.orm.select({ id: sql<string>`id`.as("id") }).from(sql`(${page})`),
  ]);
  return rows.map(({ id }) => id);
}
