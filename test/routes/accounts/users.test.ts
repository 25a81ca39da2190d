import { beforeAll, describe, expect, it } from "vitest";
import { createApiKey, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, upload, uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import {
  insertKey,
  insertLibrary,
  insertMember,
  insertTenant,
  insertUser,
  type Tenant,
} from "../../support/clients/tenants.ts";

const UNKNOWN_LIBRARY = "lib_2222222222222222222222";

interface User {
  id: string;
  is_active: boolean;
  home_country: string | null;
  home_subdivision: string | null;
  immich_library_id: string | null;
  storage_limit_bytes: number;
  updated_at: string;
}

async function readMe(token?: string): Promise<User> {
  const response = await call("GET", "/api/users/me", token === undefined ? {} : { token });
  expect(response.status).toBe(200);
  return await response.json<User>();
}

async function patchMe(json: unknown, options: CallOptions = {}): Promise<Response> {
  return await call("PATCH", "/api/users/me", { json, ...options });
}

async function changedMe(json: unknown, options: CallOptions = {}): Promise<User> {
  const response = await patchMe(json, options);
  expect(response.status, JSON.stringify(json)).toBe(200);
  return await response.json<User>();
}

describe("GET /api/users/me", () => {
  it("creates the owner on the root key's first use, with the configured storage limit", async () => {
    const response = await call("GET", "/api/users/me", { env: { DEFAULT_USER_STORAGE_LIMIT_BYTES: "1234567" } });
    expect(response.status).toBe(200);
    const user = await response.json<{ created_at: string }>();
    expect(user).toEqual({
      id: expect.stringMatching(/^intuser_[2-9A-Za-z]{22}$/),
      email: "owner@tintype.invalid",
      first_name: null,
      last_name: null,
      timezone: null,
      is_active: true,
      is_verified: true,
      is_superuser: true,
      storage_used_bytes: 0,
      storage_limit_bytes: 1_234_567,
      favorite_display_mode: "favorite",
      demo_mode_enabled: false,
      immich_library_id: null,
      face_detection_preference: null,
      face_detection_available: true,
      home_country: null,
      home_subdivision: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: user.created_at,
    });
  });

  it("returns the owner's configured name and address", async () => {
    const env = { OWNER_EMAIL: "kim@example.com", OWNER_NAME: "Kim" };
    const user = await (await call("GET", "/api/users/me", { env })).json();
    expect(user).toMatchObject({ email: "kim@example.com", first_name: "Kim" });
  });

  it("returns the API key's owner, not the owner of the deployment, with an address in every case", async () => {
    const tenant = await insertTenant();
    const user = await readMe(tenant.secret);
    expect(user).toMatchObject({ id: tenant.userId, is_superuser: false, email: `${tenant.userId}@tintype.invalid` });
  });
});

describe("PATCH /api/users/me", () => {
  it("changes the given fields and leaves the others", async () => {
    const mode = { favorite_display_mode: "rating" };
    expect(await changedMe(mode)).toMatchObject({ ...mode, demo_mode_enabled: false });
    expect(await changedMe({ demo_mode_enabled: true })).toMatchObject({ ...mode, demo_mode_enabled: true });
    expect(await changedMe({ favorite_display_mode: null })).toMatchObject({ ...mode, demo_mode_enabled: true });
    expect(await changedMe({})).toEqual(await readMe());
  });

  it("rejects null where it clears nothing, and values outside of the lists", async () => {
    const before = await readMe();
    const invalid = [
      { demo_mode_enabled: null },
      { face_detection_preference: null },
      { home_country: null },
      { favorite_display_mode: "stars" },
      { demo_mode_enabled: "yes" },
      { immich_library_id: "nothing" },
      { home_country: "us" },
      { home_country: "ZZ" },
      { home_country: "USA" },
      { home_country: "XK" },
      { home_subdivision: "BE" },
      { home_country: "US" },
      { home_country: "US", home_subdivision: null },
      { home_country: "US", home_subdivision: "BE" },
      { home_country: "US", home_subdivision: "ca" },
      { home_country: "US", home_subdivision: "US-CA" },
      { home_country: "VA", home_subdivision: "1" },
    ];
    for (const json of invalid) expect((await patchMe(json)).status, JSON.stringify(json)).toBe(422);
    expect(await readMe()).toEqual(before);
  });

  it("clears the subdivision with a new country unless both are sent, and requires it for the US", async () => {
    const region = (country: string | null, subdivision: string | null) => ({
      home_country: country,
      home_subdivision: subdivision,
    });
    expect(await changedMe(region("US", "CA"))).toMatchObject(region("US", "CA"));
    expect(await changedMe({ home_country: "US" })).toMatchObject(region("US", "CA"));
    expect((await patchMe({ home_subdivision: null })).status).toBe(422);
    expect(await changedMe({ home_subdivision: "NY" })).toMatchObject(region("US", "NY"));
    expect(await changedMe({ home_country: "DE" })).toMatchObject(region("DE", null));
    expect(await changedMe({ home_subdivision: "BE" })).toMatchObject(region("DE", "BE"));
    expect(await changedMe({ home_subdivision: null })).toMatchObject(region("DE", null));
    expect(await changedMe(region("CA", "BC"))).toMatchObject(region("CA", "BC"));
  });

  it("keeps the home region and face detection from API keys, which may change the rest", async () => {
    const { secret: token, userId } = await insertTenant();
    for (const json of [
      { home_country: "DE" },
      { home_subdivision: null },
      { face_detection_preference: false },
      { home_country: "DE", demo_mode_enabled: true },
    ])
      await expectError(await patchMe(json, { token }), 403);
    expect(await readMe(token)).toMatchObject({ home_country: null, demo_mode_enabled: false });
    const { secret: readOnly } = await insertKey({ userId, actions: ["read"] });
    expect(await changedMe({ demo_mode_enabled: true }, { token: readOnly })).toMatchObject({
      demo_mode_enabled: true,
    });
  });

  it("turns face detection on and off where it is available", async () => {
    expect(await changedMe({ face_detection_preference: true })).toMatchObject({ face_detection_preference: true });
    expect(await changedMe({ face_detection_preference: false })).toMatchObject({ face_detection_preference: false });
  });

  it("returns 409 without a retry for face detection in an excluded home region, and accepts the refusal", async () => {
    await changedMe({ home_country: "US", home_subdivision: "IL" });
    const before = await readMe();
    expect(before).toMatchObject({ face_detection_available: false });
    const moving = { home_country: "US", home_subdivision: "TX", face_detection_preference: true };
    await expectError(await patchMe(moving), 409);
    const response = await patchMe({ face_detection_preference: true, favorite_display_mode: "favorite" });
    expect(response.headers.get("x-should-retry")).toBe("false");
    await expectError(response, 409);
    expect(await readMe()).toEqual(before);
    expect(await changedMe({ face_detection_preference: false })).toMatchObject({ face_detection_preference: false });
    const moved = { home_country: "US", home_subdivision: "NY", face_detection_preference: true };
    expect(await changedMe(moved)).toMatchObject({ face_detection_available: true, face_detection_preference: true });
  });

  it("returns 409 for face detection without a recognizer or the images that it reads", async () => {
    for (const env of [{ FACE_RECOGNIZER: "none" }, { WORKERS_PLAN: "free" }]) {
      const me = await (await call("GET", "/api/users/me", { env })).json();
      expect(me).toMatchObject({ face_detection_available: false });
      const json = { face_detection_preference: true };
      await expectError(await call("PATCH", "/api/users/me", { json, env }), 409);
    }
  });

  it("lets one of two concurrent changes of the country win whole", async () => {
    const pairs = ["US", "DE", "CA"].map((country, at) => [country, ["CA", "BE", "BC"][at]]);
    const responses = await Promise.all(
      pairs.map(async ([country, subdivision]) => patchMe({ home_country: country, home_subdivision: subdivision })),
    );
    for (const { status } of responses) expect([200, 409]).toContain(status);
    const { home_country: country, home_subdivision: subdivision } = await readMe();
    expect(pairs).toContainEqual([country, subdivision]);
  });
});

describe("immich_library_id", () => {
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await insertTenant();
  });
  const choose = async (id: string | null, token = tenant.secret) =>
    await patchMe({ immich_library_id: id, demo_mode_enabled: true }, { token });

  it("is a live library in which the user may write, and null clears it", async () => {
    expect((await choose(tenant.libraryId)).status).toBe(200);
    expect((await readMe(tenant.secret)).immich_library_id).toBe(tenant.libraryId);
    expect((await choose(null)).status).toBe(200);
    expect((await readMe(tenant.secret)).immich_library_id).toBeNull();
  });

  it("is rejected with 404 for any other library, and nothing changes", async () => {
    const foreign = (await getRootOwner()).libraryId;
    const trashed = await insertLibrary(tenant.userId, "trashed");
    await sqlAll("UPDATE libraries SET trashed_at = 5 WHERE id = ?", trashed);
    const other = await insertLibrary(tenant.userId, "other");
    const { secret: restricted } = await insertKey({ userId: tenant.userId, libraryIds: [other] });
    await sqlAll("UPDATE users SET demo_mode_enabled = 0 WHERE id = ?", tenant.userId);
    const refused = [[foreign], [UNKNOWN_LIBRARY], [trashed], [tenant.libraryId, restricted]] as const;
    for (const [id, token] of refused) await expectError(await choose(id, token), 404);
    expect(await readMe(tenant.secret)).toMatchObject({ immich_library_id: null, demo_mode_enabled: false });
    expect((await choose(other, restricted)).status).toBe(200);
  });

  it("is a joined library of a collaborator, and none of a viewer", async () => {
    const { userId, libraryId } = await insertTenant();
    expect(userId).not.toBe(tenant.userId);
    const memberId = await insertMember(libraryId, tenant.userId);
    await expectError(await choose(libraryId), 404);
    await sqlAll("UPDATE library_members SET role = 'collaborator' WHERE id = ?", memberId);
    expect((await choose(libraryId)).status).toBe(200);
  });
});

describe("/api/users", () => {
  interface Page {
    data: User[];
    has_more: boolean;
  }
  const listPage = async (query: string) => await (await call("GET", `/api/users?${query}`)).json<Page>();
  const manage = async (id: string, json: unknown) => await call("PATCH", `/api/users/${id}`, { json });

  it("creates a user who signs in with a one-time link, whatever SIGN_UPS says", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const json = { first_name: " Ann ", email: "ann@example.org", storage_limit_bytes: 5000 };
    const post = async () => await call("POST", "/api/users", { json, headers, env: { SIGN_UPS: "nobody" } });
    const response = await post();
    expect(response.status).toBe(201);
    const user = await response.json<User>();
    const fields = { first_name: "Ann", email: "ann@example.org", storage_limit_bytes: 5000, is_verified: false };
    expect(user).toMatchObject({ ...fields, is_active: true, is_superuser: false });
    expect((await (await post()).json<User>()).id).toBe(user.id);
    const link = await call("POST", "/api/sign-in/links", { json: { user_id: user.id } });
    const secret = (await link.json<{ url: string }>()).url.split("#link=")[1];
    const outcome = await call("POST", "/api/sign-in/link", { token: null, json: { secret } });
    const { access_token: token } = await outcome.json<{ access_token: string }>();
    expect(await readMe(token)).toMatchObject({ id: user.id });
    await manage(user.id, { is_active: false });
    await expectError(await call("GET", "/api/users/me", { token }), 401);
    await expectError(await call("POST", "/api/sign-in/links", { json: { user_id: user.id } }), 409);
    await manage(user.id, { is_active: true });
    expect(await readMe(token)).toMatchObject({ id: user.id });
    await manage(user.id, { is_active: false });
    expect((await call("DELETE", `/api/users/${user.id}`)).status).toBe(200);
    await expectError(await call("GET", "/api/users/me", { token }), 401);
    expect(await sqlAll("SELECT id FROM sessions WHERE user_id = ?", user.id)).toEqual([]);
  });

  it("rejects a new user without a name, or with a malformed address or limit", async () => {
    const invalid = [{}, { first_name: " " }, { email: "nobody" }, { first_name: "a", storage_limit_bytes: -1 }];
    for (const json of invalid) expect((await call("POST", "/api/users", { json })).status).toBe(422);
  });

  it("lists every user once, newest first, in pages", async () => {
    for (let at = 0; at < 4; at += 1) await insertUser();
    const listed: string[] = [];
    for (let after = ""; ;) {
      const page = await listPage(`limit=2${after}`);
      listed.push(...page.data.map(({ id }) => id));
      if (!page.has_more) break;
      after = `&starting_after_id=${listed.at(-1)}`;
    }
    const rows = await sqlAll("SELECT id FROM users ORDER BY id DESC");
    expect(listed).toEqual(rows.map(({ id }) => id));
    expect((await call("GET", "/api/users?limit=201")).status).toBe(422);
  });

  it("returns 403 to every other user", async () => {
    const { secret: token, userId } = await insertTenant();
    for (const [method, path, json] of [
      ["GET", "/api/users", undefined],
      ["POST", "/api/users", { first_name: "Ann" }],
      ["GET", `/api/users/${userId}`, undefined],
      ["PATCH", `/api/users/${userId}`, { storage_limit_bytes: 5 }],
      ["DELETE", `/api/users/${userId}`, undefined],
    ] as const)
      await expectError(await call(method, path, { token, ...(json === undefined ? {} : { json }) }), 403);
    await expectError(await call("GET", "/api/users", { token: await createApiKey() }), 403);
  });

  it("deactivates a user with 401 from the next request on, reactivates, and never locks the owner out", async () => {
    const { userId, secret: token } = await insertTenant();
    expect((await call("GET", "/api/users/me", { token })).status).toBe(200);
    expect(await (await manage(userId, { is_active: false })).json()).toMatchObject({ is_active: false });
    for (const method of ["GET", "PATCH"]) {
      const json = method === "PATCH" ? { json: {} } : {};
      await expectError(await call(method, "/api/users/me", { token, ...json }), 401);
    }
    expect(await (await manage(userId, { is_active: true })).json()).toMatchObject({ is_active: true });
    expect((await call("GET", "/api/users/me", { token })).status).toBe(200);
    const owner = await getRootOwner();
    await expectError(await manage(owner.userId, { is_active: false }), 409);
    expect((await manage(owner.userId, { is_active: true })).status).toBe(200);
  });

  it("limits the storage of a user: uploads beyond it get 507", async () => {
    const { userId, secret: token } = await insertTenant();
    expect((await upload(uniqueBytes(), { token })).status).toBe(201);
    expect((await manage(userId, { storage_limit_bytes: 64 })).status).toBe(200);
    await expectError(await upload(uniqueBytes(), { token }), 507);
    expect((await manage(userId, { storage_limit_bytes: 1000 })).status).toBe(200);
    expect((await upload(uniqueBytes(), { token })).status).toBe(201);
  });

  it("rejects invalid limits, unknown users and malformed ids", async () => {
    const { userId } = await insertTenant();
    for (const value of [-1, 1.5, "5", null, 2 ** 53])
      expect((await manage(userId, { storage_limit_bytes: value })).status, String(value)).toBe(422);
    expect((await manage(userId, { is_active: null })).status).toBe(422);
    const unknown = "intuser_2222222222222222222222";
    await expectError(await manage(unknown, { is_active: false }), 404);
    await expectError(await manage(unknown, {}), 404);
    await expectError(await call("GET", `/api/users/${unknown}`), 404);
    await expectError(await call("DELETE", `/api/users/${unknown}`), 404);
    expect((await call("GET", "/api/users/nobody")).status).toBe(422);
  });

  it("deletes a deactivated user with credentials and memberships, and leaves the libraries to the purge", async () => {
    const { userId, secret: token, libraryId } = await insertTenant();
    const bystander = await insertTenant();
    await expectError(await call("DELETE", `/api/users/${userId}`), 409);
    await manage(userId, { is_active: false });
    const rowsOf = async (id: string) => {
      const tables = ["users WHERE id", "api_keys WHERE user_id", "library_members WHERE user_id"];
      const counts = tables.map((table) => `(SELECT count(*) FROM ${table} = ?1)`).join(" + ");
      const [row] = await sqlAll(`SELECT ${counts} AS total`, id);
      return row?.total;
    };
    const before = await rowsOf(bystander.userId);
    expect((await call("DELETE", `/api/users/${userId}`)).status).toBe(200);
    expect(await rowsOf(userId)).toBe(0);
    expect(await rowsOf(bystander.userId)).toBe(before);
    await expectError(await call("GET", "/api/users/me", { token }), 401);
    const [library] = await sqlAll(
      "SELECT trashed_at IS NOT NULL AS trashed, purge_at FROM libraries WHERE id = ?",
      libraryId,
    );
    expect(library).toMatchObject({ trashed: 1 });
    expect(Number(library?.purge_at)).toBeLessThanOrEqual(Date.now());
    const owner = await getRootOwner();
    await expectError(await call("DELETE", `/api/users/${owner.userId}`), 409);
  });
});
