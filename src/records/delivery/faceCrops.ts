/** Crops of faces: counted while their face has the box that they show, and deleted from R2 afterwards. */
import { and, asc, eq, lte, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import type { FaceBox } from "../faces/faceJson.ts";
import { cropCleanups, derivedFiles } from "../schema/schema.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { insertDerivedFile, type DerivedFile } from "./derivedFiles.ts";
import { isFace } from "./mediaFiles.ts";

/** Counts a crop before its object is stored. Returns false if the face was deleted or changed meanwhile. */
export async function recordFaceCrop(
  db: Database,
  crop: DerivedFile,
  face: { faceId: string; box: FaceBox },
): Promise<boolean> {
  const { assetId, versionId, name } = crop;
  const [, rows] = await db.orm.batch([
    insertDerivedFile(db, crop, isFace(assetId, face)),
    db.orm
      .select({ name: derivedFiles.name })
      .from(derivedFiles)
      .where(
        and(eq(derivedFiles.assetId, assetId), eq(derivedFiles.versionId, versionId), eq(derivedFiles.name, name)),
      ),
  ]);
  return rows.length > 0;
}

export interface CropObject {
  assetId: string;
  versionId: string;
  name: string;
}

export interface DueCrop extends CropObject {
  passes: number;
}

/** Crops whose objects are to be deleted, longest due first. */
export async function listDueCropCleanups(db: Database, atMs: number, limit: number): Promise<DueCrop[]> {
  const { assetId, versionId, name, passes } = cropCleanups;
  return await db.orm
    .select({ assetId, versionId, name, passes })
    .from(cropCleanups)
    .where(lte(cropCleanups.dueAt, atMs))
    .orderBy(asc(cropCleanups.dueAt))
    .limit(limit);
}

/** Completes the second passes, and schedules one after each first pass. */
export async function completeCropCleanups(db: Database, crops: DueCrop[], againAt: number): Promise<void> {
  const keys = sql`(asset_id, version_id, name) IN (SELECT w.value ->> 'assetId', w.value ->> 'versionId', w.value ->> 'name'
    FROM ${jsonEach(crops)} w)`;
  await db.orm.batch([
    db.statement(sql`DELETE FROM crop_cleanups WHERE ${keys} AND passes > 0`),
    db.statement(sql`UPDATE crop_cleanups SET passes = 1, due_at = ${againAt} WHERE ${keys} AND due_at < ${againAt}`),
  ]);
}
