import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { sortName } from "../../../src/kernel/names/sortName.ts";
import { PERSON_SORTS } from "../../../src/routes/people/schemas.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { newPeopleClient, type PeopleClient, type PersonResponse } from "../../support/clients/people.ts";
import { expectError } from "../../support/clients/responses.ts";
import { insertAlbum } from "../../support/clients/tenants.ts";
import { seededRandom } from "../../support/random.ts";
import { insertFaces } from "../../support/rows/personAssets.ts";

interface SeededPerson {
  id: string;
  name: string | null;
  isHidden: boolean;
  assetCount: number;
}

/** Inserts people by SQL, with a stored count of assets. */
async function insertPeople({ libraryId, userId }: PeopleClient, people: Omit<SeededPerson, "id">[]) {
  const rows = people.map((person, i) => ({ ...person, id: newId("person", 1_700_000_000_000 + i) }));
  await sqlAll(
    `INSERT INTO people (id, library_id, user_id, name, folded_name, sort_name, is_hidden, asset_count, created_at, updated_at)
     SELECT value ->> 'id', ?2, ?3, value ->> 'name', value ->> 'id', value ->> 'sortName', value ->> 'isHidden',
       value ->> 'assetCount', 0, 0 FROM json_each(?1)`,
    JSON.stringify(rows.map((row) => ({ ...row, sortName: row.name === null ? null : sortName(row.name) }))),
    libraryId,
    userId,
  );
  await sqlAll("UPDATE people SET folded_name = NULL WHERE name IS NULL AND library_id = ?", libraryId);
  return rows;
}

const NAMES = ["Ann", "ann b", "Änn", "Ann\u0301e", "Bo", "Øst", "ost", "Zoë", "Zoe", "Łukasz", "luk", "李", "Ólafur"];

/** The order that a list should have, from scratch. */
function compareBy(sort: string): (a: SeededPerson, b: SeededPerson) => number {
  const direction = sort.endsWith("_desc") ? -1 : 1;
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return (a, b) => {
    if (sort.startsWith("created_at")) return direction * text(a.id, b.id);
    if (sort.startsWith("asset_count")) return direction * (a.assetCount - b.assetCount || text(a.id, b.id));
    if ((a.name === null) !== (b.name === null)) return a.name === null ? 1 : -1;
    return direction * (text(sortName(a.name ?? ""), sortName(b.name ?? "")) || text(a.id, b.id));
  };
}

async function readAll(client: PeopleClient, query: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ""; ;) {
    const page = await client.listPeople(`${query}&limit=${limit}${cursor}`);
    expect(page.data.length).toBe(page.has_more ? limit : page.data.length);
    ids.push(...page.data.map(({ id }) => id));
    if (!page.has_more) return ids;
    cursor = `&starting_after_id=${page.data.at(-1)?.id}`;
  }
}

describe("GET /api/people", () => {
  let me: PeopleClient;
  let people: SeededPerson[];
  beforeAll(async () => {
    me = await newPeopleClient();
    const random = seededRandom(15);
    people = await insertPeople(
      me,
      Array.from({ length: 60 }, (_, i) => ({
        name: random() < 0.3 ? null : `${NAMES[Math.floor(random() * NAMES.length)]}${random() < 0.5 ? "" : ` ${i}`}`,
        isHidden: random() < 0.3,
        assetCount: Math.floor(random() * 4),
      })),
    );
  });

  const filters: [string, (person: SeededPerson) => boolean][] = [
    ["", (person) => person.name !== null && !person.isHidden],
    ["name_filter=named&include_hidden=true", (person) => person.name !== null],
    ["name_filter=unnamed", (person) => person.name === null && !person.isHidden],
    ["name_filter=unnamed&include_hidden=1", (person) => person.name === null],
    ["name_filter=all&include_hidden=false", (person) => !person.isHidden],
    ["name_filter=all&include_hidden=true", () => true],
  ];

  it.each(PERSON_SORTS)("lists everybody once by %s with every filter, in pages of any size", async (sort) => {
    for (const [query, matches] of filters) {
      if (sort.startsWith("name_") && query.includes("unnamed")) continue;
      const expected = people.filter(matches).toSorted(compareBy(sort));
      expect(expected.length).toBeGreaterThan(5);
      for (const limit of [1, 7, 200]) {
        const ids = await readAll(me, `sort=${sort}&${query}`, limit);
        expect(ids, `${query} ${limit}`).toEqual(expected.map(({ id }) => id));
      }
    }
  });

  it.each(PERSON_SORTS)("sorts the matches of a name, of ids and of both by %s", async (sort) => {
    const some = people.filter((_, i) => i % 3 > 0).map(({ id }) => id);
    const part = (name: string | null): boolean => name !== null && sortName(name).includes("nn");
    const cases: [string, SeededPerson[]][] = [
      ["name=NÑ", people.filter(({ name, isHidden }) => part(name) && !isHidden)],
      [`ids=${some.join(",")}`, people.filter(({ id }) => some.includes(id))],
      [
        `ids=${some.join(",")}&include_hidden=false&name_filter=named`,
        people.filter(({ id, name, isHidden }) => some.includes(id) && name !== null && !isHidden),
      ],
      [`ids=${some.join(",")}&name=nn`, people.filter(({ id, name }) => some.includes(id) && part(name))],
    ];
    for (const [query, expected] of cases) {
      expect(expected.length).toBeGreaterThan(3);
      for (const limit of [2, 200]) {
        expect(await readAll(me, `sort=${sort}&${query}`, limit), query).toEqual(
          expected.toSorted(compareBy(sort)).map(({ id }) => id),
        );
      }
    }
  });

  it("rejects a sort by name of unnamed people, and unknown values, with 422", async () => {
    for (const query of [
      "sort=name_asc&name_filter=unnamed",
      "sort=name_desc&name_filter=unnamed",
      "sort=name",
      "name_filter=some",
      "include=faces",
      "include_hidden=maybe",
      "limit=0",
      "limit=201",
      `ids=${Array.from({ length: 201 }, () => newId("person")).join(",")}`,
    ]) {
      await expectError(await me.send("GET", `/api/people?${query}`), 422);
    }
  });

  it("rejects a cursor of another library or of nobody with 400", async () => {
    const other = await newPeopleClient();
    for (const id of [newId("person"), (await other.newPerson()).id]) {
      await expectError(await me.send("GET", `/api/people?starting_after_id=${id}`), 400);
    }
  });

  it("reads rows in proportion to the page, in every order and with every filter", async () => {
    const large = await newPeopleClient();
    await insertPeople(
      large,
      Array.from({ length: 3000 }, (_, i) => ({
        name: i % 2 === 0 ? null : `Person ${i}`,
        isHidden: i % 5 === 0,
        assetCount: i % 3,
      })),
    );
    const counted = countingD1(env.DB);
    for (const sort of PERSON_SORTS) {
      for (const [query] of filters) {
        if (sort.startsWith("name_") && query.includes("unnamed")) continue;
        let cursor = "";
        for (let page = 0; page < 3; page++) {
          counted.reset();
          const { data } = await large.listPeople(`sort=${sort}&${query}&limit=10${cursor}`, {
            env: { DB: counted.binding },
          });
          cursor = `&starting_after_id=${data.at(-1)?.id}`;
          // Eleven index entries and one more for each further class, twice by name with unnamed people; then a row for
          // each person, besides the library.
          const entries = (11 + 3) * (sort.startsWith("name_") && query.includes("all") ? 2 : 1);
          expect(counted.counts.rowsRead, `${sort} ${query} ${page}`).toBeLessThanOrEqual(entries + 11 + 20);
        }
      }
    }
  });
});

describe("a name filter", () => {
  let me: PeopleClient;
  beforeEach(async () => {
    me = await newPeopleClient();
  });
  const names = async (query: string): Promise<(string | null)[]> =>
    (await me.listPeople(query)).data.map(({ name }) => name);

  it("finds parts of names in another case and with other accents", async () => {
    await me.newPerson({ name: "José Álvarez" });
    await me.newPerson({ name: "Josefine" });
    expect(await names("name=JOSE")).toEqual(["Josefine", "José Álvarez"]);
    expect(await names("name=%20alVÀR%20")).toEqual(["José Álvarez"]);
    expect(await names(`name=${encodeURIComponent("José  Álvarez")}`)).toEqual(["José Álvarez"]);
    expect(await names("name=%20")).toHaveLength(2);
  });

  it("takes % and _ literally and finds nothing in the id behind a name", async () => {
    await me.newPerson({ name: "100%" });
    const person = await me.newPerson({ name: "p_q" });
    expect(await names("name=%25")).toEqual(["100%"]);
    expect(await names("name=_")).toEqual(["p_q"]);
    expect(await names("name=person_")).toEqual([]);
    expect(await names(`name=${person.id.slice(-8).toLowerCase()}`)).toEqual([]);
  });

  it("finds hidden people only if they are included", async () => {
    await me.newPerson({ name: "Ada", is_hidden: true });
    expect(await names("name=ada")).toEqual([]);
    expect(await names("name=ada&include_hidden=true")).toEqual(["Ada"]);
  });
});

describe("a filter by asset or album", () => {
  let me: PeopleClient;
  let assets: string[];
  let ada: PersonResponse;
  let eve: PersonResponse;
  let unnamed: PersonResponse;
  beforeEach(async () => {
    me = await newPeopleClient();
    assets = await me.newAssets([{}, {}, {}]);
    [ada, eve, unnamed] = [
      await me.newPerson({ name: "Ada" }),
      await me.newPerson({ name: "Eve" }),
      await me.newPerson(),
    ];
    const [first = "", second = "", third = ""] = assets;
    for (const [asset, person] of [
      [first, ada],
      [first, ada],
      [first, unnamed],
      [second, eve],
      [third, eve],
    ] as const) {
      await me.newFace(asset, person.id);
    }
    await me.newFace(first);
  });
  const ids = async (query: string): Promise<string[]> => (await me.listPeople(query)).data.map(({ id }) => id);

  it("lists the people of an asset once each", async () => {
    expect(await ids(`asset_id=${assets[0]}`)).toEqual([ada.id]);
    expect(await ids(`asset_id=${assets[0]}&name_filter=all`)).toEqual([unnamed.id, ada.id]);
    expect(await ids(`asset_id=${newId("asset")}`)).toEqual([]);
  });

  it("lists the people of the live assets of an album", async () => {
    const albumId = await insertAlbum(me);
    await me.send("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: assets } });
    await me.send("POST", "/api/assets/trash", { json: { ids: [assets[2]] } });
    expect(await ids(`album_id=${albumId}`)).toEqual([eve.id, ada.id]);
    await me.send("POST", "/api/assets/trash", { json: { ids: [assets[1]] } });
    expect(await ids(`album_id=${albumId}&sort=asset_count_desc`)).toEqual([ada.id]);
    expect(await ids(`album_id=${albumId}&ids=${eve.id},${ada.id}&asset_id=${assets[0]}`)).toEqual([ada.id]);
  });

  it("reads two rows of each live membership and one of each person there, however many faces a photo has", async () => {
    const albumId = await insertAlbum(me);
    const many = await me.newAssets(Array.from({ length: 100 }, () => ({})));
    await me.send("POST", `/api/albums/${albumId}/assets`, { json: { asset_ids: many } });
    await insertFaces(
      me,
      many.flatMap((assetId) => Array.from({ length: 5 }, () => ({ assetId, personId: ada.id }))),
    );
    const { binding, counts } = countingD1(env.DB);
    const page = await me.listPeople(`album_id=${albumId}`, { env: { DB: binding } });
    expect(page.data.map(({ id }) => id)).toEqual([ada.id]);
    expect(counts.rowsRead).toBeLessThan(3 * many.length + 50);
  });

  it("is 404 for an album that is unknown or of another tenant", async () => {
    const other = await newPeopleClient();
    for (const id of [newId("album"), await insertAlbum(other)]) {
      await expectError(await me.send("GET", `/api/people?album_id=${id}`), 404);
    }
  });
});

describe("asset_count", () => {
  it("counts live assets once each, and follows the trash", async () => {
    const me = await newPeopleClient();
    const [first = "", second = ""] = await me.newAssets([{}, {}]);
    const person = await me.newPerson({ name: "Ada" });
    for (const asset of [first, first, second]) await me.newFace(asset, person.id);
    const count = async (): Promise<number | null> => (await me.getPerson(person.id)).asset_count;
    expect(await count()).toBe(2);
    await me.takeEvents();
    await me.send("POST", "/api/assets/trash", { json: { ids: [first] } });
    expect(await count()).toBe(1);
    await me.send("POST", "/api/assets/restore", { json: { ids: [first] } });
    expect(await count()).toBe(2);
    expect(await me.takeEvents()).toEqual([]);
    await me.send("DELETE", `/api/assets/${first}`);
    expect(await count()).toBe(1);
    expect((await me.takeEvents()).map((event) => event.event_type)).toEqual(["face_deleted", "face_deleted"]);
  });
});
