/** What one change of one asset writes, and how much of that is the month and map summaries. */
import { env } from "cloudflare:workers";
import { newId } from "../src/kernel/ids.ts";
import type { Seeded } from "../test/support/rows/seed.ts";
import { HOME } from "./places.ts";
import { heading, line } from "./reader.ts";

interface Written {
  read: number;
  written: number;
}

function changes(library: Seeded, placed: boolean): Record<string, D1PreparedStatement> {
  const id = newId("asset");
  const at = placed ? HOME : { latitude: null, longitude: null };
  return {
    "its row": env.DB.prepare(
      `INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type,
         original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, current_version_id,
         latitude, longitude, file_metadata, metadata_updated_at, created_at, updated_at)
       VALUES (?1, ?2, 'u', ?1, ?1, 1, 'image/jpeg', 'image', 'f', 'd', ?1, '', '', 1700000000000000, 'v', ?3, ?4, '{}', 0, 0, 0)`,
    ).bind(id, library.libraryId, at.latitude, at.longitude),
    "another date": env.DB.prepare("UPDATE assets SET local_us = 1710000000000000 WHERE id = ?").bind(id),
    "into an album": env.DB.prepare("UPDATE assets SET album_count = 1 WHERE id = ?").bind(id),
    "into the trash": env.DB.prepare("UPDATE assets SET trashed_at = 1 WHERE id = ?").bind(id),
    "out of the trash": env.DB.prepare("UPDATE assets SET trashed_at = NULL WHERE id = ?").bind(id),
    deletion: env.DB.prepare("DELETE FROM assets WHERE id = ?").bind(id),
  };
}

async function writtenBy(library: Seeded, placed: boolean): Promise<Map<string, Written>> {
  const written = new Map<string, Written>();
  for (const [name, statement] of Object.entries(changes(library, placed))) {
    const { meta } = await statement.run();
    written.set(name, { read: meta.rows_read, written: meta.rows_written });
  }
  return written;
}

const SUMMARY_TRIGGERS = "name LIKE 'assets%month' OR name LIKE 'assets%point'";

export async function changeTable(library: Seeded): Promise<string[]> {
  const lines = heading(["change", "GPS"], ["rows written", "of them summaries", "rows read", "of them for summaries"]);
  const triggers = await env.DB.prepare(
    `SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND (${SUMMARY_TRIGGERS})`,
  ).all<{ name: string; sql: string }>();
  const kept = [await writtenBy(library, false), await writtenBy(library, true)];
  for (const { name } of triggers.results) await env.DB.prepare(`DROP TRIGGER "${name}"`).run();
  const bare = [await writtenBy(library, false), await writtenBy(library, true)];
  for (const { sql } of triggers.results) await env.DB.prepare(sql).run();
  for (const [i, gps] of ["no", "yes"].entries()) {
    for (const [name, { read, written }] of kept[i] ?? []) {
      const without = bare[i]?.get(name) ?? { read: 0, written: 0 };
      lines.push(line(name, gps, written, written - without.written, read, read - without.read));
    }
  }
  return lines;
}
