import { describe, expect, it } from "vitest";
import { call } from "../../support/clients/api.ts";
import { insertTenant } from "../../support/clients/tenants.ts";

describe("GET /api/users/me", () => {
  it("creates the owner on the root key's first use, with the configured storage limit", async () => {
    const response = await call("GET", "/api/users/me", { env: { DEFAULT_USER_STORAGE_LIMIT_BYTES: "123456" } });
    expect(response.status).toBe(200);
    const user = await response.json<{ created_at: string }>();
    expect(user).toEqual({
      id: expect.stringMatching(/^intuser_[2-9A-Za-z]{22}$/),
      email: null,
      first_name: null,
      last_name: null,
      timezone: null,
      is_active: true,
      is_verified: true,
      is_superuser: true,
      storage_used_bytes: 0,
      storage_limit_bytes: 123_456,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: user.created_at,
    });
  });

  it("returns the API key's owner, not the owner of the deployment", async () => {
    const tenant = await insertTenant();
    const user = await (await call("GET", "/api/users/me", { token: tenant.secret })).json();
    expect(user).toMatchObject({ id: tenant.userId, is_superuser: false });
  });
});
