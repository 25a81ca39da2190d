import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { expectError } from "../../support/clients/responses.ts";
import { call, type CallOptions } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import {
  insertAssets,
  insertKey,
  insertLibrary,
  insertTenant,
  insertUser,
  readEvents,
  type Tenant,
} from "../../support/clients/tenants.ts";

interface Stack {
  id: string;
  asset_count: number;
  origin: string;
  primary_asset_id: string | null;
  asset_ids: null;
  created_at: string;
  updated_at: string;
}

let me: { userId: string; libraryId: string; token: string };
let otherTenant: Tenant;

beforeAll(async () => {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  me = { userId, libraryId, token: (await insertKey({ userId })).secret };
  otherTenant = await insertTenant();
});

/** Verifies counts, covers and memberships after every test, and that no stack remains claimed. */
afterEach(async () => {
  vi.restoreAllMocks();
  const wrong = Object.entries(await findInconsistencies()).filter(([what]) => what.includes("stack"));
  expect(wrong).toEqual([]);
  expect(await sqlAll("SELECT * FROM stacks WHERE origin NOT IN ('auto_burst', 'user')")).toEqual([]);
});

async function send(method: string, path: string, json?: unknown, options: CallOptions = {}): Promise<Response> {
  return await call(method, `/api/stacks${path}`, { token: me.token, ...(json !== undefined && { json }), ...options });
}

/** Creates assets, sorted by id. */
async function newAssets(count: number): Promise<string[]> {
  const ids = await insertAssets(
    me,
    Array.from({ length: count }, () => ({})),
  );
  return ids.toSorted();
}

async function bodyOf(response: Response, status: number): Promise<Stack> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  return JSON.parse(text) as Stack;
}

async function create(assetIds: string[], more: object = {}): Promise<Stack> {
  return await bodyOf(await send("POST", "", { asset_ids: assetIds, ...more }), 201);
}

async function add(id: string, assetIds: string[]): Promise<Stack> {
  return await bodyOf(await send("POST", `/${id}/assets`, { asset_ids: assetIds }), 200);
}

async function remove(id: string, assetIds: string[]): Promise<void> {
  expect(await bodyOf(await send("DELETE", `/${id}/assets`, { asset_ids: assetIds }), 200)).toEqual({});
}

async function get(id: string): Promise<Stack | null> {
  const response = await send("GET", `/${id}`);
  return response.status === 404 ? null : await bodyOf(response, 200);
}

async function membersOf(id: string, state = "all"): Promise<string[]> {
  const page = await call("GET", `/api/assets?include=&state=${state}&limit=200&stack_id=${id}`, { token: me.token });
  return (await page.json<{ data: { id: string }[] }>()).data.map((asset) => asset.id).toSorted();
}

/** Creates a stack in the state that burst detection leaves. */
async function autoStack(count: number): Promise<{ id: string; frames: string[] }> {
  const frames = await newAssets(count);
  const { id } = await create(frames);
  await sqlAll("UPDATE stacks SET origin = 'auto_burst' WHERE id = ?", id);
  return { id, frames };
}

async function trash(...ids: string[]): Promise<void> {
  await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
}

async function areUnstacked(ids: string[]): Promise<boolean[]> {
  const rows = await sqlAll(
    "SELECT unstacked_at FROM json_each(?) w JOIN assets a ON a.id = w.value ORDER BY w.key",
    JSON.stringify(ids),
  );
  return rows.map((row) => row.unstacked_at !== null);
}

/** Runs `act` and returns a summary of the events it recorded. */
async function recordedEvents(act: () => Promise<unknown>): Promise<string[]> {
  const { lastSeq } = await readEvents();
  await scheduler.wait(2);
  await act();
  return (await readEvents(lastSeq)).events.map(({ event_type, entity_id, entity_type, payload }) => {
    expect(entity_type).toBe(event_type.startsWith("stack") ? "stack" : "asset");
    return [event_type, entity_id, ...(payload === null ? [] : [JSON.stringify(payload)])].join(" ");
  });
}

const movedEvent = (assetId: string, stackId: string | null): string =>
  `asset_updated ${assetId} ${JSON.stringify({ stack_id: stackId })}`;

describe("POST /api/stacks", () => {
  it("creates a stack, and each member returns its id", async () => {
    const [a = "", b = "", c = ""] = await newAssets(3);
    const stack = await create([a, b, a], { library_id: me.libraryId });
    expect(stack).toEqual({
      id: expect.stringMatching(/^asset_stack_[2-9A-Za-z]{22}$/),
      asset_count: 2,
      origin: "user",
      primary_asset_id: null,
      asset_ids: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect(await get(stack.id)).toEqual(stack);
    expect(await membersOf(stack.id)).toEqual([a, b]);
    const stackOf = async (id: string) =>
      (await (await call("GET", `/api/assets/${id}`, { token: me.token })).json<{ stack_id: string | null }>())
        .stack_id;
    expect(await stackOf(b)).toBe(stack.id);
    expect(await stackOf(c)).toBeNull();
    const covered = await create([a, c], { primary_asset_id: c, library_id: null });
    expect(covered).toMatchObject({ primary_asset_id: c, asset_count: 2 });
  });

  it("returns 422 for invalid asset ids and names the problem", async () => {
    const [a = "", b = "", inTrash = "", c = ""] = await insertAssets(me, [{}, {}, { trashedAt: 1 }, {}]);
    const other = await insertLibrary(await insertUser());
    const many = Array.from({ length: 201 }, () => newId("asset"));
    for (const json of [
      {},
      { asset_ids: [] },
      { asset_ids: [a] },
      { asset_ids: [a, a] },
      { asset_ids: [a, "asset_1"] },
      { asset_ids: [a, newId("stack")] },
      { asset_ids: [a, null] },
      { asset_ids: `${a},${b}` },
      { asset_ids: { 0: a, 1: b } },
      { asset_ids: many },
      { asset_ids: [a, b], primary_asset_id: c },
      { asset_ids: [a, b], primary_asset_id: "x" },
      { asset_ids: [a, b], primary_asset_id: 1 },
      { asset_ids: [a, b], library_id: "lib" },
      { asset_ids: [a, inTrash] },
    ]) {
      await expectError(await send("POST", "", json), 422);
    }
    expect((await expectError(await send("POST", "", { asset_ids: [a, inTrash] }), 422)).message).toContain(inTrash);
    const unknown = newId("asset");
    const { message } = await expectError(
      await send("POST", "", { asset_ids: [a, unknown, otherTenant.assetId] }),
      404,
    );
    expect(message).toMatch(new RegExp(`${unknown}, ${otherTenant.assetId}$`));
    expect(message).not.toContain(a);
    const manyUnknown = await expectError(await send("POST", "", { asset_ids: many.slice(1) }), 404);
    expect(manyUnknown.message).toMatch(/ and 190 more$/);
    expect((await send("POST", "", { asset_ids: [a, b], library_id: other })).status).toBe(404);
    expect(await sqlAll("SELECT id FROM assets WHERE id IN (?, ?) AND stack_id IS NOT NULL", a, b)).toEqual([]);
  });

  it("requires a library if there are several, and assets of that library only", async () => {
    const userId = await insertUser();
    const [one, two] = [await insertLibrary(userId), await insertLibrary(userId)];
    const options = { token: (await insertKey({ userId })).secret };
    const [a = "", b = ""] = await insertAssets({ userId, libraryId: one }, [{}, {}]);
    const [c = ""] = await insertAssets({ userId, libraryId: two }, [{}]);
    expect((await send("POST", "", { asset_ids: [a, b] }, options)).status).toBe(400);
    expect((await send("GET", "", undefined, options)).status).toBe(400);
    expect((await send("POST", "", { asset_ids: [a, b], library_id: two }, options)).status).toBe(404);
    expect((await send("POST", "", { asset_ids: [a, c], library_id: one }, options)).status).toBe(404);
    const stack = await bodyOf(await send("POST", "", { asset_ids: [a, b], library_id: one }, options), 201);
    expect((await send("POST", `/${stack.id}/assets`, { asset_ids: [c] }, options)).status).toBe(404);
    const [emptied = ""] = await insertAssets({ userId, libraryId: one }, [{ trashedAt: 5 }]);
    const addTrashed = () => send("POST", `/${stack.id}/assets`, { asset_ids: [emptied] }, options);
    expect((await addTrashed()).status).toBe(422);
    await sqlAll("UPDATE libraries SET trash_cleared_at = 5 WHERE id = ?", one);
    expect((await addTrashed()).status).toBe(404);
    const { secret: token } = await insertKey({ userId, libraryIds: [two] });
    for (const [method, path, json] of [
      ["GET", "", undefined],
      ["PATCH", "", { primary_asset_id: a }],
      ["DELETE", "", undefined],
      ["POST", "/assets", { asset_ids: [a] }],
      ["DELETE", "/assets", { asset_ids: [a] }],
    ] as const) {
      expect((await send(method, `/${stack.id}${path}`, json, { token })).status, method + path).toBe(404);
    }
  });

  it("is not split by a repeated request whose cover brought another stack along", async () => {
    const [a = "", cover = "", c = "", d = ""] = await newAssets(4);
    await create([cover, c], { primary_asset_id: cover });
    const first = await create([a, cover]);
    expect(first.asset_count).toBe(3);
    const events = await recordedEvents(async () => {
      expect(await create([cover, a])).toEqual(first);
    });
    expect(events).toEqual([]);
    // A different request is executed: a subset, or the same assets after the stack changed.
    const part = await create([c, a]);
    expect(part).toMatchObject({ asset_count: 2 });
    await create([a, cover]);
    const grown = await add((await create([a, d])).id, [c]);
    expect((await create([a, d])).id).not.toBe(grown.id);
  });

  it("creates one stack and one set of events for a repeated request", async () => {
    const [a = "", b = ""] = await newAssets(2);
    const first = await create([a, b], { primary_asset_id: a });
    const events = await recordedEvents(async () => {
      expect(await create([b, a], { primary_asset_id: a })).toEqual(first);
    });
    expect(events).toEqual([]);
    const other = await create([a, b]);
    expect(other.id).not.toBe(first.id);
    expect(await get(first.id)).toBeNull();
  });

  it("moves assets from other stacks, which become user stacks", async () => {
    const source = await autoStack(4);
    const [a = "", b = "", ...rest] = source.frames;
    const [c = ""] = await newAssets(1);
    const stack = await create([a, b, c]);
    expect(await membersOf(stack.id)).toEqual([a, b, c].toSorted());
    expect(await get(source.id)).toMatchObject({ asset_count: 2, origin: "user", primary_asset_id: null });
    expect(await membersOf(source.id)).toEqual(rest);
  });

  it("merges the whole stack of the chosen cover, trashed members included", async () => {
    const [a = "", b = "", c = "", d = ""] = await newAssets(4);
    const source = await create([a, b, c], { primary_asset_id: a });
    await trash(c);
    const stack = await create([d, a], { primary_asset_id: d });
    expect(stack).toMatchObject({ asset_count: 3, primary_asset_id: d });
    expect(await membersOf(stack.id)).toEqual([a, b, c, d]);
    expect(await membersOf(stack.id, "trashed")).toEqual([c]);
    expect(await get(source.id)).toBeNull();
  });

  it("deletes a stack left with one member; trashed members count", async () => {
    const [a = "", b = "", c = "", d = "", e = "", f = ""] = await newAssets(6);
    const lost = await create([a, b]);
    const kept = await create([c, d, e], { primary_asset_id: e });
    await trash(e);
    await create([a, c, f]);
    expect(await get(lost.id)).toBeNull();
    expect(await get(kept.id)).toMatchObject({ asset_count: 1, primary_asset_id: e });
    expect(await membersOf(kept.id)).toEqual([d, e]);
    expect(await sqlAll("SELECT stack_id, unstacked_at FROM assets WHERE id = ?", b)).toEqual([
      { stack_id: null, unstacked_at: null },
    ]);
  });
});

describe("POST /api/stacks/{id}/assets", () => {
  it("ignores members, live or trashed, and follows the rules for creation", async () => {
    const { id, frames } = await autoStack(3);
    const [first = "", second = ""] = frames;
    const [a = "", b = "", c = "", d = ""] = await newAssets(4);
    const folded = await create([a, b], { primary_asset_id: a });
    const ended = await create([c, d]);
    await trash(second);
    const stack = await add(id, [first, second, a, c]);
    expect(stack).toMatchObject({ id, asset_count: 5, origin: "user" });
    expect(await membersOf(id)).toEqual([...frames, a, b, c].toSorted());
    for (const deleted of [folded, ended]) expect(await get(deleted.id)).toBeNull();
    expect(await membersOf(ended.id)).toEqual([]);
  });

  it("changes nothing, including the origin, if all assets are members", async () => {
    const { id, frames } = await autoStack(2);
    const before = await get(id);
    const events = await recordedEvents(async () => {
      expect(await add(id, frames)).toEqual(before);
      expect(await add(id, [...frames, ...frames])).toEqual(before);
    });
    expect(events).toEqual([]);
    expect(before?.origin).toBe("auto_burst");
  });

  it("keeps the cover", async () => {
    const [a = "", b = "", c = "", d = ""] = await newAssets(4);
    const { id } = await create([a, b], { primary_asset_id: a });
    await create([c, d], { primary_asset_id: c });
    expect(await add(id, [c])).toMatchObject({ primary_asset_id: a, asset_count: 4 });
  });

  it("rejects unknown, foreign and trashed assets and unknown stacks", async () => {
    const { id } = await autoStack(2);
    const [inTrash = "", a = ""] = await insertAssets(me, [{ trashedAt: 1 }, {}]);
    const status = async (assetIds: unknown, stackId = id) =>
      (await send("POST", `/${stackId}/assets`, { asset_ids: assetIds })).status;
    expect(await status([a, newId("asset")])).toBe(404);
    expect(await status([a, otherTenant.assetId])).toBe(404);
    expect(await status([a, inTrash])).toBe(422);
    expect(await status([])).toBe(422);
    expect(await status(Array.from({ length: 201 }, () => a))).toBe(422);
    expect(await status([a], newId("stack"))).toBe(404);
    expect(await status([a], "asset_stack_x")).toBe(422);
    expect(await get(id)).toMatchObject({ asset_count: 2, origin: "auto_burst" });
  });
});

describe("DELETE /api/stacks/{id}/assets", () => {
  it("ignores non-members and can be repeated", async () => {
    const { id, frames } = await autoStack(4);
    const [a = "", b = ""] = frames;
    const [stranger = ""] = await newAssets(1);
    expect(await recordedEvents(() => remove(id, [stranger, newId("asset"), otherTenant.assetId]))).toEqual([]);
    expect(await get(id)).toMatchObject({ origin: "auto_burst" });
    await remove(id, [a, stranger, otherTenant.assetId]);
    expect(await recordedEvents(() => remove(id, [a]))).toEqual([]);
    expect(await get(id)).toMatchObject({ asset_count: 3, origin: "user" });
    expect(await areUnstacked([a, b, stranger])).toEqual([true, false, false]);
    await add(id, [a]);
    expect(await areUnstacked([a])).toEqual([false]);
  });

  it("clears the chosen cover only if that asset is removed", async () => {
    const [a = "", b = "", c = "", d = ""] = await newAssets(4);
    const { id } = await create([a, b, c, d], { primary_asset_id: a });
    await remove(id, [b]);
    expect(await get(id)).toMatchObject({ primary_asset_id: a, asset_count: 3 });
    await remove(id, [a]);
    expect(await get(id)).toMatchObject({ primary_asset_id: null, asset_count: 2 });
  });

  it("deletes the stack if one member remains; trashed members count", async () => {
    const [a = "", b = "", c = ""] = await newAssets(3);
    const { id } = await create([a, b, c]);
    await trash(b);
    await remove(id, [a]);
    expect(await get(id)).toMatchObject({ asset_count: 1 });
    await remove(id, [b]);
    expect(await get(id)).toBeNull();
    expect(await areUnstacked([a, b, c])).toEqual([true, true, false]);
    expect((await send("DELETE", `/${id}/assets`, { asset_ids: [a] })).status).toBe(404);
  });
});

describe("PATCH /api/stacks/{id}", () => {
  it("sets a live member as cover and changes the origin to user", async () => {
    const { id, frames } = await autoStack(3);
    const [a = "", b = "", c = ""] = frames;
    const patch = async (json: unknown, stackId = id) => await send("PATCH", `/${stackId}`, json);
    const [stranger = ""] = await newAssets(1);
    await trash(c);
    for (const cover of [null, "x", 1, true, stranger, c, otherTenant.assetId, newId("asset"), newId("stack")]) {
      await expectError(await patch({ primary_asset_id: cover }), 422);
    }
    await expectError(await patch({}), 422);
    expect((await patch({ primary_asset_id: a }, newId("stack"))).status).toBe(404);
    expect(await get(id)).toMatchObject({ primary_asset_id: null, origin: "auto_burst" });
    const events = await recordedEvents(async () => {
      const changed = await bodyOf(await patch({ primary_asset_id: a }), 200);
      expect(changed).toMatchObject({ id, primary_asset_id: a, origin: "user", asset_count: 2 });
      expect(await bodyOf(await patch({ primary_asset_id: a }), 200)).toEqual(changed);
    });
    expect(events).toEqual([`stack_updated ${id}`]);
    await patch({ primary_asset_id: b });
    await trash(b);
    expect(await get(id)).toMatchObject({ primary_asset_id: b });
    await expectError(await patch({ primary_asset_id: b }), 422);
  });
});

describe("DELETE /api/stacks/{id}", () => {
  it("keeps the assets, which burst detection never stacks again", async () => {
    const { id, frames } = await autoStack(3);
    await trash(frames[2] ?? "");
    const response = await send("DELETE", `/${id}`);
    expect(await bodyOf(response, 200)).toEqual({});
    expect(await areUnstacked(frames)).toEqual([true, true, true]);
    expect(await membersOf(id)).toEqual([]);
    for (const method of ["GET", "DELETE"]) expect((await send(method, `/${id}`)).status).toBe(404);
    expect(await recordedEvents(() => send("DELETE", `/${id}`))).toEqual([]);
    for (const frame of frames)
      expect((await call("GET", `/api/assets/${frame}`, { token: me.token })).status).toBe(200);
  });
});

describe("GET /api/stacks", () => {
  interface Page {
    data: Stack[];
    has_more: boolean;
  }
  const made: string[] = [];
  let options: CallOptions;
  let cover = "";

  beforeAll(async () => {
    const userId = await insertUser();
    const owner = { userId, libraryId: await insertLibrary(userId) };
    options = { token: (await insertKey({ userId })).secret };
    const assets = await insertAssets(
      owner,
      Array.from({ length: 60 }, () => ({})),
    );
    for (let i = 0; i < 60; i += 2) {
      const json = { asset_ids: assets.slice(i, i + 2), ...(i === 8 && { primary_asset_id: assets[i] }) };
      made.push((await bodyOf(await send("POST", "", json, options), 201)).id);
    }
    cover = assets[8] ?? "";
    const third = JSON.stringify(made.filter((_, i) => i % 3 === 0));
    await sqlAll("UPDATE stacks SET origin = 'auto_burst' WHERE id IN (SELECT value FROM json_each(?))", third);
    made.sort();
  });

  async function list(query: string, more: CallOptions = {}): Promise<Page> {
    const response = await send("GET", `?${query}`, undefined, { ...options, ...more });
    expect(response.status, query).toBe(200);
    return await response.json<Page>();
  }
  const idsOf = (page: Page): string[] => page.data.map((stack) => stack.id);

  it("lists all stacks by id across pages", async () => {
    const seen: string[] = [];
    let cursor = "";
    for (;;) {
      const page = await list(`limit=7${cursor}`);
      seen.push(...idsOf(page));
      if (!page.has_more) break;
      expect(page.data).toHaveLength(7);
      cursor = `&starting_after_id=${page.data.at(-1)?.id}`;
    }
    expect(seen).toEqual(made);
    expect((await list("limit=30")).has_more).toBe(false);
    expect(idsOf(await list(""))).toEqual(made.slice(0, 20));
    expect(idsOf(await list(`starting_after_id=${made.at(-1)}`))).toEqual([]);
  });

  it("filters by origin, cover, ids and combinations of them", async () => {
    const bursts = await list("origin=auto_burst&limit=200");
    expect(bursts.data).toHaveLength(10);
    const users = await list("origin=user&limit=200");
    expect([...idsOf(bursts), ...idsOf(users)].toSorted()).toEqual(made);
    const [pinned] = (await list(`primary_asset_id=${cover}`)).data;
    expect(pinned).toMatchObject({ primary_asset_id: cover });
    const pinnedId = pinned?.id ?? "";
    expect(idsOf(await list(`primary_asset_id=${cover}&origin=${pinned?.origin}&ids=${pinnedId}`))).toEqual([pinnedId]);
    expect(idsOf(await list(`primary_asset_id=${cover}&starting_after_id=${pinnedId}`))).toEqual([]);
    expect(idsOf(await list(`primary_asset_id=${newId("asset")}`))).toEqual([]);
    const three = [made[9] ?? "", made[2] ?? "", made[5] ?? ""];
    expect(idsOf(await list(`ids=${three.join(",")}&ids=${newId("stack")}&ids=${made[2]}`))).toEqual([
      made[2],
      made[5],
      made[9],
    ]);
    expect(idsOf(await list(`ids=${three.join(",")}&limit=1&starting_after_id=${made[2]}`))).toEqual([made[5]]);
    expect(idsOf(await list("ids="))).toEqual([]);
    const foreign = await list(`ids=${made.slice(0, 3).join(",")}&origin=user`, { token: otherTenant.secret });
    expect(foreign).toEqual({ data: [], has_more: false });
  });

  it("rejects invalid limits, ids, origins and cursors", async () => {
    const status = async (query: string) => (await send("GET", `?${query}`, undefined, options)).status;
    for (const limit of ["0", "201", "-1", "1.5", "x", ""]) expect(await status(`limit=${limit}`), limit).toBe(422);
    for (const query of ["origin=burst", "primary_asset_id=x", "ids=x", `ids=${newId("asset")}`, "starting_after_id=x"])
      expect(await status(query), query).toBe(422);
    expect(await status(`ids=${Array.from({ length: 201 }, () => newId("stack")).join(",")}`)).toBe(422);
    expect(await status(`starting_after_id=${newId("stack")}`)).toBe(400);
    expect((await send("GET", `?starting_after_id=${made[0]}`)).status).toBe(400);
    expect(await status(`library_id=${otherTenant.libraryId}`)).toBe(404);
  });

  it("reads one page instead of the table", async () => {
    const counted = countingD1(env.DB);
    const rowsOf = async (query: string) => {
      counted.reset();
      const page = await list(query, { env: { DB: counted.binding } });
      return { rows: counted.counts.rowsRead, given: page.data.length };
    };
    for (const query of [
      "limit=5",
      `limit=5&starting_after_id=${made[20]}`,
      "limit=5&origin=auto_burst",
      `limit=5&origin=user&starting_after_id=${made[3]}`,
      `primary_asset_id=${cover}`,
      `ids=${made[1]}`,
    ]) {
      const { rows, given } = await rowsOf(query);
      expect(rows, query).toBeLessThanOrEqual(given + 8);
    }
  });
});

describe("the change feed", () => {
  it("records a stack before its members on creation and after them on deletion", async () => {
    const [a = "", b = "", c = "", d = "", e = "", f = "", g = "", h = "", i = ""] = await newAssets(9);
    let made: Stack | null = null;
    expect(
      await recordedEvents(async () => {
        made = await create([b, a]);
      }),
    ).toEqual([`stack_created ${made?.["id"]}`, movedEvent(a, made?.["id"] ?? ""), movedEvent(b, made?.["id"] ?? "")]);
    const pinned = await create([c, d], { primary_asset_id: c });
    const large = await create([e, f, g]);
    const ending = await create([h, i]);
    const target = await create(await newAssets(2));
    const { id } = target;
    expect(await recordedEvents(() => add(id, [c, e, h]))).toEqual([
      ...[c, d, e, h].map((asset) => movedEvent(asset, id)),
      movedEvent(i, null),
      ...[id, large.id].toSorted().map((stack) => `stack_updated ${stack}`),
      ...[pinned.id, ending.id].toSorted().map((stack) => `stack_deleted ${stack}`),
    ]);
    expect(await recordedEvents(() => remove(id, [d, c]))).toEqual([
      movedEvent(c, null),
      movedEvent(d, null),
      `stack_updated ${id}`,
    ]);
    expect(await recordedEvents(() => remove(large.id, [f]))).toEqual([
      movedEvent(f, null),
      movedEvent(g, null),
      `stack_deleted ${large.id}`,
    ]);
    const left = await membersOf(id);
    expect(await recordedEvents(() => send("DELETE", `/${id}`))).toEqual([
      ...left.map((asset) => movedEvent(asset, null)),
      `stack_deleted ${id}`,
    ]);
  });
});

describe("concurrent stack changes", () => {
  /** D1 that runs one of `interferers` per attempt, between the call's read and its write. */
  function withInterference(...interlopers: (() => Promise<unknown>)[]): CallOptions {
    let tries = 0;
    const { binding } = countingD1(env.DB, {
      beforeBatch: async (sql) => {
        if (!sql.some((text) => /UPDATE assets SET stack_id/.test(text))) return;
        await interlopers[tries++]?.();
      },
    });
    return { env: { DB: binding } };
  }

  it("are re-read, and the call applies to the new state", async () => {
    const [a = "", b = "", c = "", d = ""] = await newAssets(4);
    const source = await create([a, b, c]);
    const pinFirst = () => send("PATCH", `/${source.id}`, { primary_asset_id: a });
    const response = await send("POST", "", { asset_ids: [a, d] }, withInterference(pinFirst));
    const stack = await bodyOf(response, 201);
    expect(await membersOf(stack.id)).toEqual([a, b, c, d]);
    expect(await get(source.id)).toBeNull();
  });

  it("return 404 without changes if an asset was deleted meanwhile", async () => {
    const [a = "", b = "", c = ""] = await newAssets(3);
    const deleteOne = () => sqlAll("DELETE FROM assets WHERE id = ?", b);
    expect((await send("POST", "", { asset_ids: [a, b] }, withInterference(deleteOne))).status).toBe(404);
    const trashOne = () => trash(c);
    expect((await send("POST", "", { asset_ids: [a, c] }, withInterference(trashOne))).status).toBe(422);
    expect(await recordedEvents(async () => {})).toEqual([]);
    expect(await sqlAll("SELECT stack_id FROM assets WHERE id IN (?, ?)", a, c)).toEqual([
      { stack_id: null },
      { stack_id: null },
    ]);
  });

  it("return a retryable 409 after repeated conflicts", async () => {
    const [a = "", b = "", c = "", ...more] = await newAssets(8);
    const { id } = await create([a, b]);
    const interferers = more.map((asset) => () => add(id, [asset]));
    const response = await send("POST", `/${id}/assets`, { asset_ids: [c] }, withInterference(...interferers));
    expect(await expectError(response.clone(), 409)).toMatchObject({ error: "write_conflict" });
    expect(response.headers.get("x-should-retry")).toBeNull();
    expect(await membersOf(id)).toEqual([a, b, ...more.slice(0, 3)]);
    expect(await add(id, [c])).toMatchObject({ asset_count: 6 });
  });

  it("return a permanent 409 if the stack was deleted meanwhile", async () => {
    for (const [method, path] of [
      ["POST", "/assets"],
      ["DELETE", "/assets"],
      ["DELETE", ""],
    ] as const) {
      const { id, frames } = await autoStack(2);
      const [a = ""] = method === "POST" ? await newAssets(1) : frames;
      const dissolve = () => send("DELETE", `/${id}`);
      const json = path === "" ? undefined : { asset_ids: [a] };
      const response = await send(method, `/${id}${path}`, json, withInterference(dissolve));
      expect(response.headers.get("x-should-retry"), method + path).toBe("false");
      expect(await expectError(response, 409)).toMatchObject({ error: "conflict" });
    }
  });

  it("delete an asset added during a deletion from the stack too", async () => {
    const { id, frames } = await autoStack(2);
    const [late = ""] = await newAssets(1);
    expect(
      (
        await send(
          "DELETE",
          `/${id}`,
          undefined,
          withInterference(() => add(id, [late])),
        )
      ).status,
    ).toBe(200);
    expect(await areUnstacked([...frames, late])).toEqual([true, true, true]);
  });

  it("end in a state that some sequential order produces", async () => {
    const [a = "", b = "", c = "", d = ""] = await newAssets(4);
    const events = await recordedEvents(async () => {
      const responses = await Promise.all(
        [
          [a, b],
          [b, a],
          [a, b],
        ].map((assetIds) => send("POST", "", { asset_ids: assetIds })),
      );
      const ids = new Set<string>();
      for (const response of responses) ids.add((await bodyOf(response, 201)).id);
      expect(ids.size).toBe(1);
    });
    expect(events).toHaveLength(3);
    const overlapping = await Promise.all(
      [
        [a, c],
        [b, c],
        [c, d],
        [a, b, c, d],
      ].map((assetIds) => send("POST", "", { asset_ids: assetIds })),
    );
    for (const response of overlapping) expect([201, 409]).toContain(response.status);
    const held = await sqlAll(
      "SELECT DISTINCT stack_id FROM assets WHERE stack_id IS NOT NULL AND id IN (?, ?, ?, ?)",
      a,
      b,
      c,
      d,
    );
    const there = await sqlAll(
      "SELECT id FROM stacks WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(held.map((row) => row.stack_id)),
    );
    expect(there).toHaveLength(held.length);
  });

  it("lose nothing if the database fails midway, and the call can be repeated", async () => {
    const [a = "", b = "", c = ""] = await newAssets(3);
    await create([b, c]);
    const fail = (sql: string[]): void => {
      if (sql.length > 2) throw new Error("D1_ERROR: network connection lost");
    };
    vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = (faults: object) => ({ env: { DB: countingD1(env.DB, faults).binding } });
    expect((await send("POST", "", { asset_ids: [a, b] }, broken({ beforeBatch: fail }))).status).toBe(503);
    expect(await sqlAll("SELECT id FROM assets WHERE id = ? AND stack_id IS NOT NULL", a)).toEqual([]);
    expect((await send("POST", "", { asset_ids: [a, b] }, broken({ afterBatch: fail }))).status).toBe(503);
    const [row] = await sqlAll("SELECT stack_id FROM assets WHERE id = ?", a);
    const events = await recordedEvents(async () => {
      expect((await create([a, b])).id).toBe(row?.stack_id);
    });
    expect(events).toEqual([]);
  });
});

describe("the cost of stack operations", () => {
  it("is at most six statements plus authentication for any number of assets", async () => {
    const counted = countingD1(env.DB);
    const costOf = async (method: string, path: string, json?: unknown) => {
      counted.reset();
      const response = await send(method, path, json, { env: { DB: counted.binding } });
      expect(response.status, await response.clone().text()).toBeLessThan(300);
      const asked = counted.counts.statements.filter(({ sql }) => !/api_keys/.test(sql)).length;
      return { asked, body: await response.json<Stack>() };
    };
    const assets = await newAssets(700);
    const burst = await create(assets.slice(200, 202), { primary_asset_id: assets[200] });
    for (let i = 202; i < 700; i += 200) await add(burst.id, assets.slice(i, i + 200));
    const two = await create(assets.slice(0, 2));
    expect((await costOf("POST", `/${two.id}/assets`, { asset_ids: assets.slice(2, 199) })).asked).toBeLessThanOrEqual(
      6,
    );
    const named = [...assets.slice(0, 199), assets[200]];
    const created = await costOf("POST", "", { asset_ids: named });
    expect(created.asked).toBeLessThanOrEqual(6);
    expect(created.body.asset_count).toBe(699);
    const { id } = created.body;
    const path = `/${id}`;
    expect((await costOf("PATCH", path, { primary_asset_id: assets[650] })).asked).toBeLessThanOrEqual(6);
    expect((await costOf("GET", path)).asked).toBe(1);
    expect((await costOf("DELETE", `${path}/assets`, { asset_ids: assets.slice(300, 500) })).asked).toBeLessThanOrEqual(
      6,
    );
    expect((await costOf("DELETE", path)).asked).toBeLessThanOrEqual(6);
    expect((await costOf("GET", "?limit=200")).asked).toBeLessThanOrEqual(3);
  });

  it("is a few rows for a few assets in a library of any size", async () => {
    const counted = countingD1(env.DB);
    const [a = "", b = "", c = ""] = await newAssets(300);
    const { id } = await create([a, b]);
    for (const method of ["POST", "DELETE"]) {
      counted.reset();
      await send(method, `/${id}/assets`, { asset_ids: [c] }, { env: { DB: counted.binding } });
      expect(counted.counts.rowsRead, method).toBeLessThan(100);
    }
  });
});
