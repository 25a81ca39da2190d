import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { MAX_SESSION_LABEL_BYTES, sweepSessions } from "../../../src/operations/accounts/sessions/sessions.ts";
import { ENDED_SESSION_RETENTION_MS, MAX_SESSIONS_PER_USER } from "../../../src/records/accounts/sessions.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { expectError } from "../../support/clients/responses.ts";
import { signIn } from "../../support/clients/sessions.ts";
import { insertKey, insertTenant, insertUser } from "../../support/clients/tenants.ts";
import { testContext } from "../../support/context.ts";

interface SessionBody {
  id: string;
  label: string;
  is_current: boolean;
}

async function listed(token?: string): Promise<SessionBody[]> {
  const response = await call("GET", "/api/sessions", token === undefined ? {} : { token });
  expect(response.status).toBe(200);
  return (await response.json<{ data: SessionBody[] }>()).data;
}

const statusOf = async (token: string): Promise<number> => (await call("GET", "/api/users/me", { token })).status;

let ownerId: string;
beforeAll(async () => {
  ownerId = (await getRootOwner()).userId;
});

describe("GET /api/sessions", () => {
  it("lists the caller's live sessions, newest first, and marks the current one", async () => {
    const userId = await insertUser();
    const phone = await signIn(userId, "Immich_Android_2.4.1");
    const browser = await signIn(userId, "Mozilla/5.0");
    const ended = await signIn(userId);
    await call("DELETE", `/api/sessions/${ended.sessionId}`, { token: browser.token });
    await signIn(await insertUser());
    const sessions = await listed(phone.token);
    expect(sessions.map(({ id, label, is_current }) => [id, label, is_current])).toEqual([
      [browser.sessionId, "Mozilla/5.0", false],
      [phone.sessionId, "Immich_Android_2.4.1", true],
    ]);
    expect(Object.keys(sessions[0] ?? {}).toSorted()).toEqual(
      ["id", "label", "is_current", "created_at", "last_used_at", "expires_at"].toSorted(),
    );
  });

  it("cuts a label to its limit, and keeps it well-formed", async () => {
    const userId = await insertUser();
    const { token } = await signIn(userId, `\ud800${"é".repeat(MAX_SESSION_LABEL_BYTES)}`);
    const [session] = await listed(token);
    expect(new TextEncoder().encode(session?.label).byteLength).toBeLessThanOrEqual(MAX_SESSION_LABEL_BYTES);
    expect(session?.label.isWellFormed()).toBe(true);
  });

  it("returns 403 to API keys, and the owner's sessions to the root key", async () => {
    const { sessionId } = await signIn(ownerId);
    const { secret } = await insertKey({ userId: ownerId });
    await expectError(await call("GET", "/api/sessions", { token: secret }), 403);
    await expectError(await call("DELETE", "/api/sessions", { token: secret }), 403);
    await expectError(await call("DELETE", `/api/sessions/${sessionId}`, { token: secret }), 403);
    expect(await listed()).toEqual([expect.objectContaining({ id: sessionId, is_current: false })]);
  });
});

describe("DELETE /api/sessions/{session_id}", () => {
  it("ends a session at once, and again", async () => {
    const userId = await insertUser();
    const [phone, browser] = [await signIn(userId), await signIn(userId)];
    expect(await statusOf(phone.token)).toBe(200);
    for (let i = 0; i < 2; i++) {
      const ending = await call("DELETE", `/api/sessions/${phone.sessionId}`, { token: browser.token });
      expect([ending.status, await ending.json()]).toEqual([200, {}]);
      expect(await statusOf(phone.token)).toBe(401);
    }
    expect(await statusOf(browser.token)).toBe(200);
  });

  it("signs the caller out with the caller's own session", async () => {
    const { token, sessionId } = await signIn(await insertUser());
    expect((await call("DELETE", `/api/sessions/${sessionId}`, { token })).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
  });

  it("returns 404 for another user's session and for an unknown one, 422 for a malformed id", async () => {
    const foreign = await signIn((await insertTenant()).userId);
    const { token } = await signIn(await insertUser());
    await expectError(await call("DELETE", `/api/sessions/${foreign.sessionId}`, { token }), 404);
    await expectError(await call("DELETE", `/api/sessions/${newId("session")}`, { token }), 404);
    await expectError(await call("DELETE", "/api/sessions/session_x", { token }), 422);
    expect(await statusOf(foreign.token)).toBe(200);
  });
});

describe("DELETE /api/sessions", () => {
  it("ends all other sessions of the caller", async () => {
    const userId = await insertUser();
    const [phone, tablet, browser] = [await signIn(userId), await signIn(userId), await signIn(userId)];
    const foreign = await signIn(await insertUser());
    for (const { token } of [phone, tablet, browser, foreign]) expect(await statusOf(token)).toBe(200);
    expect((await call("DELETE", "/api/sessions", { token: browser.token })).status).toBe(200);
    expect(
      await Promise.all([phone, tablet, browser, foreign].map(async ({ token }) => await statusOf(token))),
    ).toEqual([401, 401, 200, 200]);
  });

  it("ends every session of the owner with the root key", async () => {
    const { token } = await signIn(ownerId);
    expect((await call("DELETE", "/api/sessions")).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
    expect(await listed()).toEqual([]);
  });
});

describe("a deleted user", () => {
  it("leaves no session", async () => {
    const userId = await insertUser();
    const { token } = await signIn(userId);
    await call("PATCH", `/api/users/${userId}`, { json: { is_active: false } });
    expect(await statusOf(token)).toBe(401);
    expect((await call("DELETE", `/api/users/${userId}`)).status).toBe(200);
    expect(await statusOf(token)).toBe(401);
    expect(await sqlAll("SELECT id FROM sessions WHERE user_id = ?", userId)).toEqual([]);
  });
});

describe("the number of sessions", () => {
  it("is limited per user: a further one ends the least recently used", async () => {
    const userId = await insertUser();
    const first = await signIn(userId);
    const second = await signIn(userId);
    await sqlAll("UPDATE sessions SET last_used_at = last_used_at - 1000 WHERE id = ?", second.sessionId);
    for (let i = 2; i < MAX_SESSIONS_PER_USER; i++) await signIn(userId);
    expect(await listed(first.token)).toHaveLength(MAX_SESSIONS_PER_USER);
    await signIn(userId);
    expect(await listed(first.token)).toHaveLength(MAX_SESSIONS_PER_USER);
    expect([await statusOf(first.token), await statusOf(second.token)]).toEqual([200, 401]);
  });

  it("shrinks by the scheduled run, which deletes sessions that ended 30 days ago", async () => {
    const userId = await insertUser();
    const [live, ended] = [await signIn(userId), await signIn(userId)];
    await call("DELETE", `/api/sessions/${ended.sessionId}`, { token: live.token });
    const nowMs = Date.now() + ENDED_SESSION_RETENTION_MS;
    const count = async (): Promise<number> =>
      (await sqlAll("SELECT id FROM sessions WHERE user_id = ?", userId)).length;
    await sweepSessions(testContext({ nowMs: nowMs - 60_000 }));
    expect(await count()).toBe(2);
    await sweepSessions(testContext({ nowMs: nowMs + 60_000 }));
    expect(await count()).toBe(1);
    expect(await statusOf(live.token)).toBe(200);
  });
});
