import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { call, ROOT_API_KEY, searchForm, uniqueBytes, uploadForm, type CallOptions } from "../support/clients/api.ts";
import {
  fillPath,
  listOperations,
  readDocument,
  ResponseValidator,
  sampleBody,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { SoftwareAuthenticator } from "../support/clients/softwareAuthenticator.ts";
import { finishPage, signIn } from "../support/clients/sessions.ts";
import { parseLink } from "../support/clients/sharing.ts";
import { insertKey, insertLibrary, insertUser } from "../support/clients/tenants.ts";
import { renderPng } from "../support/media/images.ts";
import { insertFaces } from "../support/rows/personAssets.ts";
import { solidPng, versionForm } from "../support/clients/versions.ts";

let document: ApiDocument;
let operations: Operation[];
let validator: ResponseValidator;

beforeAll(async () => {
  document = await readDocument();
  operations = listOperations(document);
  validator = new ResponseValidator(document);
});

function findOperation(title: string): Operation {
  const operation = operations.find((candidate) => candidate.title === title);
  if (operation === undefined) throw new Error(`${title} is not published`);
  return operation;
}

/** Calls the path and validates the response against the schema published for `title`. */
async function callAndValidate(
  title: string,
  path: string,
  status: number,
  options: CallOptions = {},
): Promise<Response> {
  const operation = findOperation(title);
  const response = await call(operation.method, path, options);
  const copy = response.clone();
  expect(response.status, title).toBe(status);
  expect(await validator.validate(operation, response), title).toEqual({ valid: true, errors: [] });
  return copy;
}

async function readId(response: Response): Promise<string> {
  return (await response.json<{ id: string }>()).id;
}

/** The built-in sign-in, with a passkey that is created for it. */
async function callSignInRoutes(userId: string, request: string): Promise<void> {
  const path = "/api/sign-in";
  const device = new SoftwareAuthenticator("https://tintype.test");
  await callAndValidate("GET /api/sign-in", path, 200);
  await callAndValidate("POST /api/sign-in/root-key", `${path}/root-key`, 200);
  await callAndValidate("POST /api/sign-in/continue", `${path}/continue`, 200, { json: { request } });
  const link = await callAndValidate("POST /api/sign-in/links", `${path}/links`, 201, { json: { user_id: userId } });
  const secret = (await link.json<{ url: string }>()).url.split("#link=")[1];
  await callAndValidate("POST /api/sign-in/link", `${path}/link`, 200, { json: { secret } });

  const create = "POST /api/sign-in/passkeys";
  const options = await callAndValidate(`${create}/options`, `${path}/passkeys/options`, 200);
  const added = await callAndValidate(create, `${path}/passkeys`, 201, {
    json: { credential: await device.create(await options.json()), name: "Phone" },
  });
  const passkey = `${path}/passkeys/${await readId(added)}`;
  await callAndValidate("GET /api/sign-in/passkeys", `${path}/passkeys`, 200);
  await callAndValidate("PATCH /api/sign-in/passkeys/{passkey_id}", passkey, 200, { json: { name: "Tablet" } });
  const begun = await callAndValidate("POST /api/sign-in/passkey/options", `${path}/passkey/options`, 200, {
    json: {},
  });
  const credential = await device.get(await begun.json());
  await callAndValidate("POST /api/sign-in/passkey", `${path}/passkey`, 200, { json: { credential } });
  await callAndValidate("DELETE /api/sign-in/passkeys/{passkey_id}", passkey, 409);
  await callAndValidate("DELETE /api/sign-in/passkeys/{passkey_id}", `${passkey}?allow_last=true`, 200);

  const env = { SIGN_UPS: "anyone" };
  const name = "Anna";
  const newcomer = { json: { name }, env };
  const creation = await callAndValidate("POST /api/sign-in/sign-up/options", `${path}/sign-up/options`, 200, newcomer);
  const json = { name, passkey_name: "Phone", credential: await device.create(await creation.json()) };
  await callAndValidate("POST /api/sign-in/sign-up", `${path}/sign-up`, 200, { json, env });
}

/** The detection of a library's faces, which its owner has turned on. */
async function callFaceRunRoutes(libraryId: string): Promise<void> {
  const title = "/api/libraries/{library_id}/face-detection";
  const path = `/api/libraries/${libraryId}/face-detection`;
  await callAndValidate(`GET ${title}`, path, 200);
  await callAndValidate(`POST ${title}`, path, 409);
  await callAndValidate("PATCH /api/users/me", "/api/users/me", 200, { json: { face_detection_preference: true } });
  await callAndValidate(`POST ${title}`, path, 200);
  await callAndValidate(`DELETE ${title}`, path, 200);
  await callAndValidate(`GET ${title}`, path, 200);
}

/** People and their faces on an asset. */
async function validatePeople(assetId: string): Promise<void> {
  const fields = { json: { name: "Ada", birth_date: "1815-12-10" } };
  const personId = await readId(await callAndValidate("POST /api/people", "/api/people", 201, fields));
  await callAndValidate("POST /api/people", "/api/people", 200, fields);
  const otherId = await readId(await callAndValidate("POST /api/people", "/api/people", 201, { json: {} }));
  await sqlAll("UPDATE assets SET width = 9, height = 9 WHERE id = ?", assetId);
  const face = { json: { asset_id: assetId, person_id: otherId, bounding_box: { x: 0, y: 0, w: 9, h: 9 } } };
  const faceId = await readId(await callAndValidate("POST /api/faces", "/api/faces", 201, face));
  await callAndValidate("GET /api/faces", "/api/faces?include=cluster_assignment", 200);
  await callAndValidate("GET /api/faces/{face_id}", `/api/faces/${faceId}`, 200);
  await callAndValidate("GET /api/people", "/api/people?include=cluster_metrics&name_filter=all", 200);
  await callAndValidate("GET /api/people/{person_id}", `/api/people/${personId}`, 200);
  const merge = { json: { source_person_ids: [otherId] } };
  await callAndValidate("POST /api/people/{person_id}/merge", `/api/people/${personId}/merge`, 200, merge);
  const change = { thumbnail_face_id: faceId };
  await callAndValidate("PATCH /api/people/{person_id}", `/api/people/${personId}`, 200, { json: change });
  await callAndValidate("POST /api/people/bulk-update", "/api/people/bulk-update", 200, {
    json: { updates: [{ id: personId, change: { is_hidden: true } }] },
  });
  await callAndValidate("PATCH /api/faces/{face_id}", `/api/faces/${faceId}`, 200, { json: { person_id: null } });
  await callAndValidate("DELETE /api/faces/{face_id}", `/api/faces/${faceId}`, 200);
  await callAndValidate("DELETE /api/people/{person_id}", `/api/people/${personId}`, 200);
}

/** Invites a user, who joins and leaves; the owner changes, removes and disables. */
async function validateSharing(ownerId: string, libraryId: string): Promise<void> {
  const own = { token: (await signIn(ownerId)).token };
  const memberId = await insertUser();
  const { token } = await signIn(memberId);
  const policy = { library_id: libraryId, role: "viewer", max_joiners: 2, expires_at: "2100-01-01T00:00:00Z" };
  const invitations = "/api/libraries/invitations";
  const created = await callAndValidate(`POST ${invitations}`, invitations, 201, { ...own, json: policy });
  await callAndValidate(`POST ${invitations}`, invitations, 200, { ...own, json: policy });
  const { id, secret } = parseLink((await created.json<{ url: string }>()).url);
  await callAndValidate(`GET ${invitations}`, invitations, 200, own);
  await callAndValidate(`GET ${invitations}/{invitation_id}/link`, `${invitations}/${id}/link`, 200, own);
  await callAndValidate("POST /api/sign-in/invitation", "/api/sign-in/invitation", 200, { json: { id, secret } });
  for (const step of ["preview", "join", "join"]) {
    const title = `POST ${invitations}/{invitation_id}/${step}`;
    await callAndValidate(title, `${invitations}/${id}/${step}`, 200, { token, json: { secret } });
  }
  const library = `/api/libraries/${libraryId}`;
  await callAndValidate("GET /api/libraries/{library_id}/members", `${library}/members`, 200, own);
  const member = `${library}/members/${memberId}`;
  const memberTitle = "/api/libraries/{library_id}/members/{user_id}";
  const role = { role: "collaborator" };
  await callAndValidate(`PATCH ${memberTitle}`, member, 200, { ...own, json: role });
  await callAndValidate("POST /api/libraries/{library_id}/leave", `${library}/leave`, 200, { token });
  await callAndValidate(`DELETE ${memberTitle}`, member, 200, own);
  await callAndValidate(`PATCH ${memberTitle}`, member, 409, { ...own, json: role });
  const disable = `POST ${invitations}/{invitation_id}/disable`;
  await callAndValidate(disable, `${invitations}/${id}/disable`, 200, own);
}

describe("every response matches the published schema", () => {
  it("for a successful call of every operation", async () => {
    await callAndValidate("GET /api/server/ping", "/api/server/ping", 200, { token: null });
    await callAndValidate("GET /api/server/version", "/api/server/version", 200, { token: null });
    await callAndValidate("GET /api/server/health", "/api/server/health", 200, { token: null });
    const redirect = "redirect_uri=app.immich%3A%2F%2F%2Foauth-callback";
    const authUrl = await callAndValidate("GET /api/oauth/auth-url", `/api/oauth/auth-url?${redirect}`, 200);
    const { userId } = await getRootOwner();
    const json = await finishPage(await authUrl.json<{ url: string }>(), userId);
    await callAndValidate("POST /api/oauth/exchange", "/api/oauth/exchange", 200, { json, token: null });
    const pageUrl = await callAndValidate("GET /api/oauth/auth-url", `/api/oauth/auth-url?${redirect}`, 200);
    const { url } = await pageUrl.json<{ url: string }>();
    await callSignInRoutes(userId, new URL(url).searchParams.get("request") ?? "");
    await callAndValidate("GET /api/oauth/logout-endpoint", "/api/oauth/logout-endpoint", 200, { token: null });
    await callAndValidate("GET /api/sessions", "/api/sessions", 200);
    const sessionPath = `/api/sessions/${(await signIn(userId)).sessionId}`;
    await callAndValidate("DELETE /api/sessions/{session_id}", sessionPath, 200);
    await callAndValidate("DELETE /api/sessions", "/api/sessions", 200);
    await callAndValidate("GET /api/users/me", "/api/users/me", 200);
    await callAndValidate("PATCH /api/users/me", "/api/users/me", 200, { json: { demo_mode_enabled: true } });
    await callAndValidate("GET /api/users", "/api/users", 200);
    const created = await callAndValidate("POST /api/users", "/api/users", 201, { json: { first_name: "Ann" } });
    const userPath = `/api/users/${await readId(created)}`;
    await callAndValidate("GET /api/users/{user_id}", userPath, 200);
    await callAndValidate("PATCH /api/users/{user_id}", userPath, 200, { json: { is_active: false } });
    await callAndValidate("DELETE /api/users/{user_id}", userPath, 200);
    const { libraryId } = await getRootOwner();
    await callAndValidate("GET /api/libraries", "/api/libraries", 200);
    await callAndValidate("GET /api/libraries/{library_id}", `/api/libraries/${libraryId}`, 200);
    await callFaceRunRoutes(libraryId);
    await validateSharing(userId, libraryId);
    await callAndValidate("PATCH /api/libraries/{library_id}", `/api/libraries/${libraryId}`, 200, {
      json: { description: "text" },
    });

    const bytes = uniqueBytes();
    const stored = await callAndValidate("POST /api/assets", "/api/assets", 201, { body: uploadForm(bytes) });
    await callAndValidate("POST /api/assets", "/api/assets", 200, { body: uploadForm(bytes) });
    const asset = await stored.json<{ id: string; download_url: string }>();
    const video = { body: uploadForm(uniqueBytes(), { name: "video.mp4" }) };
    const videoId = await readId(await callAndValidate("POST /api/assets", "/api/assets", 201, video));
    const poster = { body: await renderPng(4, 4, () => [0, 0, 0, 255]), headers: { "content-type": "image/png" } };
    await callAndValidate("PUT /api/assets/{asset_id}/still", `/api/assets/${videoId}/still`, 200, poster);
    await callAndValidate("DELETE /api/assets/{asset_id}/still", `/api/assets/${videoId}/still`, 200);
    await callAndValidate("PUT /api/assets/{asset_id}/still", `/api/assets/${videoId}/still`, 200, poster);
    const posters = "POST /api/libraries/{library_id}/video-posters";
    await callAndValidate(posters, `/api/libraries/${libraryId}/video-posters`, 200);
    for (const query of ["", "?include=", "?include=metadata,faces,people,metrics,file_data,variants,legacy"]) {
      await callAndValidate("GET /api/assets", `/api/assets${query}`, 200);
      await callAndValidate("GET /api/assets/{asset_id}", `/api/assets/${asset.id}${query}`, 200);
    }
    await callAndValidate("GET /api/assets/counts", "/api/assets/counts", 200);
    const viewport = "bbox=-180,-90,180,90&cell_size=10";
    await callAndValidate("GET /api/assets/geo-clusters", `/api/assets/geo-clusters?${viewport}`, 200);
    await callAndValidate("GET /api/assets/{asset_id}/similar", `/api/assets/${asset.id}/similar`, 200);
    await callAndValidate("GET /api/search", "/api/search?media_type=image&include=metadata", 200);
    await callAndValidate("POST /api/search", "/api/search", 200, { body: searchForm({ media_type: "image" }) });
    const change = {
      description: "text",
      latitude: 52.52,
      longitude: 13.405,
      original_datetime: "2024-07-15T12:00:00",
    };
    await callAndValidate("PATCH /api/assets/{asset_id}", `/api/assets/${asset.id}`, 200, { json: change });
    const updates = { json: { updates: [{ id: asset.id, change: { description: null } }] } };
    await callAndValidate("POST /api/assets/bulk-update", "/api/assets/bulk-update", 200, updates);
    await callAndValidate("GET /media/{asset_id}/{version_id}/{variant}", asset.download_url, 200, { token: null });

    await callAndValidate("GET /api/assets/{asset_id}/download", `/api/assets/${asset.id}/download`, 200);
    await callAndValidate("GET /api/assets/{asset_id}/thumbnail", `/api/assets/${videoId}/thumbnail?size=small`, 200);
    const [faceId = ""] = await insertFaces({ libraryId }, [{ assetId: videoId }]);
    await callAndValidate("GET /api/faces/{face_id}/thumbnail", `/api/faces/${faceId}/thumbnail`, 200);
    const edit = { body: versionForm(await solidPng(1)) };
    const versions = `/api/assets/${asset.id}/versions`;
    await callAndValidate("GET /api/assets/{asset_id}/versions", versions, 200);
    const edited = await callAndValidate(
      "POST /api/assets/{asset_id}/versions",
      `${versions}?include=variants`,
      201,
      edit,
    );
    await callAndValidate("POST /api/assets/{asset_id}/versions", versions, 200, {
      body: versionForm(await solidPng(1)),
    });
    const [{ id: uploadId }] = await (
      await callAndValidate("GET /api/assets/{asset_id}/versions", `${versions}?include=variants`, 200)
    ).json<[{ id: string }]>();
    const replaceTitle = "POST /api/assets/{asset_id}/versions/{version_id}/replace";
    const other = { body: versionForm(await solidPng(2)) };
    const editId = await readId(
      await callAndValidate(replaceTitle, `${versions}/${await readId(edited)}/replace`, 201, other),
    );
    await callAndValidate("DELETE /api/assets/{asset_id}/versions/{version_id}", `${versions}/${editId}`, 200);
    await callAndValidate(
      "POST /api/assets/{asset_id}/versions/{version_id}/revert",
      `${versions}/${uploadId}/revert`,
      200,
    );

    await callAndValidate("POST /api/assets/exist", "/api/assets/exist", 200, {
      json: { deviceId: "test device", deviceAssetIds: ["device-asset-1"] },
    });

    const assetTasks = await callAndValidate("GET /api/tasks/asset/{asset_id}", `/api/tasks/asset/${asset.id}`, 200);
    const [task] = await assetTasks.json<{ id: string; celery_task_id: string }[]>();
    await callAndValidate("GET /api/tasks", "/api/tasks/", 200);
    await callAndValidate("GET /api/tasks/{task_id}", `/api/tasks/${task?.id}`, 200);
    await callAndValidate("GET /api/tasks/{task_id}", `/api/tasks/${task?.celery_task_id}`, 200);
    await callAndValidate("GET /api/integrity", "/api/integrity", 200);
    await callAndValidate("GET /api/search-index", "/api/search-index", 200);
    await callAndValidate("POST /api/search-index/rebuild", "/api/search-index/rebuild", 202);

    const report = { feedback_type: "bug", message: "m", task_completed: true, tool_names: ["t"] };
    await callAndValidate("POST /api/feedback", "/api/feedback", 200, { json: report });
    await callAndValidate("GET /api/feedback", "/api/feedback", 200);

    const albumId = await readId(
      await callAndValidate("POST /api/albums", "/api/albums", 201, { json: { name: "album" } }),
    );
    const album = `/api/albums/${albumId}`;
    const ids = { json: { asset_ids: [asset.id, newId("asset")] } };
    await callAndValidate("GET /api/albums/{album_id}/assets", `${album}/assets`, 200);
    await callAndValidate("POST /api/albums/{album_id}/assets", `${album}/assets`, 200, ids);
    await callAndValidate("GET /api/albums/{album_id}/assets", `${album}/assets`, 200);
    const memberships = await callAndValidate("GET /api/album-assets", `/api/album-assets?album_id=${albumId}`, 200);
    const [membership] = (await memberships.json<{ data: { id: string }[] }>()).data;
    await callAndValidate("GET /api/album-assets/{album_asset_id}", `/api/album-assets/${membership?.id}`, 200);
    await callAndValidate("PATCH /api/albums/{album_id}", album, 200, { json: { album_cover_asset_id: asset.id } });
    await callAndValidate("GET /api/albums/{album_id}", album, 200);
    await callAndValidate("GET /api/albums", "/api/albums", 200);
    await callAndValidate("DELETE /api/albums/{album_id}/assets", `${album}/assets`, 200, ids);
    await callAndValidate("DELETE /api/albums/{album_id}", album, 200);

    await callAndValidate("GET /api/events", "/api/events?limit=200", 200);

    const copyId = await readId(
      await callAndValidate("POST /api/assets", "/api/assets", 201, { body: uploadForm(uniqueBytes()) }),
    );
    const pair = { json: { asset_ids: [asset.id, copyId] } };
    const stackId = await readId(await callAndValidate("POST /api/stacks", "/api/stacks", 201, pair));
    const stack = `/api/stacks/${stackId}`;
    await callAndValidate("POST /api/stacks/{stack_id}/assets", `${stack}/assets`, 200, {
      json: { asset_ids: [videoId] },
    });
    await callAndValidate("PATCH /api/stacks/{stack_id}", stack, 200, { json: { primary_asset_id: asset.id } });
    await callAndValidate("GET /api/stacks/{stack_id}", stack, 200);
    await callAndValidate("GET /api/stacks", "/api/stacks", 200);
    await callAndValidate("DELETE /api/stacks/{stack_id}/assets", `${stack}/assets`, 200, {
      json: { asset_ids: [videoId] },
    });
    await callAndValidate("DELETE /api/stacks/{stack_id}", stack, 200);

    await validatePeople(asset.id);

    const key = {
      name: "phone",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [libraryId],
    };
    const keyId = await readId(await callAndValidate("POST /api/api-keys", "/api/api-keys/", 201, { json: key }));
    await callAndValidate("GET /api/api-keys", "/api/api-keys/", 200);
    await callAndValidate("PATCH /api/api-keys/{key_id}", `/api/api-keys/${keyId}`, 200, { json: { name: "tablet" } });
    await callAndValidate("DELETE /api/api-keys/{key_id}", `/api/api-keys/${keyId}`, 200);

    const otherLibraryId = await insertLibrary((await getRootOwner()).userId, "other");
    await callAndValidate("POST /api/assets/move", "/api/assets/move", 200, {
      json: {
        asset_ids: ["asset_2222222222222222222222"],
        source_library_id: libraryId,
        destination_library_id: otherLibraryId,
      },
    });
    // With two libraries, the following requests would need a library_id.
    await sqlAll("DELETE FROM libraries WHERE id = ?", otherLibraryId);
    await callAndValidate("POST /api/assets/trash", "/api/assets/trash", 200, { json: { ids: [asset.id, videoId] } });
    await callAndValidate("POST /api/assets/restore", "/api/assets/restore", 200, { json: { ids: [asset.id] } });
    await callAndValidate("POST /api/assets/empty-trash", "/api/assets/empty-trash", 200);
    await callAndValidate("DELETE /api/assets", "/api/assets", 200, { json: { ids: [videoId, copyId] } });
    await callAndValidate("DELETE /api/assets/{asset_id}", `/api/assets/${asset.id}`, 200);
    const second = { json: { name: "second" } };
    const secondId = await readId(await callAndValidate("POST /api/libraries", "/api/libraries", 201, second));
    const trashed = `/api/libraries/${secondId}`;
    await callAndValidate("DELETE /api/libraries/{library_id}", trashed, 409);
    await callAndValidate("POST /api/libraries/{library_id}/trash", `${trashed}/trash`, 200);
    await callAndValidate("POST /api/libraries/{library_id}/restore", `${trashed}/restore`, 200);
    await callAndValidate("POST /api/libraries/{library_id}/trash", `${trashed}/trash`, 200);
    await callAndValidate("DELETE /api/libraries/{library_id}", trashed, 200);

    const succeeded = [...validator.observedStatuses]
      .filter(([, statuses]) => [...statuses].some((status) => status < 300))
      .map(([title]) => title);
    expect(succeeded.toSorted()).toEqual(operations.map((operation) => operation.title).toSorted());
  });
});

/** Invalid requests, each sent to every published operation that it applies to. */
const failureCases: {
  label: string;
  status: number;
  applies: (operation: Operation) => boolean;
  options: CallOptions;
}[] = [
  { label: "no credential", status: 401, applies: () => true, options: { token: null } },
  {
    label: "a malformed bookmark",
    status: 400,
    applies: () => true,
    options: { headers: { "x-d1-bookmark": "yesterday" } },
  },
  {
    label: "too many requests with one credential",
    status: 429,
    applies: () => true,
    options: { env: { CREDENTIAL_LIMIT: { limit: () => Promise.resolve({ success: false }) } } },
  },
  { label: "an unknown id", status: 404, applies: ({ path }) => path.includes("{"), options: {} },
  {
    label: "a body that is not JSON",
    status: 415,
    applies: acceptsJson,
    options: { body: "a=b", headers: { "content-type": "text/plain" } },
  },
  {
    label: "a truncated JSON body",
    status: 400,
    applies: acceptsJson,
    options: { body: '{"name', headers: { "content-type": "application/json" } },
  },
  { label: "an array as the body", status: 422, applies: acceptsJson, options: { json: [] } },
  {
    label: "a JSON body of 10 MB",
    status: 413,
    applies: acceptsJson,
    options: { json: { name: "x".repeat(10_000_000) } },
  },
];

function acceptsJson(operation: Operation): boolean {
  return operation.requestBody?.content?.["application/json"] !== undefined;
}

/** Public operations have fewer errors, and separate tests. */
function needsCredential({ security }: Operation): boolean {
  return security?.length !== 0;
}

describe("every error has the published format and a request id", () => {
  for (const { label, status, applies, options } of failureCases) {
    it(`returns ${status} for ${label}`, async () => {
      for (const operation of operations.filter((each) => needsCredential(each) && applies(each))) {
        const sample = options.json === undefined && options.body === undefined ? sampleBody(document, operation) : {};
        const response = await call(operation.method, fillPath(operation), {
          token: ROOT_API_KEY,
          ...sample,
          ...options,
        });
        expect(response.status, operation.title).toBe(status);
        await expectErrorFormat(operation, response);
      }
    });
  }

  it("returns 422 for a malformed id in a path", async () => {
    for (const operation of operations.filter((each) => each.path.includes("{") && needsCredential(each))) {
      const other = operation.path.includes("{stack_id}") ? "asset" : "asset_stack";
      const path = operation.path.replaceAll(/\{\w+\}/g, `${other}_BM3nUmJ6fkBqBADyz5FEiu`);
      const response = await call(operation.method, path, sampleBody(document, operation));
      expect(response.status, operation.title).toBe(422);
      await expectErrorFormat(operation, response);
    }
  });

  it("returns 403 for an action that the key lacks", async () => {
    const { secret } = await insertKey({ userId: await insertUser(), actions: [] });
    for (const operation of operations.filter(needsCredential)) {
      const response = await call(operation.method, fillPath(operation), {
        token: secret,
        ...sampleBody(document, operation),
      });
      expect(response.status, operation.title).toBe(403);
      await expectErrorFormat(operation, response);
    }
  });
});

async function expectErrorFormat(operation: Operation, response: Response): Promise<void> {
  expect(response.headers.get("x-request-id"), operation.title).toMatch(/^[\w-]{36}$/);
  expect(response.headers.get("cache-control"), operation.title).toBe("no-store");
  const body = await response.clone().json<Record<string, unknown>>();
  expect(Object.keys(body).toSorted(), operation.title).toEqual(["detail", "error", "message"]);
  expect(body.message, operation.title).toMatch(/\S/);
  expect(body.error, operation.title).toMatch(/^[a-z_]+$/);
  expect(Array.isArray(body.detail), operation.title).toBe(response.status === 422);
  expect(await validator.validate(operation, response), operation.title).toEqual({ valid: true, errors: [] });
}

describe("the response validator", () => {
  it("rejects a body with a missing, mistyped or unpublished key", async () => {
    const operation = findOperation("GET /api/libraries/{library_id}");
    const { libraryId } = await getRootOwner();
    const library = await (await call("GET", `/api/libraries/${libraryId}`)).json<Record<string, unknown>>();
    const { name: _name, ...withoutName } = library;
    for (const body of [withoutName, { ...library, asset_count: "1" }, { ...library, secret: 1 }]) {
      expect((await validator.validate(operation, Response.json(body))).valid).toBe(false);
    }
    expect((await validator.validate(operation, Response.json(library))).valid).toBe(true);
    expect((await validator.validate(operation, Response.json(library, { status: 202 }))).valid).toBe(false);
  });
});
