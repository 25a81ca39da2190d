/** Recomputes stored counts, copies and references, and reports every inconsistency. */
import { entityTypes } from "../../../src/records/events/events.ts";
import { sqlAll } from "../clients/account.ts";
import { findAssetValueMismatches } from "./assetValues.ts";
import { findFaceClusterMismatches } from "./faceClusters.ts";
import { findPersonAssetMismatches } from "./personAssets.ts";
import { findSummaryMismatches } from "./summaries.ts";
import { findTaskMismatches } from "./taskRows.ts";

/** Each query finds inconsistent rows. */
const checks: Record<string, string> = {
  "library with wrong asset count or storage": `SELECT l.id, l.asset_count, l.storage_used_bytes FROM libraries l WHERE
    l.asset_count IS NOT (SELECT count(*) FROM assets a WHERE a.library_id = l.id)
    OR l.storage_used_bytes IS NOT
      (SELECT coalesce(sum(file_size_bytes + version_bytes + derived_bytes), 0) FROM assets a WHERE a.library_id = l.id)`,
  "library with wrong album count": `SELECT l.id, l.album_count FROM libraries l WHERE l.album_count IS NOT
    (SELECT count(*) FROM albums b WHERE b.library_id = l.id AND b.deleted_at IS NULL)`,
  "asset of another user than its library": `SELECT a.id FROM assets a JOIN libraries l ON l.id = a.library_id
    WHERE a.user_id <> l.user_id`,
  "asset with wrong version_bytes": `SELECT a.id FROM assets a WHERE a.version_bytes IS NOT
    (SELECT coalesce(sum(v.file_size_bytes), 0) FROM asset_versions v WHERE v.asset_id = a.id AND v.position > 0)`,
  "asset with wrong derived_bytes": `SELECT a.id FROM assets a WHERE a.derived_bytes IS NOT
    (SELECT coalesce(sum(d.size_bytes), 0) FROM derived_files d WHERE d.asset_id = a.id)`,
  "derived file of a missing version": `SELECT d.asset_id, d.version_id, d.name FROM derived_files d
    LEFT JOIN assets a ON a.id = d.asset_id
    WHERE coalesce(d.version_id NOT IN (a.current_version_id, coalesce(a.original_version_id, ''), coalesce(a.poster_version_id, '')), 1)
      AND d.version_id NOT IN (SELECT v.id FROM asset_versions v WHERE v.asset_id = d.asset_id)`,
  "asset whose current version is not the last one": `SELECT a.id FROM assets a WHERE a.original_version_id IS NOT NULL AND a.current_version_id IS NOT
    (SELECT v.id FROM asset_versions v WHERE v.asset_id = a.id ORDER BY v.position DESC LIMIT 1)`,
  "version without an asset": `SELECT id FROM asset_versions WHERE asset_id NOT IN (SELECT id FROM assets)`,
  "version or tasks in another library than the asset": `SELECT a.id FROM assets a
    WHERE a.id IN (SELECT v.asset_id FROM asset_versions v WHERE v.library_id <> a.library_id)
    OR a.id IN (SELECT t.asset_id FROM asset_tasks t WHERE t.library_id <> a.library_id OR t.user_id <> a.user_id)`,
  "asset with wrong album_count": `SELECT a.id FROM assets a WHERE a.album_count IS NOT
    (SELECT count(*) FROM album_assets l WHERE l.asset_id = a.id)`,
  "album membership with outdated copies": `SELECT l.id FROM album_assets l LEFT JOIN assets a ON a.id = l.asset_id
    WHERE a.id IS NULL OR l.local_us IS NOT a.local_us OR l.trashed_at IS NOT a.trashed_at OR l.library_id IS NOT a.library_id`,
  "album membership without an album": `SELECT id FROM album_assets WHERE album_id NOT IN (SELECT id FROM albums)`,
  "deleted album without memberships": `SELECT id FROM albums WHERE deleted_at IS NOT NULL
    AND id NOT IN (SELECT album_id FROM album_assets)`,
  "album with wrong asset_count": `SELECT b.id, b.asset_count FROM albums b WHERE b.deleted_at IS NULL AND b.asset_count IS NOT
    (SELECT count(*) FROM album_assets l JOIN assets a ON a.id = l.asset_id WHERE l.album_id = b.id AND a.trashed_at IS NULL)`,
  "album with wrong dates or newest asset": `SELECT b.id FROM albums b WHERE b.deleted_at IS NULL AND
    (b.start_us IS NOT (SELECT min(a.local_us) FROM album_assets l JOIN assets a ON a.id = l.asset_id
      WHERE l.album_id = b.id AND a.trashed_at IS NULL)
    OR b.end_us IS NOT (SELECT max(a.local_us) FROM album_assets l JOIN assets a ON a.id = l.asset_id
      WHERE l.album_id = b.id AND a.trashed_at IS NULL)
    OR b.newest_asset_id IS NOT (SELECT a.id FROM album_assets l JOIN assets a ON a.id = l.asset_id
      WHERE l.album_id = b.id AND a.trashed_at IS NULL ORDER BY a.local_us DESC, a.id DESC LIMIT 1))`,
  "album whose pinned cover is no member": `SELECT b.id FROM albums b WHERE b.deleted_at IS NULL AND b.pinned_cover_id IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM album_assets l WHERE l.album_id = b.id AND l.asset_id = b.pinned_cover_id)`,
  "stack with wrong counts": `SELECT s.id, s.asset_count, s.member_count FROM stacks s WHERE
    s.member_count IS NOT (SELECT count(*) FROM assets a WHERE a.stack_id = s.id)
    OR s.asset_count IS NOT (SELECT count(*) FROM assets a WHERE a.stack_id = s.id AND a.trashed_at IS NULL)`,
  "stack with fewer than two members": `SELECT id FROM stacks WHERE member_count < 2`,
  "stack whose cover is no member": `SELECT s.id FROM stacks s WHERE s.primary_asset_id IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM assets a WHERE a.id = s.primary_asset_id AND a.stack_id = s.id)`,
  "asset of a missing stack": `SELECT id, stack_id FROM assets WHERE stack_id IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM stacks s WHERE s.id = assets.stack_id AND s.library_id = assets.library_id)`,
  "face of a missing asset, or of another library or trash time than its asset": `SELECT f.id FROM faces f LEFT JOIN assets a ON a.id = f.asset_id
    WHERE a.id IS NULL OR f.library_id IS NOT a.library_id OR f.trashed_at IS NOT a.trashed_at`,
  "face of a missing person, or of one of another library": `SELECT f.id FROM faces f WHERE f.person_id IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM people p WHERE p.id = f.person_id AND p.library_id = f.library_id)`,
  "face whose assignment has no person": `SELECT id FROM faces WHERE person_id IS NULL AND assigned_by IS NOT NULL`,
  "person with wrong face_count": `SELECT p.id, p.face_count FROM people p WHERE p.face_count IS NOT
    (SELECT count(*) FROM faces f WHERE f.person_id = p.id)`,
  "person with wrong asset_count": `SELECT p.id, p.asset_count FROM people p WHERE p.asset_count IS NOT
    (SELECT count(DISTINCT f.asset_id) FROM faces f JOIN assets a ON a.id = f.asset_id
      WHERE f.person_id = p.id AND a.trashed_at IS NULL)`,
  "person whose portrait is missing, or the face of another person or library": `SELECT p.id FROM people p
    WHERE p.thumbnail_face_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM faces f WHERE f.id = p.thumbnail_face_id
      AND f.library_id = p.library_id AND (f.person_id IS NULL OR f.person_id = p.id))`,
  "person of a missing library, or of another user than it": `SELECT p.id FROM people p LEFT JOIN libraries l ON l.id = p.library_id
    WHERE p.user_id IS NOT l.user_id`,
  "person with only some forms of a name": `SELECT id FROM people
    WHERE (name IS NULL) <> (folded_name IS NULL) OR (name IS NULL) <> (sort_name IS NULL)`,
  "event of a missing person or face without the event of its deletion": `SELECT e.seq, e.event_type FROM events e
    WHERE e.entity_type IN ('person', 'face') AND e.entity_id NOT IN (SELECT id FROM people UNION ALL SELECT id FROM faces)
      AND e.entity_id NOT IN (SELECT d.entity_id FROM events d WHERE d.event_type IN ('person_deleted', 'face_deleted'))`,
  "crop of a face with another box": `SELECT d.name FROM derived_files d WHERE d.name LIKE 'face\\_%' ESCAPE '\\' AND NOT EXISTS
    (SELECT 1 FROM faces f WHERE f.asset_id = d.asset_id
      AND d.name = f.id || '-' || f.x || '-' || f.y || '-' || f.w || '-' || f.h)`,
  "library without its owner as an active member": `SELECT l.id FROM libraries l WHERE NOT EXISTS
    (SELECT 1 FROM library_members m WHERE m.library_id = l.id AND m.user_id = l.user_id AND m.role = 'owner' AND m.state = 'active')`,
  "member or invitation without a library": `SELECT id FROM library_members WHERE library_id NOT IN (SELECT id FROM libraries)
    UNION ALL SELECT id FROM library_invitations WHERE library_id NOT IN (SELECT id FROM libraries)`,
  "membership whose times contradict its state": `SELECT id, state FROM library_members
    WHERE (state = 'active') <> (ended_at IS NULL) OR (state = 'removed' AND last_removed_at IS NULL)`,
  "invitation with a wrong or too high count": `SELECT i.id, i.joiner_count FROM library_invitations i WHERE i.joiner_count > i.max_joiners
    OR i.joiner_count <> (SELECT count(*) FROM invitation_redemptions r WHERE r.invitation_id = i.id)`,
  "tasks without an asset": `SELECT asset_id FROM asset_tasks WHERE asset_id NOT IN (SELECT id FROM assets)`,
  "event of a deleted asset without the event of its deletion": `SELECT e.seq, e.event_type FROM events e
    WHERE e.entity_type IN ('asset', 'metadata') AND e.entity_id NOT IN (SELECT id FROM assets)
      AND e.entity_id NOT IN (SELECT d.entity_id FROM events d WHERE d.event_type = 'asset_deleted')`,
  "event of an entity type that the feed does not list": `SELECT seq, entity_type FROM events
    WHERE entity_type NOT IN (${entityTypes.map((type) => `'${type}'`).join(", ")})`,
  "event older than the previous one": `SELECT seq FROM events e WHERE created_at <
    (SELECT p.created_at FROM events p WHERE p.seq < e.seq ORDER BY p.seq DESC LIMIT 1)`,
};

/** Up to five inconsistent rows by check; empty if the database is consistent. */
export async function findInconsistencies(): Promise<Record<string, unknown[]>> {
  const inconsistencies: Record<string, unknown[]> = {};
  for (const [name, query] of Object.entries(checks)) {
    const rows = await sqlAll(query);
    if (rows.length > 0) inconsistencies[name] = rows.slice(0, 5);
  }
  const tasks = await findTaskMismatches();
  if (tasks.length > 0) inconsistencies["tasks with wrong states or times"] = tasks.slice(0, 5);
  const values = await findAssetValueMismatches();
  if (values.length > 0) inconsistencies["assets with wrong ratings, scores or sizes"] = values.slice(0, 5);
  Object.assign(inconsistencies, await findSummaryMismatches(), await findPersonAssetMismatches());
  Object.assign(inconsistencies, await findFaceClusterMismatches());
  return inconsistencies;
}
