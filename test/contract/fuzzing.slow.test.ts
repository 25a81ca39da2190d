/** Fuzzes every published operation with mistyped, huge, empty and malformed input: no 5xx, and one error format. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { originalKey } from "../../src/objects/keys.ts";
import { expectError } from "../support/clients/responses.ts";
import { call, ROOT_API_KEY } from "../support/clients/api.ts";
import { listOperations, readDocument, resolveReference, type Operation } from "../support/clients/openapi.ts";
import { renderPng } from "../support/media/images.ts";
import { recordingQueue } from "../support/bindings/queue.ts";
import { setFaceDetection } from "../support/faces/seedFaces.ts";
import { insertFaces, insertPerson } from "../support/rows/personAssets.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { parseLink, requestInvitation } from "../support/clients/sharing.ts";
import {
  insertAlbum,
  insertAssets,
  insertKey,
  insertAlbumMembership,
  insertLibrary,
  insertMember,
  insertStack,
  insertUser,
  SEEDED_VERSION_ID,
} from "../support/clients/tenants.ts";
import { fuzzCases, fullSample, type FuzzCase, type FormFields, type ValidRequest } from "./fuzzCases.ts";

const document = await readDocument();
let owner: { userId: string; libraryId: string };

beforeAll(async () => {
  owner = await getRootOwner();
});

/** Deletes libraries that an operation created, with which every request would need a library_id, and taken names. */
afterEach(async () => {
  await env.DB.batch([
    env.DB.prepare("DELETE FROM libraries WHERE id <> ?").bind(owner.libraryId),
    env.DB.prepare("DELETE FROM faces"),
    env.DB.prepare("DELETE FROM people"),
    env.DB.prepare("UPDATE libraries SET trashed_at = NULL, purge_at = NULL"),
    env.DB.prepare("DELETE FROM library_invitations"),
    env.DB.prepare("DELETE FROM passkeys"),
  ]);
});

/** Inserts one entity per id type for each operation: the previous operation may have deleted its own. */
async function insertOwnEntities(operation: Operation): Promise<Record<string, string>> {
  const [assetId = "", other = "", videoId = ""] = await insertAssets(owner, [
    { position: [11, 48] },
    {},
    { mediaType: "video" },
  ]);
  const png = await renderPng(4, 4, () => [0, 0, 0, 255]);
  await env.BUCKET.put(originalKey(assetId, SEEDED_VERSION_ID), png, { httpMetadata: { contentType: "image/png" } });
  await env.DB.prepare("UPDATE assets SET width = 4, height = 4 WHERE id = ?").bind(assetId).run();
  await setFaceDetection(owner.userId, true);
  const albumId = await insertAlbum(owner);
  const membershipId = await insertAlbumMembership(owner, albumId, assetId);
  const [taskId = ""] = await insertTaskRows(owner, [{ assetId }]);
  const { id: keyId } = await insertKey({ userId: owner.userId });
  const personId = await insertPerson(owner);
  const [faceId = ""] = await insertFaces(owner, [{ assetId, personId, box: [0, 0, 2, 2] }]);
  return {
    asset_: operation.path.endsWith("/still") ? videoId : assetId,
    other,
    asset_version_: SEEDED_VERSION_ID,
    asset_stack_: await insertStack(owner),
    album_: albumId,
    album_asset_: membershipId,
    btask_: taskId,
    apikey_: keyId,
    person_: personId,
    otherPerson: await insertPerson(owner),
    face_: faceId,
    lib_: owner.libraryId,
    ...(await insertAccountEntities(operation)),
  };
}

/** A member of the library, a passkey and an invitation with its secret; a second library where one has to stay. */
async function insertAccountEntities({ title }: Operation): Promise<Record<string, string>> {
  const userId = await insertUser();
  await insertMember(owner.libraryId, userId);
  if (title.startsWith("DELETE /api/users"))
    await env.DB.prepare("UPDATE users SET is_active = 0 WHERE id = ?").bind(userId).run();
  const passkeyId = newId("passkey");
  await env.DB.prepare(
    "INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, name, created_at) VALUES (?1, ?2, ?1, '', 0, '[]', 'Phone', 0)",
  )
    .bind(passkeyId, owner.userId)
    .run();
  const invitation = await requestInvitation(ROOT_API_KEY, owner.libraryId);
  const { id, secret } = parseLink((await invitation.json<{ url: string }>()).url);
  const isSecondNeeded = ["POST /api/assets/move", "POST /api/libraries/{library_id}/trash"].includes(title);
  const otherLibrary = isSecondNeeded ? await insertLibrary(owner.userId, "second") : "";
  return { intuser_: userId, passkey_: passkeyId, invite_: id, secret, otherLibrary };
}

const personChange = ({ face_: faceId }: Record<string, string>) => ({
  name: "Ada Lovelace",
  birth_date: "1990-12-31",
  is_favorite: true,
  is_hidden: false,
  thumbnail_face_id: faceId,
});

/** Valid bodies where a sample with every property is invalid, because properties exclude each other. */
const validBodies: Record<string, (ids: Record<string, string>) => unknown> = {
  "POST /api/api-keys": (ids) => ({
    name: "k",
    actions: ["read"],
    library_scope_mode: "selected_libraries",
    library_ids: [ids["lib_"]],
    expires_at: "2999-01-01T00:00:00Z",
  }),
  "POST /api/stacks": (ids) => ({
    asset_ids: [ids["asset_"], ids["other"]],
    primary_asset_id: ids["other"],
    library_id: ids["lib_"],
  }),
  "POST /api/assets/exist": () => ({ deviceId: "d", deviceAssetIds: ["d"] }),
  "POST /api/assets/move": (ids) => ({
    asset_ids: [ids["asset_"]],
    source_library_id: ids["lib_"],
    destination_library_id: ids["otherLibrary"],
  }),
  "POST /api/faces": (ids) => ({
    asset_id: ids["asset_"],
    bounding_box: { x: 0, y: 0, w: 2, h: 2 },
    person_id: ids["person_"],
    library_id: ids["lib_"],
  }),
  "POST /api/people": (ids) => ({
    name: "Ada",
    birth_date: "1990-12-31",
    is_favorite: true,
    is_hidden: false,
    thumbnail_face_id: null,
    library_id: ids["lib_"],
  }),
  "PATCH /api/people/{person_id}": (ids) => personChange(ids),
  "POST /api/people/bulk-update": (ids) => ({ updates: [{ id: ids["person_"], change: personChange(ids) }] }),
  "POST /api/people/{person_id}/merge": (ids) => ({ source_person_ids: [ids["otherPerson"]] }),
  "POST /api/libraries/invitations/{invitation_id}/preview": ({ secret }) => ({ secret }),
  "POST /api/libraries/invitations/{invitation_id}/join": ({ secret }) => ({ secret }),
  "POST /api/sign-in/links": ({ intuser_: userId }) => ({ user_id: userId, lifetime_seconds: 60 }),
  "POST /api/sign-in/invitation": ({ invite_: id, secret }) => ({ id, secret }),
};

/** Valid forms whose fields exclude each other, or need a value of their own. */
const validForms: Record<string, (ids: Record<string, string>) => FormFields> = {
  "POST /api/search": (ids) => ({
    query: "photo",
    library_id: ids["lib_"] ?? "",
    album_id: ids["album_"] ?? "",
    "person_ids[]": "person_2222222222222222222222",
    media_type: "image",
    "ratings[]": "0,5",
    local_datetime_after: "2020-01-01T00:00:00",
    local_datetime_before: "2030-01-01T00:00:00",
    bbox: "-180,-90,180,90",
    page: "1",
    limit: "5",
    threshold: "0.8",
  }),
};

async function validBody(operation: Operation, ids: Record<string, string>): Promise<Omit<ValidRequest, "ids">> {
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"]?.schema;
  if (json !== undefined) return { json: validBodies[operation.title]?.(ids) ?? fullSample(document, json, ids) };
  const validForm = validForms[operation.title];
  if (validForm !== undefined) return { form: validForm(ids) };
  const form = content["multipart/form-data"]?.schema;
  const [type] = Object.keys(content);
  if (form === undefined) return type === undefined ? {} : { raw: type };
  const png = new Uint8Array(await new Blob([await renderPng(4, 4, () => [0, 0, 0, 255])]).arrayBuffer());
  const digestOf = async (name: string) => new Uint8Array(await crypto.subtle.digest(name, png)).toBase64();
  const fieldValues: FormFields = {
    asset_data: png,
    file: png,
    checksum: await digestOf("SHA-256"),
    checksum_sha1: await digestOf("SHA-1"),
    kind: "edit",
    params: "{}",
    library_id: owner.libraryId,
    file_created_at: "2024-05-06T07:08:09Z",
    file_modified_at: "2024-05-06T07:08:09Z",
  };
  const names = Object.keys(resolveReference(document, form).properties ?? {});
  return { form: Object.fromEntries(names.map((name) => [name, fieldValues[name] ?? "x"])) };
}

/** Operations that reject the valid request too: it lacks a trashed library, a stack member, a second version, an image, a signature or a secret. */
const alwaysRejected = [
  "PUT /api/assets/{asset_id}/still",
  "GET /media/{asset_id}/{version_id}/{variant}",
  "DELETE /api/libraries/{library_id}",
  "PATCH /api/stacks/{stack_id}",
  "DELETE /api/assets/{asset_id}/versions/{version_id}",
  "POST /api/assets/{asset_id}/versions/{version_id}/replace",
  "POST /api/oauth/exchange",
  "POST /api/libraries/{library_id}/leave",
  ...["link", "passkey", "passkeys", "sign-up", "sign-up/options", "continue"].map(
    (name) => `POST /api/sign-in/${name}`,
  ),
];

/** Returns the violation in the response, or null. */
async function findViolation(
  method: string,
  fuzzCase: FuzzCase,
  statuses: Record<number, number>,
): Promise<string | null> {
  let response: Response;
  try {
    response = await call(method, fuzzCase.path, { ...fuzzCase.options, env: { QUEUE: recordingQueue().binding } });
  } catch (error) {
    return `threw ${String(error)}`;
  }
  statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  if (response.status >= 500) return `${response.status} ${await response.text()}`;
  if (response.status < 400) {
    await response.arrayBuffer();
    return null;
  }
  try {
    await expectError(response, response.status);
    return null;
  } catch (error) {
    return `${response.status} ${String(error).slice(0, 200)}`;
  }
}

describe("invalid input never returns a 5xx, and every error has the common format", { timeout: 280_000 }, () => {
  for (const operation of listOperations(document)) {
    it(operation.title, async () => {
      const ids = await insertOwnEntities(operation);
      const validRequest = { ids, ...(await validBody(operation, ids)) };
      const violations: string[] = [];
      const statuses: Record<number, number> = {};
      const cases = await fuzzCases(document, operation, validRequest);
      for (const fuzzCase of cases) {
        const violation = await findViolation(operation.method, fuzzCase, statuses);
        if (violation !== null) violations.push(`${fuzzCase.name}: ${violation}`);
      }
      expect(violations.slice(0, 20)).toEqual([]);
      // At least one case must succeed, or no case got past the first validation.
      expect(
        Object.keys(statuses).some((status) => Number(status) < 300 || alwaysRejected.includes(operation.title)),
        JSON.stringify(statuses),
      ).toBe(true);
    });
  }
});
