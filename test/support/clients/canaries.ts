/**
 * An owner with one of everything, whose every field holds a word or a number that is nowhere else: whatever of it turns
 * up in an answer to someone else has leaked.
 */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { pngOf } from "../media/images.ts";
import { insertTaskRows } from "../rows/taskRows.ts";
import { insertAlbum, insertAssets, insertKey, insertLibrary, insertLink, insertStack, insertUser } from "./tenants.ts";

/** In what lies in the library; in the library's own row; in its owner's. */
export const marks = { content: "Kanarienvogel", library: "Wellensittich", owner: "Nymphensittich" } as const;

export type Mark = keyof typeof marks;

/** Long enough to be in no id, signature or time by chance. */
const BYTES = 987_654_321_123;
const LATITUDE = 47.123454321;
const LONGITUDE = 8.543212345;
const SCORE = 0.9182736455;
const CAPTURED_US = 981_173_106_789_123;
const numbers = [BYTES, LATITUDE, LONGITUDE, SCORE, "04:05:06.789123"].map(String);

export interface Victim {
  userId: string;
  libraryId: string;
  /** Live, empty, and with no mark in it. */
  otherLibraryId: string;
  /** One id of each kind, by prefix. */
  ids: Record<string, string>;
  /** All of its rows' ids. */
  allIds: string[];
}

async function run(query: string, ...values: unknown[]): Promise<void> {
  await env.DB.prepare(query)
    .bind(...values)
    .run();
}

const mark = (field: string): string => `${marks.content} ${field}`;

function metadata(layer: string): string {
  const words =
    "make model lensModel city state country countryCode sublocation placeName timezone description livePhotoCid projectionType profileDescription autoStackId";
  const entries = words.split(" ").map((field) => [field, mark(`${layer} ${field}`)]);
  return JSON.stringify({ ...Object.fromEntries(entries), latitude: LATITUDE, longitude: LONGITUDE });
}

async function markAsset(id: string, original: string, current: string): Promise<void> {
  await run(
    `UPDATE assets SET checksum = ?2, checksum_sha1 = ?3, device_id = ?4, device_asset_id = ?5, original_file_name = ?6,
       description = ?7, thumbhash = ?8, metrics = ?9, kind = 'edit', mime_type = 'image/png', file_size_bytes = ?10,
       local_us = ?11, file_metadata = ?12, user_metadata = ?13, derived_metadata = ?14, latitude = ?15, longitude = ?16,
       original_version_id = ?17, current_version_id = ?18 WHERE id = ?1`,
    id,
    ...["checksum", "sha1", "device", "device asset", "name.png", "caption", "thumbhash"].map(mark),
    JSON.stringify({ sharpness: SCORE }),
    BYTES,
    CAPTURED_US,
    ...["file", "user", "derived"].map(metadata),
    LATITUDE,
    LONGITUDE,
    original,
    current,
  );
}

async function insertVersions(libraryId: string, assetId: string): Promise<{ original: string; current: string }> {
  const original = newId("assetVersion");
  const current = newId("assetVersion");
  const picture = await pngOf(8, 8, () => [0, 0, 0, 255]);
  // A reader of PNG stops at its end, so the picture stays one.
  const bytes = await new Blob([picture, mark("bytes")]).arrayBuffer();
  for (const [position, id, kind] of [
    [0, original, "original"],
    [1, current, "edit"],
  ] as const) {
    await run(
      `INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height, file_size_bytes,
         checksum, sent_checksum, params, created_at) VALUES (?, ?, ?, ?, ?, 'image/png', 8, 8, ?, ?, ?, ?, 0)`,
      id,
      libraryId,
      assetId,
      position,
      kind,
      BYTES,
      mark("version sum"),
      mark("sent sum"),
      JSON.stringify({ recipe: mark("recipe") }),
    );
    await env.BUCKET.put(originalKey(assetId, id), bytes, { httpMetadata: { contentType: "image/png" } });
  }
  return { original, current };
}

async function insertEvents(libraryId: string, ids: Record<string, string>): Promise<void> {
  for (const [entity, prefix] of Object.entries({
    asset: "asset_",
    album: "album_",
    album_asset: "album_asset_",
    stack: "asset_stack_",
  })) {
    await run(
      "INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at) VALUES (?, ?, ?, ?, ?, 0)",
      libraryId,
      `${entity}_updated`,
      entity,
      ids[prefix] ?? "",
      JSON.stringify({ note: mark("payload") }),
    );
  }
}

/** What it cannot name in an answer: ids that are not among `sent`, and the marks of `kinds` with every number. */
export function leaksIn(text: string, victim: Victim, sent: string, kinds: readonly Mark[]): string[] {
  const words = [...kinds.map((kind) => marks[kind]), ...numbers];
  const ids = victim.allIds.filter((id) => !sent.includes(id));
  return [...words, ...ids].filter((word) => text.includes(word));
}

export async function insertVictim(): Promise<Victim> {
  const userId = await insertUser();
  await run(
    "UPDATE users SET email = ?2, first_name = ?2, last_name = ?2, timezone = ?2, storage_limit_bytes = 1e15 WHERE id = ?1",
    userId,
    marks.owner,
  );
  const libraryId = await insertLibrary(userId, marks.library);
  await run("UPDATE libraries SET description = ?2 WHERE id = ?1", libraryId, marks.library);
  const otherLibraryId = await insertLibrary(userId, "elsewhere");
  const home = { userId, libraryId };
  const [assetId = "", twinId = ""] = await insertAssets(home, [{}, {}]);
  const { original, current } = await insertVersions(libraryId, assetId);
  await markAsset(assetId, original, current);
  const stackId = await insertStack(home);
  await run("UPDATE assets SET stack_id = ?1 WHERE id IN (?2, ?3)", stackId, assetId, twinId);
  await run("UPDATE stacks SET primary_asset_id = ?2 WHERE id = ?1", stackId, assetId);
  const albumId = await insertAlbum(home);
  const linkId = await insertLink(home, albumId, assetId);
  await run(
    `UPDATE albums SET name = ?2, description = ?2, asset_count = 1, newest_asset_id = ?3, start_us = ?4, end_us = ?4 WHERE id = ?1`,
    albumId,
    mark("album"),
    assetId,
    CAPTURED_US,
  );
  await run("UPDATE assets SET album_count = 1 WHERE id = ?", assetId);
  const failure = { assetId, deliveryId: mark("delivery"), result: mark("result"), errorMessage: mark("error") };
  const [taskId = ""] = await insertTaskRows(home, [failure]);
  const { id: keyId } = await insertKey({ userId });
  await run("UPDATE api_keys SET name = ?2 WHERE id = ?1", keyId, mark("key"));
  const ids = { lib_: libraryId, asset_: assetId, asset_version_: current, asset_stack_: stackId, album_: albumId };
  const all = { ...ids, album_asset_: linkId, btask_: taskId, apikey_: keyId, intuser_: userId };
  await insertEvents(libraryId, all);
  return { userId, libraryId, otherLibraryId, ids: all, allIds: [...Object.values(all), twinId, original] };
}

/** Every row that is the victim's, as it is now; what a use of a key notes is none of it. */
export async function rowsOf({ userId, libraryId }: Victim): Promise<string> {
  const owned = {
    libraries: "id",
    assets: "library_id",
    asset_versions: "library_id",
    albums: "library_id",
    album_assets: "library_id",
  };
  const tables = { ...owned, stacks: "library_id", tasks: "library_id", events: "library_id" };
  const found: unknown[] = [];
  for (const [table, column] of Object.entries(tables)) {
    found.push(
      (await env.DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ? ORDER BY 1`).bind(libraryId).all()).results,
    );
  }
  const keys = "SELECT id, name, actions, is_active FROM api_keys WHERE user_id = ? AND name <> 'test' ORDER BY 1";
  found.push((await env.DB.prepare(keys).bind(userId).all()).results);
  found.push((await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind(userId).all()).results);
  return JSON.stringify(found, null, 1);
}
