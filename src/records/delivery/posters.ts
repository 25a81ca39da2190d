/** Which still stands for a video. Setting one reopens the work that looks at pictures. */
import { and, eq, sql } from "drizzle-orm";
import type { Asset } from "../assets/assets.ts";
import type { Database } from "../database.ts";
import { insertEvents } from "../events/events.ts";
import { assets } from "../schema/schema.ts";
import { reopenTasks, type TaskType } from "../tasks/tasks.ts";

const picturework: TaskType[] = ["thumbhash", "image_quality", "asset_description"];

/** False, and nothing changed, where the asset is gone or has got another still since it was read. */
export async function setStill(db: Database, asset: Asset, stillVersionId: string, atMs: number): Promise<boolean> {
  const due = sql`EXISTS (SELECT 1 FROM assets WHERE id = ${asset.id} AND still_version_id IS ${asset.stillVersionId})`;
  const payload = { stack_id: asset.stackId };
  const { libraryId, userId } = asset;
  const work = { assetId: asset.id, libraryId, userId, types: picturework, atMs };
  const [, , rows] = await db.orm.batch([
    insertEvents(
      db,
      libraryId,
      atMs,
      [{ eventType: "asset_updated", entityType: "asset", entityId: asset.id, payload }],
      due,
    ),
    reopenTasks(db, work, due),
    db.orm
      .update(assets)
      .set({ stillVersionId, thumbhash: null, updatedAt: atMs })
      .where(and(eq(assets.id, asset.id), due))
      .returning({ id: assets.id }),
  ]);
  return rows.length > 0;
}
