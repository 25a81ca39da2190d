/** Invitations: creating, listing, disabling and joining, and the number of accounts that they admit. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { MAX_ACTIVE_INVITATIONS, MAX_LIBRARY_MEMBERS } from "../../../src/operations/libraries/invitations.ts";
import { call } from "../../support/clients/api.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { insertMember, insertTenant, insertUser, type Tenant } from "../../support/clients/tenants.ts";
import { signIn } from "../../support/clients/sessions.ts";
import {
  invite,
  join,
  parseLink,
  preview,
  requestInvitation,
  type InvitationBody,
  type Link,
} from "../../support/clients/sharing.ts";

const MINUTE_MS = 60_000;

let owner: Tenant;
let ownerToken: string;
let userId: string;
let token: string;

beforeEach(async () => {
  owner = await insertTenant();
  ownerToken = (await signIn(owner.userId)).token;
  userId = await insertUser();
  token = (await signIn(userId)).token;
});

async function errorOf(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json<{ detail: string }>()).detail];
}

async function change(id: string, assignment: string): Promise<void> {
  await env.DB.prepare(`UPDATE library_invitations SET ${assignment} WHERE id = ?`).bind(id).run();
}

async function eligibility(link: Link): Promise<string> {
  return (await (await preview(token, link)).json<{ eligibility: string }>()).eligibility;
}

async function show(id: string): Promise<InvitationBody> {
  const response = await call("GET", "/api/libraries/invitations?state=all", { token: ownerToken });
  const found = (await response.json<{ data: InvitationBody[] }>()).data.find((each) => each.id === id);
  if (found === undefined) throw new Error(`${id} is not listed`);
  return found;
}

describe("creating an invitation", () => {
  it("returns a link whose fragment has the secret, which is stored nowhere", async () => {
    await env.DB.prepare("UPDATE users SET first_name = 'Ada', last_name = 'L' WHERE id = ?").bind(owner.userId).run();
    const response = await requestInvitation(ownerToken, owner.libraryId, { role: "collaborator", max_joiners: 3 });
    expect(response.status).toBe(201);
    const { invitation, url } = await response.json<{ invitation: InvitationBody; url: string }>();
    expect(invitation).toMatchObject({
      library_id: owner.libraryId,
      role: "collaborator",
      state: "active",
      max_joiners: 3,
      joiner_count: 0,
      remaining_places: 3,
      expires_at: "2100-01-01T00:00:00.000Z",
      disabled_at: null,
      created_by: { id: owner.userId, display_name: "Ada L" },
    });
    expect(url).toMatch(/^https:\/\/tintype\.test\/join#invite_\w{22}\.[\w-]{43}$/);
    const rows = JSON.stringify(await sqlAll("SELECT * FROM library_invitations"));
    expect(rows).not.toContain(parseLink(url).secret);
  });

  it("returns the same link with 200 for the same policy, and 409 once that invitation has ended", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const repeated = await requestInvitation(ownerToken, owner.libraryId, { expires_at: "2100-01-01T01:00:00+01:00" });
    expect(repeated.status).toBe(200);
    expect(parseLink((await repeated.json<{ url: string }>()).url)).toEqual(link);
    await change(link.id, "joiner_count = max_joiners");
    expect((await requestInvitation(ownerToken, owner.libraryId)).status).toBe(409);
    await change(link.id, "joiner_count = 0, disabled_at = 1");
    const [status, detail] = await errorOf(await requestInvitation(ownerToken, owner.libraryId));
    expect([status, detail]).toEqual([409, "the invitation is disabled; create one with another expires_at"]);
    const other = await requestInvitation(ownerToken, owner.libraryId, { expires_at: "2100-01-02T00:00:00Z" });
    expect(other.status).toBe(201);
  });

  it.each([
    { expires_at: "2001-01-01T00:00:00Z" },
    { expires_at: "2100-01-01T00:00:00" },
    { max_joiners: 0 },
    { max_joiners: 1001 },
    { max_joiners: 1.5 },
    { role: "owner" as "viewer" },
  ])("returns 422 for %o", async (fields) => {
    expect((await requestInvitation(ownerToken, owner.libraryId, fields)).status).toBe(422);
  });

  it("is the owner's: 403 for members and API keys, 404 for others and for a library in the trash", async () => {
    expect((await requestInvitation(owner.secret, owner.libraryId)).status).toBe(403);
    expect((await requestInvitation(token, owner.libraryId)).status).toBe(404);
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    const [status, detail] = await errorOf(await requestInvitation(token, owner.libraryId));
    expect([status, detail]).toEqual([
      403,
      "only the owner of a library may do this; your role in this library is collaborator",
    ]);
  });

  it("ends at the limit of active invitations, not of ended ones", async () => {
    await env.DB.prepare(
      `INSERT INTO library_invitations (id, library_id, role, max_joiners, expires_at, created_by, created_at, updated_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       SELECT 'invite_' || i, ?1, 'viewer', 1, 4e12 + i, 'u', 0, 0 FROM n`,
    )
      .bind(owner.libraryId, MAX_ACTIVE_INVITATIONS)
      .run();
    expect((await requestInvitation(ownerToken, owner.libraryId)).status).toBe(409);
    await env.DB.prepare("UPDATE library_invitations SET disabled_at = 1 WHERE id = 'invite_1'").run();
    expect((await requestInvitation(ownerToken, owner.libraryId)).status).toBe(201);
  });
});

describe("the list of invitations", () => {
  it("has those of all own libraries, newest first, by state, without a secret", async () => {
    const states = ["active", "exhausted", "expired", "disabled"];
    const links: Link[] = [];
    for (const [i] of states.entries()) links.push(await invite(ownerToken, owner.libraryId, { max_joiners: i + 1 }));
    const [, exhausted, expired, disabled] = links.map(({ id }) => id);
    await change(exhausted ?? "", "joiner_count = max_joiners");
    await change(expired ?? "", "expires_at = 1, joiner_count = max_joiners");
    await change(disabled ?? "", "disabled_at = 1, expires_at = 2, joiner_count = max_joiners");
    const list = async (query: string): Promise<string[]> => {
      const response = await call("GET", `/api/libraries/invitations?${query}`, { token: ownerToken });
      const text = await response.text();
      for (const { secret } of links) expect(text).not.toContain(secret);
      return (JSON.parse(text) as { data: InvitationBody[] }).data.map(({ id, state }) => `${id} ${state}`);
    };
    const expected = links.map(({ id }, i) => `${id} ${states[i]}`);
    expect(await list("state=all")).toEqual(expected.toReversed());
    for (const [i, state] of states.entries()) expect(await list(`state=${state}`)).toEqual([expected[i]]);
    expect(await list("")).toEqual([expected[0]]);
    const page = `state=all&limit=2&library_id=${owner.libraryId}`;
    expect(await list(page)).toEqual(expected.toReversed().slice(0, 2));
    expect(await list(`${page}&starting_after_id=${links[2]?.id}`)).toEqual(expected.toReversed().slice(2));
  });

  it("has nobody else's, and no cursor of others", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const get = async (query: string, who = token): Promise<[number, number | undefined]> => {
      const response = await call("GET", `/api/libraries/invitations?${query}`, { token: who });
      return [response.status, (await response.json<{ data?: unknown[] }>()).data?.length];
    };
    expect(await get("state=all")).toEqual([200, 0]);
    expect(await get(`library_id=${owner.libraryId}`)).toEqual([404, undefined]);
    expect(await get(`starting_after_id=${link.id}`)).toEqual([400, undefined]);
    await insertMember(owner.libraryId, userId);
    expect(await get("state=all")).toEqual([200, 0]);
    expect(await get(`library_id=${owner.libraryId}`)).toEqual([403, undefined]);
    expect((await get("state=all", owner.secret))[0]).toBe(403);
  });
});

describe("the link of an invitation", () => {
  it("is shown again to the owner alone, while it is active", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const path = `/api/libraries/invitations/${link.id}/link`;
    const response = await call("GET", path, { token: ownerToken });
    expect(parseLink((await response.json<{ url: string }>()).url)).toEqual(link);
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    expect((await call("GET", path, { token })).status).toBe(404);
    await change(link.id, "expires_at = 1");
    expect((await call("GET", path, { token: ownerToken })).status).toBe(409);
  });

  it("admits with the previous signing key until that key is dropped", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const rotated = { MEDIA_SIGNING_KEY: "another signing key of 32 characters or more" };
    const request = { json: { secret: link.secret }, token };
    const path = `/api/libraries/invitations/${link.id}/preview`;
    const before = String(env.MEDIA_SIGNING_KEY);
    const previous = { ...rotated, MEDIA_SIGNING_KEY_PREVIOUS: before };
    expect((await call("POST", path, { ...request, env: previous })).status).toBe(200);
    const key = await insertRootSession();
    expect((await call("POST", path, { ...request, token: key, env: rotated })).status).toBe(404);
  });
});

/** The root key is a session that no signing key signs. */
async function insertRootSession(): Promise<string> {
  await call("GET", "/api/users/me");
  return String(env.ROOT_API_KEY);
}

describe("joining", () => {
  it("admits the caller with the offered role, and shows the library", async () => {
    const link = await invite(ownerToken, owner.libraryId, { role: "collaborator" });
    const shown = await (await preview(token, link)).json();
    expect(shown).toEqual({
      invitation_id: link.id,
      library: { id: owner.libraryId, name: "library", owner: { id: owner.userId, display_name: null } },
      offered_role: "collaborator",
      expires_at: "2100-01-01T00:00:00.000Z",
      current_role: null,
      eligibility: "joinable",
    });
    const response = await join(token, link);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      outcome: "joined",
      library: { id: owner.libraryId, role: "collaborator", owner: { id: owner.userId } },
      membership: { user: { id: userId }, role: "collaborator", state: "active", ended_at: null },
    });
    expect((await call("GET", `/api/assets/${owner.assetId}`, { token })).status).toBe(200);
    expect(await eligibility(link)).toBe("already_member");
  });

  it("again costs no place and changes no role", async () => {
    const link = await invite(ownerToken, owner.libraryId, { max_joiners: 1 });
    await join(token, link);
    const better = await invite(ownerToken, owner.libraryId, { role: "collaborator" });
    for (const each of [link, better, link]) {
      const response = await join(token, each);
      expect(await response.json()).toMatchObject({ outcome: "already_member", membership: { role: "viewer" } });
    }
    expect(await show(link.id)).toMatchObject({ joiner_count: 1, remaining_places: 0, state: "exhausted" });
    expect(await show(better.id)).toMatchObject({ joiner_count: 0 });
  });

  it("of the owner changes nothing, and has no membership", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const response = await join(ownerToken, link);
    expect(await response.json()).toMatchObject({
      outcome: "already_member",
      library: { role: "owner" },
      membership: null,
    });
    expect((await show(link.id)).joiner_count).toBe(0);
  });

  it("by twenty at once admits exactly as many as there are places", async () => {
    const link = await invite(ownerToken, owner.libraryId, { max_joiners: 7 });
    const tokens = await Promise.all(Array.from({ length: 20 }, async () => (await signIn(await insertUser())).token));
    const statuses = await Promise.all(tokens.map(async (each) => (await join(each, link)).status));
    expect(statuses.toSorted((one, other) => one - other)).toEqual([
      ...Array.from({ length: 7 }, () => 200),
      ...Array.from({ length: 13 }, () => 409),
    ]);
    const members = await sqlAll(
      `SELECT count(*) AS n FROM library_members WHERE library_id = '${owner.libraryId}' AND role = 'viewer' AND state = 'active'`,
    );
    expect(members).toEqual([{ n: 7 }]);
    expect(await show(link.id)).toMatchObject({ joiner_count: 7, remaining_places: 0, state: "exhausted" });
  });

  it("many times at once by one account costs one place", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const responses = await Promise.all(Array.from({ length: 5 }, async () => await join(token, link)));
    const outcomes = await Promise.all(responses.map(async (each) => (await each.json<{ outcome: string }>()).outcome));
    expect(outcomes.filter((outcome) => outcome === "joined")).toHaveLength(1);
    expect((await show(link.id)).joiner_count).toBe(1);
  });

  it("is refused by an invitation that is disabled, expired or exhausted, in this order", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const steps = [
      ["exhausted", "joiner_count = max_joiners", "all places of the invitation are taken; ask for a new one"],
      ["expired", "expires_at = 1", "the invitation has expired; ask for a new one"],
      ["disabled", "disabled_at = 1", "the invitation was disabled; ask for a new one"],
    ] as const;
    for (const [state, assignment, text] of steps) {
      await change(link.id, assignment);
      expect(await eligibility(link)).toBe(state);
      expect(await errorOf(await join(token, link))).toEqual([409, text]);
    }
    expect((await sqlAll(`SELECT 1 FROM library_members WHERE user_id = '${userId}'`)).length).toBe(0);
  });

  it("ends at the exact instant of the expiry", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    await change(link.id, `expires_at = ${Date.now() + MINUTE_MS}`);
    expect(await eligibility(link)).toBe("joinable");
    await change(link.id, `expires_at = ${Date.now()}`);
    expect(await eligibility(link)).toBe("expired");
  });

  it("gives the same 404 for a wrong secret, an unknown invitation, and a library that is gone", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const other = await invite(ownerToken, owner.libraryId, { max_joiners: 1 });
    const wrong = [
      { ...link, secret: other.secret },
      { ...link, secret: link.secret.slice(1) },
      { ...link, secret: `${link.secret}x` },
      { id: "invite_2222222222222222222222", secret: link.secret },
    ];
    for (const each of wrong) {
      expect(await errorOf(await preview(token, each))).toEqual([404, "invitation not found"]);
      expect(await errorOf(await join(token, each))).toEqual([404, "invitation not found"]);
    }
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(owner.libraryId).run();
    expect(await errorOf(await preview(token, link))).toEqual([404, "invitation not found"]);
    expect(await errorOf(await join(token, link))).toEqual([404, "invitation not found"]);
  });

  it("is refused to API keys, before the secret is looked at", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const stranger = await insertTenant();
    expect((await preview(stranger.secret, link)).status).toBe(403);
    expect((await join(stranger.secret, link)).status).toBe(403);
  });

  it("after leaving costs no second place; after a removal it needs a newer invitation", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    const joined = await (await join(token, link)).json<{ membership: { id: string } }>();
    await call("POST", `/api/libraries/${owner.libraryId}/leave`, { token });
    const again = await (await join(token, link)).json<{ outcome: string; membership: { id: string } }>();
    expect([again.outcome, again.membership.id]).toEqual(["joined", joined.membership.id]);
    expect((await show(link.id)).joiner_count).toBe(1);
    await call("DELETE", `/api/libraries/${owner.libraryId}/members/${userId}`, { token: ownerToken });
    expect(await eligibility(link)).toBe("new_invitation_required");
    expect((await join(token, link)).status).toBe(409);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const newer = await invite(ownerToken, owner.libraryId, { max_joiners: 2 });
    const response = await join(token, newer);
    expect(await response.json()).toMatchObject({ outcome: "joined", membership: { state: "active", ended_at: null } });
  });
});

it("admits nobody to a library that has as many members as allowed", async () => {
  const link = await invite(ownerToken, owner.libraryId);
  const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)";
  await env.DB.prepare(
    `INSERT INTO library_members (id, library_id, user_id, role, state, joined_at, created_at, updated_at)
     ${numbers} SELECT 'member_' || ?1 || i, ?1, 'intuser_' || i, 'viewer', 'active', 0, 0, 0 FROM n`,
  )
    .bind(owner.libraryId, MAX_LIBRARY_MEMBERS)
    .run();
  expect(await errorOf(await join(token, link))).toEqual([
    409,
    `the library has as many members as allowed: ${MAX_LIBRARY_MEMBERS}`,
  ]);
  await env.DB.prepare("UPDATE library_members SET state = 'left', ended_at = 1 WHERE user_id = 'intuser_1'").run();
  expect((await join(token, link)).status).toBe(200);
});

it("counts an account once, whatever it joined by in between", async () => {
  const [first, second] = [
    await invite(ownerToken, owner.libraryId),
    await invite(ownerToken, owner.libraryId, { max_joiners: 9 }),
  ];
  for (const link of [first, second, first, second]) {
    expect(await (await join(token, link)).json()).toMatchObject({ outcome: "joined" });
    await call("POST", `/api/libraries/${owner.libraryId}/leave`, { token });
  }
  expect([(await show(first.id)).joiner_count, (await show(second.id)).joiner_count]).toEqual([1, 1]);
});

describe("disabling an invitation", () => {
  it("keeps its members, is repeatable, and is the owner's", async () => {
    const link = await invite(ownerToken, owner.libraryId);
    await join(token, link);
    const path = `/api/libraries/invitations/${link.id}/disable`;
    expect((await call("POST", path, { token })).status).toBe(404);
    expect((await call("POST", path, { token: owner.secret })).status).toBe(403);
    const first = await (await call("POST", path, { token: ownerToken })).json<InvitationBody>();
    expect(first).toMatchObject({ state: "disabled", joiner_count: 1 });
    expect(await (await call("POST", path, { token: ownerToken })).json()).toEqual(first);
    expect((await call("GET", `/api/assets/${owner.assetId}`, { token })).status).toBe(200);
  });
});

describe("the path of the invitations", () => {
  it("wins over that of a library", async () => {
    const response = await call("GET", "/api/libraries/invitations", { token: ownerToken });
    expect(Object.keys(await response.json<object>())).toEqual(["data", "has_more"]);
  });
});
