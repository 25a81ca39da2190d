/** Sets the poster of a video and reopens the tasks that read it. */
import { and, eq, sql } from "drizzle-orm";
import type { Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import { insertAssetUpdated } from "../events/events.ts";
import { hasFreeStorage } from "../libraries/libraries.ts";
import { assets } from "../schema/schema.ts";
import { insertDerivedFile } from "./derivedFiles.ts";
import { reopenTasks, type TaskType } from "../tasks/tasks.ts";

const imageTasks: TaskType[] = ["thumbhash", "quality_scoring", "face_detection", "asset_description"];

export interface NewPoster {
  versionId: string;
  sizeBytes: number;
  /** True for a poster that a full storage refuses. */
  needsFreeStorage: boolean;
}

/**
 * Returns false, without any change, if the asset was deleted or got another poster since it was read, or if the
 * storage is full.
 */
export async function setPoster(db: Database, asset: Asset, poster: NewPoster, atMs: number): Promise<boolean> {
  const { versionId: posterVersionId, sizeBytes, needsFreeStorage } = poster;
  const isUnchanged = sql`EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND library_id = ${asset.libraryId}
    AND poster_version_id IS ${asset.posterVersionId})`;
  const unchanged = needsFreeStorage ? sql`${isUnchanged} AND ${hasFreeStorage(asset.libraryId)}` : isUnchanged;
  const { libraryId, userId } = asset;
  const [, , rows] = await db.orm.batch([
    insertAssetUpdated(db, asset, atMs, unchanged),
    reopenTasks(db, { assetId: asset.id, libraryId, userId, types: imageTasks, atMs }, unchanged),
    db.orm
      .update(assets)
      .set({ posterVersionId, thumbhash: null, updatedAt: atMs })
      .where(and(eq(assets.id, asset.id), unchanged))
      .returning({ id: assets.id }),
    // Inserts only if the update succeeded, because it requires a row that refers to the version.
    insertDerivedFile(db, { assetId: asset.id, versionId: posterVersionId, name: "poster", sizeBytes }),
  ]);
  return rows.length > 0;
}
