/** Rows that a change of one asset reads and writes, and the share of the summaries of counts and the map. */
import { env } from "cloudflare:workers";
import { newId } from "../src/kernel/ids.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { HOME } from "./typicalLibrary.ts";
import { tableHeader, tableRow } from "./measureCost.ts";

interface RowCounts {
  read: number;
  written: number;
}

function changeStatements(library: Seeded, hasGps: boolean): Record<string, D1PreparedStatement> {
  const id = newId("asset");
  const position = hasGps ? HOME : { latitude: null, longitude: null };
  return {
    insert: env.DB.prepare(
      `INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type,
         original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, current_version_id,
         latitude, longitude, file_metadata, metadata_updated_at, created_at, updated_at)
       VALUES (?1, ?2, 'u', ?1, ?1, 1, 'image/jpeg', 'image', 'f', 'd', ?1, '', '', 1700000000000000, 'v', ?3, ?4, '{}', 0, 0, 0)`,
    ).bind(id, library.libraryId, position.latitude, position.longitude),
    "date change": env.DB.prepare("UPDATE assets SET local_us = 1710000000000000 WHERE id = ?").bind(id),
    "added to album": env.DB.prepare("UPDATE assets SET album_count = 1 WHERE id = ?").bind(id),
    trash: env.DB.prepare("UPDATE assets SET trashed_at = 1 WHERE id = ?").bind(id),
    restore: env.DB.prepare("UPDATE assets SET trashed_at = NULL WHERE id = ?").bind(id),
    deletion: env.DB.prepare("DELETE FROM assets WHERE id = ?").bind(id),
  };
}

async function countRows(library: Seeded, hasGps: boolean): Promise<Map<string, RowCounts>> {
  const counts = new Map<string, RowCounts>();
  for (const [name, statement] of Object.entries(changeStatements(library, hasGps))) {
    const { meta } = await statement.run();
    counts.set(name, { read: meta.rows_read, written: meta.rows_written });
  }
  return counts;
}

const SUMMARY_TRIGGERS = "name LIKE 'assets%day' OR name LIKE 'assets%point'";

export async function changeTable(library: Seeded): Promise<string[]> {
  const lines = tableHeader(
    ["change", "GPS"],
    ["rows written", "of which summaries", "rows read", "of which for summaries"],
  );
  const triggers = await env.DB.prepare(
    `SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND (${SUMMARY_TRIGGERS})`,
  ).all<{ name: string; sql: string }>();
  const withSummaries = [await countRows(library, false), await countRows(library, true)];
  for (const { name } of triggers.results) await env.DB.prepare(`DROP TRIGGER "${name}"`).run();
  const withoutSummaries = [await countRows(library, false), await countRows(library, true)];
  for (const { sql } of triggers.results) await env.DB.prepare(sql).run();
  for (const [i, gps] of ["no", "yes"].entries()) {
    for (const [name, { read, written }] of withSummaries[i] ?? []) {
      const base = withoutSummaries[i]?.get(name) ?? { read: 0, written: 0 };
      lines.push(tableRow(name, gps, written, written - base.written, read, read - base.read));
    }
  }
  return lines;
}
