/** Inserts users, libraries, keys, assets, albums and stacks by SQL, for tenants besides the root user. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { parseDateTime } from "../../../src/kernel/time.ts";
import { hashSecret } from "../../../src/operations/accounts/authentication.ts";

let serial = 0;

/** Version id of every asset that is inserted by SQL. */
export const SEEDED_VERSION_ID = "asset_version_2222222222222222222222";

export interface KeyFields {
  userId: string;
  actions?: string[];
  libraryIds?: string[] | null;
  isActive?: boolean;
  expiresAt?: number | null;
  lastUsedAt?: number | null;
}

/** A well-formed secret, which no key has until it is inserted. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return `apikey_${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** Inserts an API key and returns its secret. */
export async function insertKey(fields: KeyFields): Promise<{ id: string; secret: string }> {
  const { userId, actions = ["read", "write", "delete", "delete_permanently"], libraryIds = null } = fields;
  const { isActive = true, expiresAt = null, lastUsedAt = null } = fields;
  serial += 1;
  const id = newId("apiKey");
  const secret = newSecret();
  const scope = libraryIds === null ? null : JSON.stringify(libraryIds);
  await env.DB.prepare(
    `INSERT INTO api_keys (id, user_id, name, secret_hash, actions, library_ids, is_active, expires_at, created_at, last_used_at)
     VALUES (?, ?, 'test', ?, ?, ?, ?, ?, ?, ?)`,
  )
    .bind(
      id,
      userId,
      await hashSecret(secret),
      JSON.stringify(actions),
      scope,
      isActive ? 1 : 0,
      expiresAt,
      Date.now(),
      lastUsedAt,
    )
    .run();
  return { id, secret };
}

export async function insertUser(): Promise<string> {
  const id = newId("user");
  await env.DB.prepare(
    "INSERT INTO users (id, subject, storage_limit_bytes, created_at, updated_at) VALUES (?, ?, 1000000, 0, 0)",
  )
    .bind(id, id)
    .run();
  return id;
}

export async function insertLibrary(userId: string, name = "library"): Promise<string> {
  const id = newId("library");
  const columns = "id, user_id, name, folded_name, created_at, updated_at";
  await env.DB.prepare(`INSERT INTO libraries (${columns}) VALUES (?1, ?2, ?3, lower(?3), 0, 0)`)
    .bind(id, userId, name)
    .run();
  return id;
}

export interface MemberFields {
  role?: "collaborator" | "viewer";
  state?: "active" | "left" | "removed";
}

/** Makes a user a member of a library. */
export async function insertMember(
  libraryId: string,
  userId: string,
  { role = "viewer", state = "active" }: MemberFields = {},
): Promise<string> {
  const id = newId("member");
  const endedAt = state === "active" ? null : 1;
  await env.DB.prepare(
    `INSERT INTO library_members (id, library_id, user_id, role, state, joined_at, ended_at, last_removed_at, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, 0, ?, ?, 0, 0)`,
  )
    .bind(id, libraryId, userId, role, state, endedAt, state === "removed" ? 1 : null)
    .run();
  return id;
}

/** Inserts an active invitation and returns its id. */
export async function insertInvitation({ userId, libraryId }: { userId: string; libraryId: string }): Promise<string> {
  const id = newId("invitation");
  await env.DB.prepare(
    `INSERT INTO library_invitations (id, library_id, role, max_joiners, expires_at, created_by, created_at, updated_at)
     VALUES (?, ?, 'viewer', 5, 4e12, ?, 0, 0)`,
  )
    .bind(id, libraryId, userId)
    .run();
  return id;
}

export interface AssetFields {
  /** Capture time in ISO 8601; its UTC offset is stored if given. */
  capturedAt?: string;
  mediaType?: "image" | "video";
  trashedAt?: number | null;
  position?: [longitude: number, latitude: number] | null;
  /** The effective rating, 0 to 5. */
  rating?: number | null;
  stackId?: string | null;
}

function assetRow(fields: AssetFields) {
  serial += 1;
  const time = parseDateTime(fields.capturedAt ?? "2024-05-06T07:08:09");
  if (time === null) throw new Error(`invalid date: ${fields.capturedAt}`);
  const [longitude, latitude] = fields.position ?? [null, null];
  return {
    id: newId("asset"),
    serial,
    localUs: time.wallUs,
    offset: time.offsetMinutes,
    mediaType: fields.mediaType ?? "image",
    mimeType: fields.mediaType === "video" ? "video/mp4" : "image/jpeg",
    trashedAt: fields.trashedAt ?? null,
    longitude,
    latitude,
    rating: fields.rating ?? null,
    stackId: fields.stackId ?? null,
  };
}

/** Inserts assets without stored objects in one statement and returns their ids in order. */
export async function insertAssets(
  owner: { userId: string; libraryId: string },
  fields: AssetFields[],
): Promise<string[]> {
  const rows = fields.map(assetRow);
  await env.DB.prepare(
    `INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type,
       original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, local_offset_minutes,
       current_version_id, latitude, longitude, rating, stack_id, file_metadata, metadata_updated_at, trashed_at, created_at, updated_at)
     SELECT r.value ->> 'id', ?1, ?2, 'sum' || (r.value ->> 'serial'), 'sha1', 10, r.value ->> 'mimeType', r.value ->> 'mediaType',
       'f.jpg', 'd', 'd', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', r.value ->> 'localUs', r.value ->> 'offset',
       '${SEEDED_VERSION_ID}', r.value ->> 'latitude', r.value ->> 'longitude', r.value ->> 'rating', r.value ->> 'stackId',
       iif(r.value ->> 'rating' IS NULL, '{}', json_object('rating', r.value ->> 'rating')), 0,
       r.value ->> 'trashedAt', 0, 0
     FROM json_each(?3) r`,
  )
    .bind(owner.libraryId, owner.userId, JSON.stringify(rows))
    .run();
  return rows.map((row) => row.id);
}

/** Inserts an empty album. */
export async function insertAlbum(owner: { userId: string; libraryId: string }): Promise<string> {
  const id = newId("album");
  await env.DB.prepare(
    "INSERT INTO albums (id, library_id, user_id, name, folded_name, created_at, updated_at) VALUES (?, ?, ?, 'theirs', 'theirs', 0, 0)",
  )
    .bind(id, owner.libraryId, owner.userId)
    .run();
  return id;
}

/** Inserts an album membership. */
export async function insertAlbumMembership(
  owner: { libraryId: string },
  albumId: string,
  assetId: string,
): Promise<string> {
  const id = newId("albumAsset");
  await env.DB.prepare(
    "INSERT INTO album_assets (id, library_id, album_id, asset_id, local_us, created_at, updated_at) VALUES (?, ?, ?, ?, 0, 0, 0)",
  )
    .bind(id, owner.libraryId, albumId, assetId)
    .run();
  return id;
}

/** Inserts a stack without members. */
export async function insertStack(owner: { userId: string; libraryId: string }): Promise<string> {
  const id = newId("stack");
  await env.DB.prepare(
    "INSERT INTO stacks (id, library_id, user_id, origin, created_at, updated_at) VALUES (?, ?, ?, 'user', 0, 0)",
  )
    .bind(id, owner.libraryId, owner.userId)
    .run();
  return id;
}

export interface Tenant {
  userId: string;
  libraryId: string;
  secret: string;
  keyId: string;
  albumId: string;
  assetId: string;
}

/** Inserts another user of the deployment with a library, a key, an album and an asset. */
export async function insertTenant(): Promise<Tenant> {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  const { secret, id: keyId } = await insertKey({ userId });
  const albumId = await insertAlbum({ userId, libraryId });
  const [assetId = ""] = await insertAssets({ userId, libraryId }, [{}]);
  return { userId, libraryId, secret, keyId, albumId, assetId };
}

export interface EventRow {
  library_id: string;
  event_type: string;
  entity_type: string;
  entity_id: string;
  payload: Record<string, string | null> | null;
}

/** Reads the change feed after `afterSeq`, oldest event first. */
export async function readEvents(afterSeq = 0): Promise<{ events: EventRow[]; lastSeq: number }> {
  const { results } = await env.DB.prepare("SELECT * FROM events WHERE seq > ? ORDER BY seq")
    .bind(afterSeq)
    .all<Omit<EventRow, "payload"> & { seq: number; payload: string | null }>();
  const events = results.map(({ library_id, event_type, entity_type, entity_id, payload }) => ({
    library_id,
    event_type,
    entity_type,
    entity_id,
    payload: payload === null ? null : (JSON.parse(payload) as Record<string, string | null>),
  }));
  return { events, lastSeq: results.at(-1)?.seq ?? afterSeq };
}
