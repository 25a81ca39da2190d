/** Members of a library: the owner's list, role changes, removal and leaving. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { call, ROOT_API_KEY } from "../../support/clients/api.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { insertKey, insertMember, insertTenant, insertUser, type Tenant } from "../../support/clients/tenants.ts";
import { signIn } from "../../support/clients/sessions.ts";
import { invite, join } from "../../support/clients/sharing.ts";

interface Membership {
  id: string;
  library_id: string;
  user: { id: string; display_name: string | null };
  role: string;
  state: string;
  ended_at: string | null;
  last_removed_at: string | null;
  updated_at: string;
}

let owner: Tenant;
let ownerToken: string;
let userId: string;
let token: string;
let path: string;

beforeEach(async () => {
  owner = await insertTenant();
  ownerToken = (await signIn(owner.userId)).token;
  userId = await insertUser();
  token = (await signIn(userId)).token;
  path = `/api/libraries/${owner.libraryId}`;
});

async function send(method: string, suffix: string, who = ownerToken, json?: unknown): Promise<[number, Membership]> {
  const options = json === undefined ? { token: who } : { token: who, json };
  const response = await call(method, `${path}${suffix}`, options);
  return [response.status, await response.json<Membership>()];
}

const setRole = async (role: string, who = ownerToken, id = userId): Promise<[number, Membership]> =>
  await send("PATCH", `/members/${id}`, who, { role });
const remove = async (who = ownerToken, id = userId): Promise<[number, Membership]> =>
  await send("DELETE", `/members/${id}`, who);
const leave = async (who = token): Promise<[number, Membership]> => await send("POST", "/leave", who);

async function list(query = ""): Promise<{ data: Membership[]; has_more: boolean }> {
  const response = await call("GET", `${path}/members${query}`, { token: ownerToken });
  expect(response.status).toBe(200);
  return await response.json();
}

describe("the list of members", () => {
  it("has everyone but the owner, newest first, by state and page", async () => {
    await env.DB.prepare("UPDATE users SET first_name = 'Bo' WHERE id = ?").bind(userId).run();
    const left = await insertMember(owner.libraryId, await insertUser(), { state: "left" });
    await scheduler.wait(2);
    const removed = await insertMember(owner.libraryId, await insertUser(), { state: "removed" });
    await scheduler.wait(2);
    const first = await insertMember(owner.libraryId, userId, { role: "collaborator" });
    await scheduler.wait(2);
    const second = await insertMember(owner.libraryId, await insertUser());
    const ids = async (query: string): Promise<string[]> => (await list(query)).data.map(({ id }) => id);
    expect(await ids("")).toEqual([second, first]);
    expect(await ids("?state=left")).toEqual([left]);
    expect(await ids("?state=removed")).toEqual([removed]);
    expect(await ids("?state=all")).toEqual([second, first, removed, left]);
    const page = await list("?state=all&limit=2");
    expect([page.data.map(({ id }) => id), page.has_more]).toEqual([[second, first], true]);
    const rest = await list(`?state=all&limit=2&starting_after_id=${first}`);
    expect([rest.data.map(({ id }) => id), rest.has_more]).toEqual([[removed, left], false]);
    expect(page.data[1]).toMatchObject({
      library_id: owner.libraryId,
      user: { id: userId, display_name: "Bo" },
      role: "collaborator",
      state: "active",
      ended_at: null,
      last_removed_at: null,
    });
  });

  it("is the owner's: 403 for members and API keys, 404 for others; no cursor of another library", async () => {
    expect((await send("GET", "/members", token))[0]).toBe(404);
    expect((await send("GET", "/members", owner.secret))[0]).toBe(403);
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    expect((await send("GET", "/members", token))[0]).toBe(403);
    const other = await insertTenant();
    const foreign = await insertMember(other.libraryId, userId);
    expect((await send("GET", `/members?starting_after_id=${foreign}`))[0]).toBe(400);
    const own = `member_${owner.libraryId.slice("lib_".length)}`;
    expect((await send("GET", `/members?starting_after_id=${own}`))[0]).toBe(400);
  });

  it("names the owner of the deployment by OWNER_NAME", async () => {
    const { userId: rootId } = await getRootOwner();
    await insertMember(owner.libraryId, rootId);
    const response = await call("GET", `${path}/members`, { token: ownerToken, env: { OWNER_NAME: "Grandma" } });
    expect((await response.json<{ data: Membership[] }>()).data[0]?.user.display_name).toBe("Grandma");
  });
});

describe("the role of a member", () => {
  it("bounds the member's next request", async () => {
    await insertMember(owner.libraryId, userId);
    const write = async (): Promise<number> =>
      (await call("PATCH", `/api/assets/${owner.assetId}`, { token, json: { description: "x" } })).status;
    expect(await write()).toBe(403);
    expect(await setRole("collaborator")).toMatchObject([200, { role: "collaborator", state: "active" }]);
    expect(await write()).toBe(200);
    expect(await setRole("viewer")).toMatchObject([200, { role: "viewer" }]);
    expect(await write()).toBe(403);
  });

  it("set again changes nothing", async () => {
    await insertMember(owner.libraryId, userId);
    const [, first] = await setRole("collaborator");
    expect(await setRole("collaborator")).toEqual([200, first]);
  });

  it("can't change for the owner, or after the membership has ended", async () => {
    expect((await setRole("viewer", ownerToken, owner.userId))[0]).toBe(409);
    expect((await setRole("viewer"))[0]).toBe(404);
    await insertMember(owner.libraryId, userId, { state: "left" });
    expect((await setRole("collaborator"))[0]).toBe(409);
    expect((await setRole("owner"))[0]).toBe(422);
  });

  it("is set by the owner alone", async () => {
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    expect((await setRole("viewer", token))[0]).toBe(403);
    expect((await setRole("viewer", owner.secret))[0]).toBe(403);
    expect((await setRole("viewer", (await signIn(await insertUser())).token))[0]).toBe(404);
  });
});

describe("removing a member", () => {
  it("ends the access at the next request, and is repeatable without moving the cutoff", async () => {
    await insertMember(owner.libraryId, userId);
    const read = async (): Promise<number> => (await call("GET", `/api/assets/${owner.assetId}`, { token })).status;
    expect(await read()).toBe(200);
    const [status, removed] = await remove();
    expect([status, removed.state]).toEqual([200, "removed"]);
    expect(removed.last_removed_at).toBe(removed.ended_at);
    expect(await read()).toBe(404);
    expect(await remove()).toEqual([200, removed]);
  });

  it("bars someone who left before, whose membership ended then", async () => {
    await insertMember(owner.libraryId, userId, { state: "left" });
    const [status, removed] = await remove();
    expect([status, removed.state, removed.ended_at]).toEqual([200, "removed", "1970-01-01T00:00:00.001Z"]);
    expect(removed.last_removed_at).not.toBeNull();
  });

  it("is the owner's, and never of the owner", async () => {
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    expect((await remove(token))[0]).toBe(403);
    expect((await remove(owner.secret))[0]).toBe(403);
    expect((await remove(ownerToken, owner.userId))[0]).toBe(409);
    expect((await remove(ownerToken, await insertUser()))[0]).toBe(404);
  });
});

describe("leaving a library", () => {
  it("ends the own membership, and is repeatable", async () => {
    await insertMember(owner.libraryId, userId);
    const [status, left] = await leave();
    expect([status, left.state]).toEqual([200, "left"]);
    expect(await leave()).toEqual([200, left]);
    expect((await call("GET", `/api/assets/${owner.assetId}`, { token })).status).toBe(404);
  });

  it("keeps the cutoff of a removal", async () => {
    await insertMember(owner.libraryId, userId, { state: "removed" });
    expect(await leave()).toMatchObject([200, { state: "removed", last_removed_at: "1970-01-01T00:00:00.001Z" }]);
  });

  it("works while the library is in the trash", async () => {
    await insertMember(owner.libraryId, userId);
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(owner.libraryId).run();
    expect((await leave())[0]).toBe(200);
  });

  it("gives 409 to the owner, 404 without a membership, and 403 to an API key", async () => {
    expect((await leave(ownerToken))[0]).toBe(409);
    expect((await leave(token))[0]).toBe(404);
    await insertMember(owner.libraryId, userId);
    expect((await leave((await insertKey({ userId })).secret))[0]).toBe(403);
  });
});

describe("an API key for a joined library", () => {
  it("can be made by a member, and ends with the membership", async () => {
    await insertMember(owner.libraryId, userId);
    const json = {
      name: "frame",
      actions: ["read"],
      library_scope_mode: "selected_libraries",
      library_ids: [owner.libraryId],
    };
    const response = await call("POST", "/api/api-keys", { token, json });
    expect(response.status).toBe(201);
    const { api_key: key } = await response.json<{ api_key: string }>();
    const read = async (): Promise<number> => (await call("GET", "/api/assets", { token: key })).status;
    expect(await read()).toBe(200);
    await remove();
    expect(await read()).toBe(400);
    expect((await call("POST", "/api/api-keys", { token, json })).status).toBe(404);
  });
});

describe("a deleted library", () => {
  it("takes its members and invitations with it", async () => {
    expect((await join(token, await invite(ownerToken, owner.libraryId))).status).toBe(200);
    await env.DB.prepare("DELETE FROM libraries WHERE id = ?").bind(owner.libraryId).run();
    const rows = await sqlAll(
      `SELECT id FROM library_members WHERE library_id = '${owner.libraryId}'
       UNION ALL SELECT id FROM library_invitations WHERE library_id = '${owner.libraryId}'
       UNION ALL SELECT user_id FROM invitation_redemptions WHERE user_id = '${userId}'`,
    );
    expect(rows).toEqual([]);
  });
});

describe("libraries in answers", () => {
  it("have their owner and the role of the caller, joined ones too", async () => {
    await insertMember(owner.libraryId, userId, { role: "collaborator" });
    const response = await call("GET", "/api/libraries", { token });
    expect(await response.json()).toMatchObject([
      { id: owner.libraryId, role: "collaborator", owner: { id: owner.userId, display_name: null } },
    ]);
    const own = await call("GET", path, { token: ownerToken });
    expect(await own.json()).toMatchObject({ role: "owner", owner: { id: owner.userId } });
    const created = await call("POST", "/api/libraries", { token: ROOT_API_KEY, json: { name: "with an owner" } });
    expect(await created.json()).toMatchObject({ role: "owner", owner: { id: (await getRootOwner()).userId } });
  });
});
