/** Cache tags to purge, which triggers record in the batch of each change that ends media URLs. */
import { lt, sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { cachePurges, signingKeyTags } from "../schema/schema.ts";
import { inList } from "../sql/jsonList.ts";

/** Waiting tags of one library beyond which its own tag replaces them. */
export const MAX_TAGS_PER_LIBRARY = 1000;

/** A subquery: libraries with too many waiting tags. */
const crowdedLibraries = sql`SELECT library_id FROM cache_purges WHERE passes = 0 AND tag <> library_id
  GROUP BY library_id HAVING count(*) > ${MAX_TAGS_PER_LIBRARY}`;

/**
 * Takes the tags that are due and schedules them again at `againAt`, so that a crash before or during the purge repeats
 * it. `isRepeated` is true for tags that were purged before.
 */
export async function takeDuePurges(
  db: Database,
  { nowMs, againAt, limit }: { nowMs: number; againAt: number; limit: number },
): Promise<{ tag: string; isRepeated: boolean }[]> {
  const rows = await db.orm
    .update(cachePurges)
    .set({ passes: sql`${cachePurges.passes} + 1`, dueAt: againAt })
    .where(
      sql`${cachePurges.tag} IN (SELECT tag FROM cache_purges WHERE due_at <= ${nowMs} ORDER BY due_at, tag LIMIT ${limit})`,
    )
    .returning({ tag: cachePurges.tag, passes: cachePurges.passes });
  return rows.map(({ tag, passes }) => ({ tag, isRepeated: passes > 1 }));
}

/** Replaces the waiting tags of a library by the library's own if they are more than `MAX_TAGS_PER_LIBRARY`. */
export async function mergePurges(db: Database): Promise<void> {
  await db.orm.batch([
    db.statement(sql`INSERT INTO cache_purges (tag, library_id, requested_at)
      SELECT library_id, library_id, max(requested_at) FROM cache_purges
      WHERE library_id IN (${crowdedLibraries}) GROUP BY library_id
      ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0`),
    db.statement(sql`DELETE FROM cache_purges WHERE tag <> library_id AND passes = 0
      AND library_id IN (${crowdedLibraries})`),
  ]);
}

/** Deletes tags after their second purge, except those that another change requested meanwhile. */
export async function completePurges(db: Database, tags: string[]): Promise<void> {
  await db.orm.delete(cachePurges).where(sql`${inList(cachePurges.tag, tags)} AND ${cachePurges.passes} > 1`);
}

/** Makes tags due at once after a purge that failed. */
export async function reopenPurges(db: Database, tags: string[]): Promise<void> {
  await db.orm.update(cachePurges).set({ passes: 0, dueAt: 0 }).where(inList(cachePurges.tag, tags));
}

/**
 * Remembers the tags of the configured signing keys, and records purges of those that are no longer configured. Deletes
 * the tags requested before `requestedBeforeMs`.
 */
export async function refreshPurges(
  db: Database,
  { keyTags: tags, nowMs, requestedBeforeMs }: { keyTags: string[]; nowMs: number; requestedBeforeMs: number },
): Promise<void> {
  const isConfigured = inList(sql`tag`, tags);
  await db.orm.batch([
    db.orm.delete(cachePurges).where(lt(cachePurges.requestedAt, Math.floor(requestedBeforeMs / 1000))),
    db.statement(sql`INSERT INTO cache_purges (tag, library_id, requested_at)
      SELECT tag, '', ${Math.floor(nowMs / 1000)} FROM signing_key_tags WHERE NOT (${isConfigured})
      ON CONFLICT (tag) DO UPDATE SET passes = 0, due_at = 0`),
    db.statement(sql`DELETE FROM signing_key_tags WHERE NOT (${isConfigured})`),
    db.orm
      .insert(signingKeyTags)
      .values(tags.map((tag) => ({ tag })))
      .onConflictDoNothing(),
  ]);
}
