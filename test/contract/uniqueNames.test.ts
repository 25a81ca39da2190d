/** Names of albums and libraries: trimmed, and unique without regard to case, composition and outer space. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../src/kernel/ids.ts";
import { MAX_NAMES_FOLDED_AT_ONCE } from "../../src/records/names.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { sqlAll } from "../support/clients/account.ts";
import { call, uniqueBytes, upload } from "../support/clients/api.ts";
import { expectError } from "../support/clients/responses.ts";
import { insertKey, insertLibrary, insertUser } from "../support/clients/tenants.ts";

const named = z.object({ id: z.string(), name: z.string(), description: z.string().nullable() });
type Named = z.output<typeof named>;

interface Tenant {
  userId: string;
  libraryId: string;
  token: string;
}

let tenant: Tenant;
beforeEach(async () => {
  const userId = await insertUser();
  tenant = { userId, libraryId: await insertLibrary(userId), token: (await insertKey({ userId })).secret };
});

interface Noun {
  path: string;
  table: string;
  /** Inserts rows of one name as an older release did: without a folded name. Returns their ids. */
  insertOld: (name: string, count: number) => Promise<string[]>;
}

async function insertRows(table: string, prefix: "album" | "library", columns: string, name: string, count: number) {
  const ids = Array.from({ length: count }, (_, i) => newId(prefix, i));
  await sqlAll(
    `INSERT INTO ${table} (id, ${columns}, name, created_at, updated_at)
     SELECT value, ?2, ?3, replace(?4, '#', key), 0, 0 FROM json_each(?1)`,
    JSON.stringify(ids),
    tenant.userId,
    tenant.libraryId,
    name,
  );
  return ids;
}

const nouns: [string, Noun][] = [
  [
    "an album",
    {
      path: "/api/albums",
      table: "albums",
      insertOld: async (name, count) => await insertRows("albums", "album", "user_id, library_id", name, count),
    },
  ],
  [
    "a library",
    {
      path: "/api/libraries",
      table: "libraries",
      // Libraries have no library: the column takes its id as the description.
      insertOld: async (name, count) => await insertRows("libraries", "library", "user_id, description", name, count),
    },
  ],
];

const inTenantsLibrary = ({ path }: Noun): object => (path === "/api/albums" ? { library_id: tenant.libraryId } : {});

async function post(noun: Noun, json: Record<string, unknown>, headers: Record<string, string> = {}) {
  const body = { ...inTenantsLibrary(noun), ...json };
  return await call("POST", noun.path, { token: tenant.token, json: body, headers });
}

async function create(noun: Noun, json: Record<string, unknown>): Promise<Named> {
  const response = await post(noun, json);
  expect(response.status).toBe(201);
  return named.parse(await response.json());
}

async function patch({ path }: Noun, id: string, json: Record<string, unknown>): Promise<Response> {
  return await call("PATCH", `${path}/${id}`, { token: tenant.token, json });
}

async function expectTaken(response: Response): Promise<void> {
  expect((await expectError(response, 409)).message).toMatch(/has the name/);
  expect(response.headers.get("x-should-retry")).toBe("false");
}

function sortedStatuses(responses: Response[]): number[] {
  return responses.map(({ status }) => status).toSorted((a, b) => a - b);
}

async function countOf({ table }: Noun): Promise<unknown> {
  return (await sqlAll(`SELECT count(*) AS n FROM ${table} WHERE user_id = ?`, tenant.userId))[0]?.["n"];
}

describe.each(nouns)("the name of %s", (_, noun) => {
  it("is stored without outer space", async () => {
    expect((await create(noun, { name: " \t Summer \u3000" })).name).toBe("Summer");
    const other = await create(noun, { name: "Winter" });
    expect(await (await patch(noun, other.id, { name: "\nSpring " })).json()).toMatchObject({ name: "Spring" });
  });

  it.each(["", " ", "\t\n", "\u00a0\u3000", " ".repeat(1000)])("is refused with 422 if blank: %j", async (name) => {
    const { id } = await create(noun, { name: "kept" });
    for (const response of [await post(noun, { name }), await patch(noun, id, { name })]) {
      expect((await expectError(response, 422)).message).toMatch(/must not be blank/);
    }
  });

  it.each([
    ["the same", "Summer 2026", "Summer 2026"],
    ["of another case", "Summer 2026", "SUMMER 2026"],
    ["of another case that has more letters", "Straße", "STRASSE"],
    ["of another composition", "Cafe\u0301", "CAFÉ"],
    ["with outer space", "Summer", "  Summer "],
    ["of 1,000 characters", "x".repeat(1000), "X".repeat(1000)],
  ])("returns the existing one with 200 for a name that is %s", async (__, name, again) => {
    const first = await create(noun, { name, description: "d" });
    for (const json of [{ name: again }, { name: again, description: "d" }, { name: again, description: null }]) {
      const response = await post(noun, json);
      expect([response.status, named.parse(await response.json())], JSON.stringify(json)).toEqual([200, first]);
    }
  });

  it.each([
    ["in width", "Album", "Ａlbum"],
    ["in inner space", "Summer 2026", "Summer  2026"],
    ["in accents", "Cafe", "Café"],
    ["in the dot of an i", "ilik", "ılık"],
  ])("is another one if it differs %s", async (__, name, other) => {
    await create(noun, { name });
    await create(noun, { name: other });
  });

  it("is refused with a terminal 409 if a supplied field differs", async () => {
    const { id } = await create(noun, { name: "Summer", description: "d" });
    await expectTaken(await post(noun, { name: "summer", description: "other" }));
    await expectTaken(await post(noun, { name: "summer", description: "" }));
    await create(noun, { name: "undescribed" });
    expect((await post(noun, { name: "undescribed", description: "" })).status).toBe(200);
    expect(await (await call("GET", `${noun.path}/${id}`, { token: tenant.token })).json()).toMatchObject({
      name: "Summer",
      description: "d",
    });
  });

  it("is refused with a terminal 409 in a rename, and is free for its own row", async () => {
    const [first, second] = [await create(noun, { name: "first" }), await create(noun, { name: "second" })];
    await expectTaken(await patch(noun, second.id, { name: " FIRST" }));
    await expectTaken(await patch(noun, second.id, { name: "First", description: "not written" }));
    expect(await (await patch(noun, second.id, { name: "SECOND" })).json()).toMatchObject({
      name: "SECOND",
      description: second.description,
    });
    expect((await patch(noun, first.id, { name: "first" })).status).toBe(200);
    expect((await patch(noun, first.id, { name: "third" })).status).toBe(200);
    expect((await patch(noun, second.id, { name: "First" })).status).toBe(200);
  });

  it("is given to one of 20 concurrent creations; the others return it", async () => {
    const before = Number(await countOf(noun));
    const names = Array.from({ length: 20 }, (__, i) => (i % 2 === 0 ? "Race" : " RACE"));
    const responses = await Promise.all(names.map(async (name) => await post(noun, { name })));
    expect(sortedStatuses(responses)).toEqual([...Array(19).fill(200), 201]);
    const ids = await Promise.all(responses.map(async (response) => named.parse(await response.json()).id));
    expect(new Set(ids).size).toBe(1);
    expect(await countOf(noun)).toBe(before + 1);
  });

  it("is given to one of 20 concurrent renames", async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, async (__, i) => await create(noun, { name: `before ${i}` })),
    );
    const responses = await Promise.all(made.map(async ({ id }) => await patch(noun, id, { name: "After" })));
    expect(sortedStatuses(responses)).toEqual([200, ...Array(19).fill(409)]);
  });

  it("is stored once for a key, whose repetition returns the first answer", async () => {
    const key = { "idempotency-key": crypto.randomUUID() };
    const responses = await Promise.all(
      Array.from({ length: 5 }, async () => await post(noun, { name: "Keyed" }, key)),
    );
    expect(responses.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    const repeated = await post(noun, { name: "keyed" });
    expect(repeated.status).toBe(200);
    expect(new Set(await Promise.all(responses.map(async (each) => await each.text()))).size).toBe(1);
  });

  it("is unique among rows of older releases too, which keep their doubles", async () => {
    const doubles = await noun.insertOld("ÉTÉ", 3);
    const response = await post(noun, { name: "été" });
    expect([response.status, named.parse(await response.json()).id]).toEqual([200, doubles[0]]);
    const { id } = await create(noun, { name: "hiver" });
    await expectTaken(await patch(noun, id, { name: "Été" }));
    // A double may change its spelling, and another field, but not take yet another one's name.
    expect((await patch(noun, doubles[1] ?? "", { name: "Été", description: "d" })).status).toBe(200);
    await expectTaken(await patch(noun, doubles[2] ?? "", { name: "HIVER" }));
    await expectTaken(await post(noun, { name: "été", description: "of none" }));
    expect(await countOf(noun)).toBe(noun.table === "albums" ? 4 : 5);
  });

  it("is the one that an older release gave, which knows no folded names", async () => {
    const { id } = await create(noun, { name: "before" });
    await sqlAll(`UPDATE ${noun.table} SET name = 'After' WHERE id = ?`, id);
    const response = await post(noun, { name: "AFTER" });
    expect([response.status, named.parse(await response.json()).id]).toEqual([200, id]);
    await create(noun, { name: "Before" });
    await expectTaken(await patch(noun, id, { name: "before" }));
  });

  it("costs the names of older releases to be folded once", async () => {
    await noun.insertOld("old #", MAX_NAMES_FOLDED_AT_ONCE + 1);
    // Records the first use of the key.
    await call("GET", "/api/users/me", { token: tenant.token });
    const counted = countingD1(env.DB);
    const tripsOf = async (name: string): Promise<number> => {
      counted.reset();
      const json = { ...inTenantsLibrary(noun), name };
      const response = await call("POST", noun.path, { token: tenant.token, json, env: { DB: counted.binding } });
      expect(response.status).toBe(201);
      return counted.counts.roundTrips;
    };
    const first = await tripsOf("first");
    const later = await tripsOf("later");
    // The credential, the names that are not folded yet, the creation, and the owner of a library.
    expect(later).toBeLessThanOrEqual(4);
    expect(first - later).toBe(3);
    await expectTaken(await post(noun, { name: "OLD 7", description: "x" }));
  });
});

describe("the name of an album", () => {
  it("is free in another library, and after its album was deleted", async () => {
    const [, album] = nouns[0] ?? [];
    if (album === undefined) throw new Error("no noun");
    const { id } = await create(album, { name: "Summer" });
    const other = await insertLibrary(tenant.userId);
    await create(album, { name: "Summer", library_id: other });
    expect((await call("DELETE", `/api/albums/${id}`, { token: tenant.token })).status).toBe(200);
    await create(album, { name: "summer", description: "again" });
  });

  it("is New Album without one, which one album of a library has", async () => {
    const statuses = [];
    for (const description of [undefined, undefined, "described"]) {
      const json = { library_id: tenant.libraryId, ...(description === undefined ? {} : { description }) };
      statuses.push((await call("POST", "/api/albums", { token: tenant.token, json })).status);
    }
    expect(statuses).toEqual([201, 200, 409]);
  });

  it("is unique in a full library too", async () => {
    const json = { library_id: tenant.libraryId, name: "only" };
    const full = { token: tenant.token, env: { MAX_ALBUMS_PER_LIBRARY: "1" } };
    const statuses = [];
    for (const name of ["only", "ONLY", "another"]) {
      statuses.push((await call("POST", "/api/albums", { ...full, json: { ...json, name } })).status);
    }
    expect(statuses).toEqual([201, 200, 409]);
  });
});

describe("the name of a library", () => {
  const library = nouns[1]?.[1];

  it("stays taken while the library is in the trash, and is free for another user", async () => {
    if (library === undefined) throw new Error("no noun");
    const { id } = await create(library, { name: "Family" });
    expect((await call("POST", `/api/libraries/${id}/trash`, { token: tenant.token })).status).toBe(200);
    await expectTaken(await post(library, { name: "family" }));
    await expectTaken(await patch(library, tenant.libraryId, { name: "family" }));
    expect((await call("POST", `/api/libraries/${id}/restore`, { token: tenant.token })).status).toBe(200);
    expect((await post(library, { name: "family" })).status).toBe(200);
    const userId = await insertUser();
    const token = (await insertKey({ userId })).secret;
    expect((await call("POST", "/api/libraries", { token, json: { name: "Family" } })).status).toBe(201);
  });

  it("gets a number for the library that an upload creates while the trash has a Default Library", async () => {
    await sqlAll(
      "UPDATE libraries SET name = 'DEFAULT library', folded_name = NULL, trashed_at = 1 WHERE id = ?",
      tenant.libraryId,
    );
    expect((await upload(uniqueBytes(), { token: tenant.token })).status).toBe(201);
    const listed = await call("GET", "/api/libraries", { token: tenant.token });
    expect(await listed.json()).toMatchObject([{ name: "Default Library 2" }]);
  });
});

describe("the last live library", () => {
  it("is not trashed: 409, terminal; another one makes it possible", async () => {
    const trash = async (id: string) => await call("POST", `/api/libraries/${id}/trash`, { token: tenant.token });
    const refused = await trash(tenant.libraryId);
    expect((await expectError(refused, 409)).message).toMatch(/last live library/);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    const other = await insertLibrary(tenant.userId);
    const both = await Promise.all([trash(tenant.libraryId), trash(other)]);
    expect(sortedStatuses(both)).toEqual([200, 409]);
    const trashed = both[0]?.status === 200 ? tenant.libraryId : other;
    expect((await trash(trashed)).status).toBe(200);
  });
});
