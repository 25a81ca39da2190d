/** Libraries that a user joined: what each role may do, and that a membership ends at the next request. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { call, uniqueBytes, upload, type CallOptions } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertMember,
  insertStack,
  insertTenant,
  type MemberFields,
  type Tenant,
} from "../../support/clients/tenants.ts";
import { storedState } from "../../support/clients/uploads.ts";
import { appendVersion, editedJpeg } from "../../support/clients/versions.ts";

const GONE = "asset_2222222222222222222222";

let owner: Tenant;
let member: Tenant;
let stackId: string;

beforeEach(async () => {
  owner = await insertTenant();
  member = await insertTenant();
  stackId = await insertStack(owner);
});

async function join(fields: MemberFields = {}): Promise<void> {
  await insertMember(owner.libraryId, member.userId, fields);
}

async function end(state: "left" | "removed"): Promise<void> {
  await env.DB.prepare("UPDATE library_members SET state = ?, ended_at = 1 WHERE library_id = ? AND user_id = ?")
    .bind(state, owner.libraryId, member.userId)
    .run();
}

async function status(method: string, path: string, options: CallOptions = {}): Promise<number> {
  const response = await call(method, path, { token: member.secret, ...options });
  await response.arrayBuffer();
  return response.status;
}

type Request = [method: string, path: string, json?: unknown];

const reads = (): Request[] => [
  ["GET", `/api/libraries/${owner.libraryId}`],
  ["GET", `/api/assets?library_id=${owner.libraryId}`],
  ["GET", `/api/assets/${owner.assetId}`],
  ["GET", `/api/assets/${owner.assetId}/versions`],
  ["GET", `/api/assets/counts?library_id=${owner.libraryId}`],
  ["GET", `/api/assets/geo-clusters?library_id=${owner.libraryId}&bbox=-180,-90,180,90&cell_size=10`],
  ["GET", `/api/albums?library_id=${owner.libraryId}`],
  ["GET", `/api/albums/${owner.albumId}`],
  ["GET", `/api/albums/${owner.albumId}/assets`],
  ["GET", `/api/album-assets?library_id=${owner.libraryId}`],
  ["GET", `/api/stacks?library_id=${owner.libraryId}`],
  ["GET", `/api/stacks/${stackId}`],
  ["GET", `/api/events?library_id=${owner.libraryId}`],
  ["GET", `/api/tasks?library_id=${owner.libraryId}`],
  ["GET", `/api/tasks/asset/${owner.assetId}`],
];

const writes = (): Request[] => [
  ["PATCH", `/api/assets/${owner.assetId}`, { description: "text" }],
  ["POST", "/api/assets/bulk-update", { updates: [{ id: owner.assetId, change: { description: "text" } }] }],
  ["PATCH", `/api/albums/${owner.albumId}`, { description: "text" }],
  ["POST", `/api/albums/${owner.albumId}/assets`, { asset_ids: [owner.assetId] }],
  ["DELETE", `/api/albums/${owner.albumId}/assets`, { asset_ids: [owner.assetId] }],
  ["POST", "/api/albums", { name: "made by a member", library_id: owner.libraryId }],
  ["POST", `/api/assets/trash?library_id=${owner.libraryId}`, { ids: [GONE] }],
  ["POST", `/api/assets/restore?library_id=${owner.libraryId}`, { ids: [GONE] }],
  ["DELETE", `/api/stacks/${stackId}`],
  ["DELETE", `/api/albums/${owner.albumId}`],
];

/** Permanent deletion, and the library's own fields. */
const ownerOnly = (): Request[] => [
  ["DELETE", `/api/assets/${owner.assetId}`],
  ["DELETE", `/api/assets?library_id=${owner.libraryId}`, { ids: [owner.assetId] }],
  ["POST", `/api/assets/empty-trash?library_id=${owner.libraryId}`],
  ["PATCH", `/api/libraries/${owner.libraryId}`, { name: "renamed" }],
  ["POST", `/api/libraries/${owner.libraryId}/trash`],
  ["POST", `/api/libraries/${owner.libraryId}/restore`],
  ["DELETE", `/api/libraries/${owner.libraryId}`],
];

async function statuses(requests: Request[]): Promise<Record<string, number>> {
  const entries: [string, number][] = [];
  for (const [method, path, json] of requests) {
    entries.push([`${method} ${path}`, await status(method, path, json === undefined ? {} : { json })]);
  }
  return Object.fromEntries(entries);
}

function all(requests: Request[], expected: number): Record<string, number> {
  return Object.fromEntries(requests.map(([method, path]) => [`${method} ${path}`, expected]));
}

describe("a viewer", () => {
  it("reads everything and gets 403 for every change", async () => {
    await join();
    expect(await statuses(reads())).toEqual(all(reads(), 200));
    const changes = [...writes(), ...ownerOnly()];
    expect(await statuses(changes)).toEqual(all(changes, 403));
  });

  it("is told the reason", async () => {
    await join();
    const response = await call("PATCH", `/api/albums/${owner.albumId}`, {
      token: member.secret,
      json: { description: "text" },
    });
    expect(await response.json()).toMatchObject({
      error: "forbidden",
      detail: 'a viewer of a library may not "write"; your role in this library is viewer',
    });
  });

  it("may not upload", async () => {
    await join();
    expect((await upload(uniqueBytes(), { token: member.secret, libraryId: owner.libraryId })).status).toBe(403);
  });
});

describe("a collaborator", () => {
  it("reads, writes and trashes; permanent deletion and the library itself are the owner's", async () => {
    await join({ role: "collaborator" });
    expect(await statuses(ownerOnly())).toEqual(all(ownerOnly(), 403));
    expect(await statuses(reads())).toEqual(all(reads(), 200));
    const made = await statuses(writes());
    expect(made).toEqual({ ...all(writes(), 200), "POST /api/albums": 201 });
  });

  it("is bounded by the actions of the key", async () => {
    await join({ role: "collaborator" });
    const { secret } = await insertKey({ userId: member.userId, actions: ["read"] });
    expect(await status("PATCH", `/api/assets/${owner.assetId}`, { token: secret, json: { description: "x" } })).toBe(
      403,
    );
  });

  it("makes albums, stacks and assets that belong to the owner of the library, with events that name the caller", async () => {
    await join({ role: "collaborator" });
    const token = member.secret;
    const album = await call("POST", "/api/albums", { token, json: { name: "joint", library_id: owner.libraryId } });
    const { id: albumId } = await album.json<{ id: string }>();
    const uploaded = await upload(uniqueBytes(), { token, libraryId: owner.libraryId });
    const { id: assetId } = await uploaded.json<{ id: string }>();
    const stack = await call("POST", "/api/stacks", {
      token,
      json: { asset_ids: [assetId, owner.assetId], library_id: owner.libraryId },
    });
    const { id } = await stack.json<{ id: string }>();
    const rows = await sqlAll(
      `SELECT user_id FROM albums WHERE id = '${albumId}' UNION ALL SELECT user_id FROM stacks WHERE id = '${id}'
       UNION ALL SELECT user_id FROM assets WHERE id = '${assetId}'
       UNION ALL SELECT user_id FROM asset_tasks WHERE asset_id = '${assetId}'`,
    );
    expect(rows).toEqual(Array.from({ length: 4 }, () => ({ user_id: owner.userId })));
    const actors = await sqlAll(
      `SELECT DISTINCT actor FROM events WHERE entity_id IN ('${albumId}', '${id}', '${assetId}')`,
    );
    expect(actors).toEqual([{ actor: member.keyId }]);
  });

  it("fills the storage of the owner, not the own one", async () => {
    await join({ role: "collaborator" });
    await env.DB.prepare("UPDATE users SET storage_limit_bytes = 0 WHERE id = ?").bind(member.userId).run();
    const token = member.secret;
    const send = async (): Promise<number> =>
      (await upload(uniqueBytes(), { token, libraryId: owner.libraryId })).status;
    expect(await send()).toBe(201);
    await env.DB.prepare("UPDATE users SET storage_limit_bytes = 1 WHERE id = ?").bind(owner.userId).run();
    expect(await send()).toBe(507);
  });
});

describe("a request without a library id", () => {
  it("uses the only library that the caller owns, whatever was joined", async () => {
    await join();
    const [ownId = ""] = await insertAssets(member, [{ capturedAt: "2031-01-01T00:00:00" }]);
    const response = await call("GET", "/api/assets?limit=1", { token: member.secret });
    expect((await response.json<{ data: { id: string }[] }>()).data.map(({ id }) => id)).toEqual([ownId]);
  });

  it("uses the only library that the key lists, which may be a joined one", async () => {
    await join();
    const { secret: token } = await insertKey({ userId: member.userId, libraryIds: [owner.libraryId] });
    const response = await call("GET", "/api/assets", { token });
    expect((await response.json<{ data: { id: string }[] }>()).data.map(({ id }) => id)).toEqual([owner.assetId]);
    const ids = [owner.libraryId, member.libraryId];
    const both = await insertKey({ userId: member.userId, libraryIds: ids });
    expect(await status("GET", "/api/assets", { token: both.secret })).toBe(400);
  });
});

describe("a membership that ended", () => {
  it.each(["left", "removed"] as const)("gives no access at the next request: %s", async (state) => {
    await join({ role: "collaborator" });
    const { secret: token } = await insertKey({ userId: member.userId, libraryIds: [owner.libraryId] });
    expect(await statuses(reads())).toEqual(all(reads(), 200));
    expect(await status("GET", "/api/assets", { token })).toBe(200);
    await end(state);
    const requests = [...reads(), ...writes(), ...ownerOnly()];
    expect(await statuses(requests)).toEqual(all(requests, 404));
    expect(await status("GET", "/api/assets", { token })).toBe(400);
    expect((await upload(uniqueBytes(), { token, libraryId: owner.libraryId })).status).toBe(404);
    const response = await call("GET", "/api/libraries", { token: member.secret });
    expect((await response.json<{ id: string }[]>()).map(({ id }) => id)).toEqual([member.libraryId]);
  });

  it.each(["left", "removed"] as const)("refuses a file that was still arriving: %s", async (state) => {
    await join({ role: "collaborator" });
    const bucket = new Proxy(env.BUCKET, {
      get(target, name) {
        if (name === "head" || name === "get") return target[name].bind(target);
        if (name === "delete") return target.delete.bind(target);
        if (name !== "put") return Reflect.get(target, name);
        return async (...args: Parameters<R2Bucket["put"]>) => {
          await end(state);
          return await target.put(...args);
        };
      },
    });
    const photo = await upload(await editedJpeg(), { token: owner.secret, libraryId: owner.libraryId });
    const { id } = await photo.json<{ id: string }>();
    const options = { token: member.secret, env: { BUCKET: bucket } };
    // Tasks of earlier uploads may store renditions meanwhile.
    const originals = async () => {
      const { keys, rows } = await storedState();
      return { keys: keys.filter((key) => key.startsWith("originals/")), rows };
    };
    const before = await originals();
    expect((await upload(uniqueBytes(), { ...options, libraryId: owner.libraryId })).status).toBe(404);
    const rejoin = env.DB.prepare("UPDATE library_members SET state = 'active' WHERE user_id = ?").bind(member.userId);
    await rejoin.run();
    const edited = await editedJpeg(20, 10);
    expect((await appendVersion(id, edited, options)).status).toBe(404);
    expect(await originals()).toEqual(before);
    await rejoin.run();
    expect((await appendVersion(id, edited, { token: member.secret })).status).toBe(201);
  });

  it("gives no stored answer of an Idempotency-Key", async () => {
    await join({ role: "collaborator" });
    const headers = { "idempotency-key": crypto.randomUUID() };
    const album = { headers, json: { name: "once", library_id: owner.libraryId } };
    expect(await status("POST", "/api/albums", album)).toBe(201);
    expect(await status("POST", "/api/albums", album)).toBe(201);
    const [first = "", second = ""] = await insertAssets(owner, [{}, {}]);
    const stackHeaders = { "idempotency-key": crypto.randomUUID() };
    const stack = { headers: stackHeaders, json: { asset_ids: [first, second], library_id: owner.libraryId } };
    expect(await status("POST", "/api/stacks", stack)).toBe(201);
    await end("removed");
    expect(await status("POST", "/api/albums", album)).toBe(404);
    expect(await status("POST", "/api/stacks", stack)).toBe(404);
  });

  it("ends no membership of others", async () => {
    await join();
    const other = await insertTenant();
    await insertMember(owner.libraryId, other.userId);
    await end("removed");
    expect(await status("GET", `/api/assets/${owner.assetId}`, { token: other.secret })).toBe(200);
  });
});

describe("a joined library in the trash", () => {
  it("is hidden from members, and from their list of the trash", async () => {
    await join({ role: "collaborator" });
    await insertLibrary(owner.userId, "another");
    await call("POST", `/api/libraries/${owner.libraryId}/trash`, { token: owner.secret });
    expect(await statuses(reads())).toEqual(all(reads(), 404));
    const response = await call("GET", "/api/libraries?state=all", { token: member.secret });
    expect((await response.json<{ id: string }[]>()).map(({ id }) => id)).toEqual([member.libraryId]);
  });
});

describe("the cost of a joined library", () => {
  it("is one round trip for a warm read, and no more rows than for the owner", async () => {
    await join();
    const paths = [
      `/api/assets?library_id=${owner.libraryId}`,
      `/api/albums?library_id=${owner.libraryId}`,
      `/api/assets/${owner.assetId}`,
      `/api/albums/${owner.albumId}`,
      `/api/assets/counts?library_id=${owner.libraryId}`,
      `/api/events?library_id=${owner.libraryId}`,
    ];
    const measure = async (token: string): Promise<[number, number][]> => {
      await call("GET", "/api/users/me", { token });
      const measured: [number, number][] = [];
      for (const path of paths) {
        const { binding, counts } = countingD1(env.DB);
        await (await call("GET", path, { token, env: { DB: binding } })).arrayBuffer();
        measured.push([counts.roundTrips, counts.rowsRead]);
      }
      return measured;
    };
    const [own, joined] = [await measure(owner.secret), await measure(member.secret)];
    expect(joined).toEqual(own);
    expect(joined.map(([trips]) => trips)).toEqual(paths.map(() => 1));
  });
});

describe("a request without library_id by somebody who owns no live library", () => {
  const message = async (): Promise<string> =>
    await (await call("GET", "/api/assets", { token: member.secret })).text();

  it("is told whether there is a library to name", async () => {
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(member.libraryId).run();
    expect(await message()).toContain("no library exists yet");
    await join();
    expect(await message()).toContain("library_id is required: you own no library");
  });
});
