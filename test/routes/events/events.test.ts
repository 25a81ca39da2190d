import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { eventPageSchema } from "../../../src/routes/events/schemas.ts";
import { expectError } from "../../support/clients/responses.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { insertKey, insertLibrary, insertTenant, type Tenant } from "../../support/clients/tenants.ts";

type EventAnswer = z.infer<typeof eventPageSchema>["data"][number];

/** 2024-06-01T00:00:00Z. */
const START_MS = 1_717_200_000_000;
const at = (second: number): string => new Date(START_MS + second * 1000).toISOString();

let owner: { userId: string; libraryId: string };
let otherTenant: Tenant;

interface EventFields {
  type?: string;
  entity?: string;
  id?: string;
  payload?: Record<string, string | null> | null;
  /** Seconds after START_MS. */
  second: number;
}

async function insertEventRows(libraryId: string, rows: EventFields[]): Promise<void> {
  const json = JSON.stringify(rows.map((row) => ({ ...row, payload: row.payload ?? null })));
  await env.DB.prepare(
    `INSERT INTO events (library_id, event_type, entity_type, entity_id, payload, created_at)
     SELECT ?1, coalesce(r.value ->> 'type', 'asset_updated'), coalesce(r.value ->> 'entity', 'asset'),
       coalesce(r.value ->> 'id', 'asset_2222222222222222222222'),
       CASE WHEN json_type(r.value, '$.payload') = 'object' THEN r.value -> 'payload' END, ?2 + (r.value ->> 'second') * 1000
     FROM json_each(?3) r`,
  )
    .bind(libraryId, START_MS, json)
    .run();
}

/** Creates a library with the given events. Times never decrease over all libraries, so the events before are deleted. */
async function createFeed(rows: EventFields[]): Promise<string> {
  await sqlAll("DELETE FROM events");
  const libraryId = await insertLibrary(owner.userId, "feed");
  await insertEventRows(libraryId, rows);
  return libraryId;
}

async function page(query: Record<string, string>, options: Parameters<typeof call>[2] = {}) {
  const response = await call("GET", `/api/events?${new URLSearchParams(query).toString()}`, options);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return eventPageSchema.parse(JSON.parse(text));
}

async function all(query: Record<string, string>): Promise<EventAnswer[]> {
  const found: EventAnswer[] = [];
  for (let cursor: string | undefined; ;) {
    const { data, has_more } = await page({ ...query, ...(cursor === undefined ? {} : { after_cursor: cursor }) });
    found.push(...data);
    cursor = data.at(-1)?.cursor;
    if (!has_more || cursor === undefined) return found;
  }
}

const names = (events: EventAnswer[]): string[] => events.map((event) => event.entity_id);

beforeAll(async () => {
  owner = await getRootOwner();
  otherTenant = await insertTenant();
});

describe("GET /api/events", () => {
  it("returns every key of the contract and the actor, and a payload only where one exists", async () => {
    const library_id = await createFeed([
      { type: "asset_updated", id: "asset_a", payload: { stack_id: null }, second: 0 },
      { type: "metadata_updated", entity: "metadata", id: "asset_a", second: 1 },
    ]);
    const { data, has_more, next_cursor } = await page({ library_id });
    expect(has_more).toBe(false);
    expect(next_cursor).toBe(data.at(-1)?.cursor);
    expect(data).toEqual([
      {
        cursor: expect.stringMatching(/^[^|]+$/),
        event_type: "asset_updated",
        entity_type: "asset",
        entity_id: "asset_a",
        created_at: "2024-06-01T00:00:00.000Z",
        payload: { stack_id: null },
        actor: null,
      },
      expect.objectContaining({ event_type: "metadata_updated", entity_id: "asset_a", payload: null }),
    ]);
  });

  it("returns each event once, oldest first, 20 per page by default", async () => {
    const ids = Array.from({ length: 45 }, (_, i) => `asset_${i}`);
    const library_id = await createFeed(ids.map((id, i) => ({ id, second: i })));
    expect((await page({ library_id })).data).toHaveLength(20);
    for (const limit of ["1", "20", "44", "45", "200"]) expect(names(await all({ library_id, limit }))).toEqual(ids);
    const last = (await page({ library_id, limit: "45" })).data.at(-1)?.cursor ?? "";
    expect(await page({ library_id, after_cursor: last })).toMatchObject({
      data: [],
      has_more: false,
      next_cursor: last,
    });
    await insertEventRows(library_id, [{ id: "asset_new", second: 60 }]);
    expect(names((await page({ library_id, after_cursor: last })).data)).toEqual(["asset_new"]);
  });

  it("can be read to the end with next_cursor, which stays the same on an empty page", async () => {
    const ids = Array.from({ length: 7 }, (_, i) => `asset_${i}`);
    const library_id = await createFeed(ids.map((id, i) => ({ id, second: i })));
    const first = await page({ library_id, limit: "3" });
    const second = await page({ library_id, limit: "3", after_cursor: first.next_cursor ?? "" });
    const third = await page({ library_id, limit: "3", after_cursor: second.next_cursor ?? "" });
    expect([first, second, third].map((one) => one.has_more)).toEqual([true, true, false]);
    expect(names([first, second, third].flatMap((one) => one.data))).toEqual(ids);
    const after_cursor = third.next_cursor ?? "";
    expect((await page({ library_id, after_cursor, entity_types: "album" })).next_cursor).toBe(after_cursor);
    expect(await page({ library_id, entity_types: "album" })).toMatchObject({
      data: [],
      has_more: false,
      next_cursor: null,
    });
  });

  it("filters by entity types in feed order, in every array notation", async () => {
    const kinds = ["asset", "album", "person", "face", "album_asset", "metadata", "stack"];
    const rows = Array.from({ length: 70 }, (_, i) => ({ entity: kinds[(i * 5) % 7] ?? "", id: `n${i}`, second: i }));
    const library_id = await createFeed(rows);
    const expected = (...types: string[]) => rows.filter((row) => types.includes(row.entity)).map((row) => row.id);
    for (const types of [["asset"], ["stack", "face"], ["album", "album_asset", "metadata"], kinds.slice(1), kinds]) {
      const query = { library_id, limit: "9" };
      expect(names(await all({ ...query, entity_types: types.join(",") }))).toEqual(expected(...types));
      const repeated = types.map((type) => `entity_types=${type}`).join("&");
      const response = await call("GET", `/api/events?library_id=${library_id}&limit=200&${repeated}`);
      expect(names(eventPageSchema.parse(await response.json()).data)).toEqual(expected(...types));
    }
    expect(names(await all({ library_id, entity_types: "face,face, face" }))).toEqual(expected("face"));
    const cursor = (await page({ library_id, limit: "30" })).data.at(-1)?.cursor ?? "";
    const rest = await page({ library_id, limit: "200", entity_types: "album,stack", after_cursor: cursor });
    expect(names(rest.data)).toEqual(rows.slice(30).flatMap((row) => (/album$|stack/.test(row.entity) ? row.id : [])));
  });

  it("treats created_at_gte as inclusive and created_at_lt as exclusive in any time zone", async () => {
    const library_id = await createFeed([0, 1, 1, 2, 3].map((second, i) => ({ id: `e${i}`, second })));
    const between = async (from: string | null, before: string | null) =>
      names(
        await all({
          library_id,
          limit: "2",
          ...(from === null ? {} : { created_at_gte: from }),
          ...(before === null ? {} : { created_at_lt: before }),
        }),
      );
    expect(await between(at(1), null)).toEqual(["e1", "e2", "e3", "e4"]);
    expect(await between(null, at(1))).toEqual(["e0"]);
    expect(await between(at(1), at(3))).toEqual(["e1", "e2", "e3"]);
    expect(await between(at(2), at(2))).toEqual([]);
    expect(await between(at(3), at(1))).toEqual([]);
    expect(await between(at(9), null)).toEqual([]);
    expect(await between(null, at(-9))).toEqual([]);
    expect(await between("2024-06-01T02:00:01+02:00", "2024-05-31T17:00:03-07:00")).toEqual(["e1", "e2", "e3"]);
    expect(await between("2024-06-01T00:00:01", "2024-06-01T00:00:01.000001")).toEqual(["e1", "e2"]);
    expect(await between("2024-06-01T00:00:01.000001", null)).toEqual(["e3", "e4"]);
    expect(await between("0000-01-01", "9999-12-31")).toEqual(["e0", "e1", "e2", "e3", "e4"]);
  });

  it("finds the events of a period among those of other libraries, wherever events were deleted", async () => {
    const library_id = await createFeed([]);
    const rows = Array.from({ length: 400 }, (_, i) => ({ id: `e${i}`, second: (i * i) / 400, isOwn: i % 3 > 0 }));
    for (const row of rows) await insertEventRows(row.isOwn ? library_id : otherTenant.libraryId, [row]);
    const check = async (kept: typeof rows): Promise<void> => {
      for (const [from, before] of [
        [0, 400],
        [3, 17.5],
        [100, 101],
        [399, 401],
        [-5, 0],
        [250.25, 300.75],
      ] as const) {
        const bounds = { created_at_gte: at(from), created_at_lt: at(before) };
        const ids = kept.filter(({ second, isOwn }) => isOwn && second >= from && second < before).map(({ id }) => id);
        expect(names(await all({ library_id, limit: "200", ...bounds }))).toEqual(ids);
      }
    };
    await check(rows);
    const isKept = (i: number): boolean => (i * 7) % 11 > 6 || i > 350;
    const gone = rows.filter((_, i) => !isKept(i)).map(({ id }) => id);
    await sqlAll("DELETE FROM events WHERE entity_id IN (SELECT value FROM json_each(?))", JSON.stringify(gone));
    await check(rows.filter((_, i) => isKept(i)));
  });

  it("continues from a cursor within and outside the time bounds", async () => {
    const library_id = await createFeed([0, 1, 2, 3, 4].map((second) => ({ id: `e${second}`, second })));
    const cursors = (await page({ library_id })).data.map((event) => event.cursor);
    const bounds = { library_id, created_at_gte: at(1), created_at_lt: at(4) };
    expect(names((await page({ ...bounds, after_cursor: cursors[1] ?? "" })).data)).toEqual(["e2", "e3"]);
    expect(names((await page({ ...bounds, after_cursor: cursors[0] ?? "" })).data)).toEqual(["e1", "e2", "e3"]);
    expect(names((await page({ ...bounds, after_cursor: cursors[4] ?? "" })).data)).toEqual([]);
  });

  it("requires a library if there are several and returns only its events", async () => {
    const library_id = await createFeed([{ id: "mine", second: 0 }]);
    await insertEventRows(otherTenant.libraryId, [{ id: "secret", second: 0 }]);
    expect(names(await all({ library_id }))).toEqual(["mine"]);
    await expectError(await call("GET", "/api/events"), 400);
    await expectError(await call("GET", `/api/events?library_id=${otherTenant.libraryId}`), 404);
    await expectError(await call("GET", `/api/events?library_id=${library_id}`, { token: otherTenant.secret }), 404);
    const { secret } = await insertKey({ userId: owner.userId, libraryIds: [library_id], actions: ["read"] });
    expect(names((await page({}, { token: secret })).data)).toEqual(["mine"]);
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(library_id).run();
    await expectError(await call("GET", `/api/events?library_id=${library_id}`), 404);
  });

  it("returns 400 for unknown types, and 422 for limits out of range and invalid dates", async () => {
    for (const query of ["entity_types=exif", "entity_types=asset,x", "entity_types=asset&entity_types=Asset"])
      expect((await expectError(await call("GET", `/api/events?${query}`), 400)).message).toMatch(
        /unknown entity type/,
      );
    const repeated = Array(33).fill("asset").join(",");
    for (const query of ["entity_types=", `entity_types=${repeated}`, "limit=0", "limit=201", "limit=x"])
      await expectError(await call("GET", `/api/events?${query}`), 422);
    for (const bound of ["created_at_gte", "created_at_lt"])
      for (const value of ["yesterday", "2024-13-01", ""]) {
        await expectError(await call("GET", `/api/events?${bound}=${value}`), 422);
      }
    await expectError(await call("GET", `/api/events?library_id=${otherTenant.assetId}`), 422);
  });
});

describe("a cursor", () => {
  it("stays valid when its event, or the newest event, is deleted", async () => {
    const library_id = await createFeed([0, 1, 2].map((second) => ({ id: `asset_${second}`, second })));
    const [first, , last] = (await page({ library_id })).data.map((event) => event.cursor);
    await env.DB.prepare("DELETE FROM events WHERE library_id = ? AND entity_id <> 'asset_1'").bind(library_id).run();
    expect(names((await page({ library_id, after_cursor: first ?? "" })).data)).toEqual(["asset_1"]);
    expect((await page({ library_id, after_cursor: last ?? "" })).data).toEqual([]);
    await insertEventRows(library_id, [{ id: "asset_3", second: 5 }]);
    expect(names((await page({ library_id, after_cursor: last ?? "" })).data)).toEqual(["asset_3"]);
  });

  it("of another library in the same feed is valid too", async () => {
    const one = await createFeed([{ id: "one", second: 0 }]);
    const other = await insertLibrary(owner.userId, "other");
    await insertEventRows(other, [{ id: "other", second: 1 }]);
    const cursor = (await page({ library_id: one })).data[0]?.cursor ?? "";
    expect(names((await page({ library_id: other, after_cursor: cursor })).data)).toEqual(["other"]);
  });

  it("returns 400 if malformed or beyond the end of the feed", async () => {
    const library_id = await createFeed([{ second: 0 }]);
    const last = (await page({ library_id })).data[0]?.cursor ?? "";
    const beyond = `ev_${(Number.parseInt(last.slice(3), 36) + 1).toString(36)}`;
    for (const cursor of [
      "",
      "1",
      "ev_",
      "ev_0",
      `${last}|`,
      "ev_01",
      "EV_1",
      "ev_-1",
      "ev_1.5",
      `${last}_`,
      `${last}_0`,
      `${last}_1_1`,
      `ev_2_1`,
      `${last}_${beyond.slice(3)}`,
      beyond,
      `ev_${"z".repeat(11)}`,
    ])
      expect(
        await expectError(await call("GET", `/api/events?library_id=${library_id}&after_cursor=${cursor}`), 400),
        cursor,
      ).toMatchObject({ error: "bad_request" });
  });

  it("of next_cursor ends the read at the events that there were at its beginning", async () => {
    const library_id = await createFeed(Array.from({ length: 5 }, (_, i) => ({ id: `e${i}`, second: i })));
    const first = await page({ library_id, limit: "2" });
    await insertEventRows(library_id, [{ id: "later", second: 9 }]);
    const second = await page({ library_id, limit: "2", after_cursor: first.next_cursor ?? "" });
    const third = await page({ library_id, limit: "2", after_cursor: second.next_cursor ?? "" });
    expect(names([first, second, third].flatMap(({ data }) => data))).toEqual(["e0", "e1", "e2", "e3", "e4"]);
    expect([first.has_more, second.has_more, third.has_more]).toEqual([true, true, false]);
    expect([second.as_of, third.as_of]).toEqual([first.as_of, first.as_of]);
    const next = await page({ library_id, after_cursor: third.next_cursor ?? "" });
    expect(names(next.data)).toEqual(["later"]);
    // The cursor of an event has no end, as before.
    expect(names((await page({ library_id, after_cursor: first.data[1]?.cursor ?? "" })).data)).toHaveLength(4);
  });

  it("unknown to a replica is checked on the primary before it is rejected", async () => {
    const library_id = await createFeed([{ id: "e", second: 0 }]);
    const cursor = (await page({ library_id })).data[0]?.cursor ?? "";
    let primarySessions = 0;
    /** A stale replica: unconstrained sessions read an empty table. */
    const lagging = new Proxy(env.DB, {
      get(target, name) {
        if (name !== "withSession") return Reflect.get(target, name, target) as unknown;
        return (constraint: string) => {
          const session = target.withSession(constraint);
          if (constraint === "first-primary") primarySessions += 1;
          if (constraint === "first-primary") return session;
          return {
            prepare: (sql: string) => session.prepare(sql.replace("name = 'events'", "name = 'nothing'")),
            batch: (statements: D1PreparedStatement[]) => session.batch(statements),
            getBookmark: () => session.getBookmark(),
          };
        };
      },
    });
    const response = await call("GET", `/api/events?library_id=${library_id}&after_cursor=${cursor}`, {
      env: { DB: lagging },
    });
    expect(response.status).toBe(200);
    expect(primarySessions).toBeGreaterThan(0);
  });
});

describe("as_of", () => {
  it("ends the other reads of a sync at the same event", async () => {
    const library_id = await createFeed([
      { id: "asset_1", second: 0 },
      { id: "album_1", entity: "album", second: 1 },
    ]);
    const assets = await page({ library_id, entity_types: "asset" });
    await insertEventRows(library_id, [
      { id: "album_2", entity: "album", second: 2 },
      { id: "asset_2", second: 3 },
    ]);
    const { as_of } = assets;
    const albums = await page({ library_id, entity_types: "album", as_of });
    expect(albums).toMatchObject({ data: [{ entity_id: "album_1" }], has_more: false, as_of });
    const again = await page({ library_id, entity_types: "asset", as_of, after_cursor: assets.next_cursor ?? "" });
    expect(again).toMatchObject({ data: [], has_more: false, next_cursor: assets.next_cursor, as_of });
    const rest = await page({ library_id, after_cursor: albums.next_cursor ?? "" });
    expect(names(rest.data)).toEqual(["album_2", "asset_2"]);
    expect(names((await page({ library_id, as_of, created_at_gte: at(1), limit: "1" })).data)).toEqual(["album_1"]);
  });

  it("is the end of an empty feed too", async () => {
    const library_id = await createFeed([]);
    const empty = await page({ library_id });
    await insertEventRows(library_id, [{ id: "later", second: 0 }]);
    expect((await page({ library_id, as_of: empty.as_of })).data).toEqual([]);
    expect((await page({ library_id })).data).toHaveLength(1);
    await sqlAll("DELETE FROM sqlite_sequence WHERE name = 'events'");
    await sqlAll("DELETE FROM events");
    const fresh = await page({ library_id });
    expect(await page({ library_id, as_of: fresh.as_of })).toEqual(fresh);
    expect(fresh).toMatchObject({ data: [], next_cursor: null });
  });

  it("returns 400 if malformed or ahead of the database", async () => {
    const library_id = await createFeed([{ second: 0 }]);
    const { as_of } = await page({ library_id });
    const beyond = `at_${(Number.parseInt(as_of.slice(3), 36) + 1).toString(36)}`;
    for (const value of ["", "1", "at_", "at_01", "at_-1", `${as_of}_1`, "ev_1", `at_${"z".repeat(11)}`, beyond]) {
      const response = await call("GET", `/api/events?library_id=${library_id}&as_of=${value}`);
      expect(await expectError(response, 400), value).toMatchObject({ error: "bad_request", message: "invalid as_of" });
    }
  });

  it("of the primary is read at the primary by a replica that lags behind it", async () => {
    const library_id = await createFeed([{ id: "e", second: 0 }]);
    const { as_of } = await page({ library_id });
    /** A stale replica: unconstrained sessions read an empty table. */
    const lagging = new Proxy(env.DB, {
      get(target, name) {
        if (name !== "withSession") return Reflect.get(target, name, target) as unknown;
        return (constraint: string) => {
          const session = target.withSession(constraint);
          if (constraint === "first-primary") return session;
          return {
            prepare: (sql: string) => session.prepare(sql.replace("name = 'events'", "name = 'nothing'")),
            batch: (statements: D1PreparedStatement[]) => session.batch(statements),
            getBookmark: () => session.getBookmark(),
          };
        };
      },
    });
    const answer = await page({ library_id, as_of }, { env: { DB: lagging } });
    expect(answer).toMatchObject({ data: [{ entity_id: "e" }], as_of });
  });
});

describe("events of a library itself", () => {
  it("report its trash and restore once each", async () => {
    const library_id = await createFeed([]);
    for (const action of ["trash", "trash", "restore", "restore"]) {
      expect((await call("POST", `/api/libraries/${library_id}/${action}`)).status).toBe(200);
    }
    const { data } = await page({ library_id, entity_types: "library" });
    expect(data).toMatchObject([
      { event_type: "library_trashed", entity_type: "library", entity_id: library_id, payload: null, actor: "root" },
      { event_type: "library_restored", entity_type: "library", entity_id: library_id, payload: null },
    ]);
    expect((await page({ library_id })).data).toEqual(data);
  });
});

describe("a page of a feed of 100,000 events", () => {
  let library_id: string;
  let middle: string;
  beforeAll(async () => {
    library_id = await createFeed([]);
    // Nine of ten events are of assets, so a wrong query plan would scan thousands of rows.
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
       INSERT INTO events (library_id, event_type, entity_type, entity_id, created_at)
       SELECT ?1, 'x_updated', CASE WHEN i % 10 <> 3 THEN 'asset' WHEN i % 20 = 3 THEN 'metadata'
         WHEN i % 1000 = 13 THEN 'stack' WHEN i % 1000 = 33 THEN 'album_asset' ELSE 'album' END, 'e' || i, ?2 + i * 1000 FROM n`,
    )
      .bind(library_id, START_MS)
      .run();
    middle = (await page({ library_id, created_at_gte: at(50_000), limit: "1" })).data[0]?.cursor ?? "";
  });

  async function cost(query: Record<string, string>) {
    const counted = countingD1(env.DB);
    const { data } = await page({ library_id, limit: "50", ...query }, { env: { DB: counted.binding } });
    const { statements, roundTrips } = counted.counts;
    return { given: data.length, rowsRead: statements.at(-1)?.rowsRead ?? 0, roundTrips };
  }

  it("reads the rows it returns, up to three per type and up to 18 per bound in time", async () => {
    const everything = "asset,album,library,person,face,album_asset,metadata,stack";
    const narrow = { created_at_gte: at(70_000), created_at_lt: at(70_010) };
    const queries: Record<string, string>[] = [
      {},
      { after_cursor: middle },
      { entity_types: "asset" },
      { entity_types: "stack" },
      { entity_types: "person" },
      { entity_types: "stack,album_asset" },
      { entity_types: everything },
      { entity_types: everything, after_cursor: middle },
      { created_at_gte: at(60_000) },
      { created_at_lt: at(60_000) },
      { created_at_lt: at(10), entity_types: "stack" },
      { ...narrow },
      { ...narrow, entity_types: "stack" },
      { ...narrow, entity_types: everything, after_cursor: middle },
      { created_at_gte: at(200_000), entity_types: everything },
      { created_at_gte: at(10), created_at_lt: at(99_990), entity_types: "stack,face", after_cursor: middle },
    ];
    for (const query of queries) {
      const { given, rowsRead, roundTrips } = await cost(query);
      const bounds = Object.keys(query).filter((name) => name.startsWith("created_at")).length;
      expect(rowsRead, JSON.stringify(query)).toBeLessThanOrEqual(given + 24 + 18 * bounds);
      expect(roundTrips).toBeLessThanOrEqual(2);
    }
  });

  it("can be read to the end", async () => {
    expect(await all({ library_id, limit: "200", entity_types: "stack" })).toHaveLength(100);
  });
});
