/**
 * Another tenant with one entity of each type. Every field holds a canary (a unique word or number): a canary in a
 * response to another caller is a leak.
 */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { originalKey } from "../../../src/objects/keys.ts";
import { renderPng } from "../media/images.ts";
import { insertTaskRows } from "../rows/taskRows.ts";
import {
  insertAlbum,
  insertAssets,
  insertInvitation,
  insertKey,
  insertLibrary,
  insertMember,
  insertAlbumMembership,
  insertStack,
  insertUser,
} from "./tenants.ts";

/** Canaries in the library's contents, in the library's own row, and in the owner's row. */
export const canaries = { content: "CanaryContent", library: "CanaryLibrary", owner: "CanaryOwner" } as const;

export type CanaryName = keyof typeof canaries;

/** Numeric canaries have enough digits to appear in no id, signature or time by chance. */
const FILE_SIZE_BYTES = 987_654_321_123;
const LATITUDE = 47.123454321;
const LONGITUDE = 8.543212345;
const SCORE = 0.9182736455;
const CAPTURED_US = 981_173_106_789_123;
const numericCanaries = [FILE_SIZE_BYTES, LATITUDE, LONGITUDE, SCORE, "04:05:06.789123"].map(String);

export interface OtherTenant {
  userId: string;
  libraryId: string;
  /** A live, empty library without canaries. */
  otherLibraryId: string;
  /** One id per entity type, keyed by prefix. */
  ids: Record<string, string>;
  /** Ids of all the tenant's rows. */
  allIds: string[];
}

async function run(query: string, ...values: unknown[]): Promise<void> {
  await env.DB.prepare(query)
    .bind(...values)
    .run();
}

const canaryText = (field: string): string => `${canaries.content} ${field}`;

function canaryMetadata(source: string): string {
  const words =
    "make model lensModel city state country countryCode sublocation placeName timezone description livePhotoCid projectionType profileDescription autoStackId";
  const entries = words.split(" ").map((field) => [field, canaryText(`${source} ${field}`)]);
  return JSON.stringify({ ...Object.fromEntries(entries), latitude: LATITUDE, longitude: LONGITUDE });
}

async function insertCanaries(id: string, original: string, current: string): Promise<void> {
  await run(
    `UPDATE assets SET checksum = ?2, checksum_sha1 = ?3, device_id = ?4, device_asset_id = ?5, original_file_name = ?6,
       description = ?7, thumbhash = ?8, metrics = ?9, kind = 'edit', mime_type = 'image/png', file_size_bytes = ?10,
       local_us = ?11, file_metadata = ?12, user_metadata = ?13, derived_metadata = ?14, latitude = ?15, longitude = ?16,
       original_version_id = ?17, current_version_id = ?18 WHERE id = ?1`,
    id,
    ...["checksum", "sha1", "device", "device asset", "name.png", "caption", "thumbhash"].map(canaryText),
    JSON.stringify({ sharpness: SCORE }),
    FILE_SIZE_BYTES,
    CAPTURED_US,
    ...["file", "user", "derived"].map(canaryMetadata),
    LATITUDE,
    LONGITUDE,
    original,
    current,
  );
}

async function insertVersions(libraryId: string, assetId: string): Promise<{ original: string; current: string }> {
  const original = newId("assetVersion");
  const current = newId("assetVersion");
  const png = await renderPng(8, 8, () => [0, 0, 0, 255]);
  // PNG decoders ignore bytes after the IEND chunk.
  const bytes = await new Blob([png, canaryText("bytes")]).arrayBuffer();
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
      FILE_SIZE_BYTES,
      canaryText("version checksum"),
      canaryText("sent checksum"),
      JSON.stringify({ recipe: canaryText("recipe") }),
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
    person: "person_",
    face: "face_",
  })) {
    await run(
      "INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at) VALUES (?, ?, ?, ?, ?, 0)",
      libraryId,
      `${entity}_updated`,
      entity,
      ids[prefix] ?? "",
      JSON.stringify({ note: canaryText("payload") }),
    );
  }
}

/** A person whose portrait is a face of the asset. */
async function insertPersonWithFace(
  { userId, libraryId }: { userId: string; libraryId: string },
  assetId: string,
): Promise<{ person_: string; face_: string }> {
  const [personId, faceId] = [newId("person"), newId("face")];
  await run(
    `INSERT INTO people (id, library_id, user_id, name, folded_name, sort_name, birth_date, thumbnail_face_id, created_at, updated_at)
     VALUES (?1, ?2, ?3, ?4, lower(?4), lower(?4), ?5, ?6, 0, 0)`,
    personId,
    libraryId,
    userId,
    ...["person", "birth date"].map(canaryText),
    faceId,
  );
  await run(
    `INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, timestamp_ms, confidence, source, assigned_by, created_at, updated_at)
     VALUES (?1, ?2, ?3, ?4, 0, 1, 2, 3, ?5, ?6, 'automatic', 'clustering', 0, 0)`,
    faceId,
    libraryId,
    assetId,
    personId,
    FILE_SIZE_BYTES,
    SCORE,
  );
  return { person_: personId, face_: faceId };
}

/** Returns the leaked values in `text`: canaries of the given names, numeric canaries, and ids that were not sent. */
export function findLeaks(text: string, tenant: OtherTenant, sent: string, names: readonly CanaryName[]): string[] {
  const words = [...names.map((name) => canaries[name]), ...numericCanaries];
  const ids = tenant.allIds.filter((id) => !sent.includes(id));
  return [...words, ...ids].filter((word) => text.includes(word));
}

export async function insertOtherTenant(): Promise<OtherTenant> {
  const userId = await insertUser();
  await run(
    "UPDATE users SET email = ?2 || '@mail.test', first_name = ?2, last_name = ?2, timezone = ?2, storage_limit_bytes = 1e15 WHERE id = ?1",
    userId,
    canaries.owner,
  );
  const libraryId = await insertLibrary(userId, canaries.library);
  await run("UPDATE libraries SET description = ?2 WHERE id = ?1", libraryId, canaries.library);
  const otherLibraryId = await insertLibrary(userId, "other library");
  const owner = { userId, libraryId };
  const [assetId = "", secondAssetId = ""] = await insertAssets(owner, [{}, {}]);
  const { original, current } = await insertVersions(libraryId, assetId);
  await insertCanaries(assetId, original, current);
  const stackId = await insertStack(owner);
  await run("UPDATE assets SET stack_id = ?1 WHERE id IN (?2, ?3)", stackId, assetId, secondAssetId);
  await run("UPDATE stacks SET primary_asset_id = ?2 WHERE id = ?1", stackId, assetId);
  const albumId = await insertAlbum(owner);
  const membershipId = await insertAlbumMembership(owner, albumId, assetId);
  await run(
    `UPDATE albums SET name = ?2, description = ?2, asset_count = 1, newest_asset_id = ?3, start_us = ?4, end_us = ?4 WHERE id = ?1`,
    albumId,
    canaryText("album"),
    assetId,
    CAPTURED_US,
  );
  await run("UPDATE assets SET album_count = 1 WHERE id = ?", assetId);
  const failure = {
    assetId,
    result: canaryText("result"),
    errorMessage: canaryText("error"),
  };
  const [taskId = ""] = await insertTaskRows(owner, [failure]);
  const { id: keyId } = await insertKey({ userId });
  await run("UPDATE api_keys SET name = ?2 WHERE id = ?1", keyId, canaryText("key"));
  const passkeyId = newId("passkey");
  await run(
    "INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, name, created_at) VALUES (?1, ?2, ?3, ?3, 0, '[]', ?3, 0)",
    passkeyId,
    userId,
    canaryText("passkey"),
  );
  const invitationId = await insertInvitation(owner);
  const memberId = await insertMember(libraryId, await insertUser());
  const ids = { lib_: libraryId, asset_: assetId, asset_version_: current, asset_stack_: stackId, album_: albumId };
  const all = {
    ...ids,
    ...(await insertPersonWithFace(owner, assetId)),
    album_asset_: membershipId,
    btask_: taskId,
    apikey_: keyId,
    passkey_: passkeyId,
    intuser_: userId,
  };
  const sharing = { invite_: invitationId, member_: memberId };
  await insertEvents(libraryId, all);
  const entityIds = { ...all, ...sharing };
  const allIds = [...Object.values(entityIds), secondAssetId, original];
  return { userId, libraryId, otherLibraryId, ids: entityIds, allIds };
}

/** Dumps the tenant's rows; a key's last use is left out. */
export async function readTenantRows({ userId, libraryId }: OtherTenant): Promise<string> {
  const owned = {
    libraries: "id",
    assets: "library_id",
    asset_versions: "library_id",
    albums: "library_id",
    album_assets: "library_id",
    people: "library_id",
    faces: "library_id",
  };
  const tables = { ...owned, stacks: "library_id", asset_tasks: "library_id", events: "library_id" };
  const sharing = { library_members: "library_id", library_invitations: "library_id" };
  const rows: unknown[] = [];
  for (const [table, column] of Object.entries({ ...tables, ...sharing })) {
    rows.push(
      (await env.DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ? ORDER BY 1`).bind(libraryId).all()).results,
    );
  }
  const keys = "SELECT id, name, actions, is_active FROM api_keys WHERE user_id = ? AND name <> 'test' ORDER BY 1";
  rows.push((await env.DB.prepare(keys).bind(userId).all()).results);
  rows.push((await env.DB.prepare("SELECT * FROM passkeys WHERE user_id = ?").bind(userId).all()).results);
  rows.push((await env.DB.prepare("SELECT * FROM users WHERE id = ?").bind(userId).all()).results);
  return JSON.stringify(rows, null, 1);
}
