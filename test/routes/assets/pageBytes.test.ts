/** Pages of assets are bounded in bytes, and read only the columns that they show. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { MAX_CAPTION_BYTES, MAX_NAME_BYTES } from "../../../src/kernel/textLimits.ts";
import { MAX_PAGE_TEXT_BYTES } from "../../../src/records/assets/lists/listColumns.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { seedLibrary, type Seeded } from "../../support/rows/seed.ts";

const MIB = 1024 * 1024;
const COUNT = 300;
const counted = countingD1(env.DB);

/** Two libraries: one with the largest rows, one with the usual ones. */
let large: Seeded;
let usual: Seeded;

const caption = "x".repeat(MAX_CAPTION_BYTES);
const name = "y".repeat(MAX_NAME_BYTES);
const texts = [
  "make",
  "model",
  "lensModel",
  "city",
  "state",
  "country",
  "sublocation",
  "livePhotoCid",
  "projectionType",
];

beforeAll(async () => {
  const { userId } = await getRootOwner();
  large = await seedLibrary(userId, COUNT);
  usual = await seedLibrary(userId, COUNT);
  const file = JSON.stringify({ ...Object.fromEntries(texts.map((field) => [field, name])), description: caption });
  await sqlAll(
    "UPDATE assets SET file_metadata = ?, user_metadata = ?, description = ? WHERE library_id = ?",
    file,
    JSON.stringify({ description: caption }),
    "z".repeat(8000),
    large.libraryId,
  );
  const camera = { make: "Canon", model: "Canon EOS 80D", lensModel: "EF24-70mm f/2.8L II USM", iso: 100, fNumber: 8 };
  await sqlAll(
    "UPDATE assets SET file_metadata = ? WHERE library_id = ?",
    JSON.stringify({ ...camera, description: "A falcon on a rock", originalDatetime: { wallUs: 0, offsetMinutes: 0 } }),
    usual.libraryId,
  );
});

const pageSchema = z.object({
  data: z.array(
    z.looseObject({ id: z.string(), metadata: z.looseObject({ description: z.string().nullable() }).nullable() }),
  ),
  has_more: z.boolean(),
});

async function readPage(library: Seeded, query: string) {
  counted.reset();
  const path = `/api/assets?library_id=${library.libraryId}&${query}`;
  const response = await call("GET", path, { env: { DB: counted.binding } });
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(200);
  return { ...pageSchema.parse(JSON.parse(text)), characters: text.length };
}

/** Reads the list to its end. */
async function readAll(library: Seeded, query: string) {
  const ids: string[] = [];
  const sizes: number[] = [];
  for (let cursor = ""; ;) {
    const page = await readPage(library, `${query}${cursor}`);
    ids.push(...page.data.map(({ id }) => id));
    sizes.push(page.data.length);
    expect(page.characters).toBeLessThan(12 * MIB);
    expect(counted.counts.resultCharacters).toBeLessThan(12 * MIB);
    if (!page.has_more) return { ids, sizes };
    cursor = `&starting_after_id=${ids.at(-1)}`;
  }
}

async function storedIds(library: Seeded, where = "trashed_at IS NULL", order = "local_us DESC, id DESC") {
  const rows = await sqlAll(
    `SELECT id FROM assets WHERE library_id = ? AND ${where} ORDER BY ${order}`,
    library.libraryId,
  );
  return rows.map(({ id }) => id);
}

/** Whether the program that SQLite runs for the recorded statement loads the column of the assets table. */
async function loadsColumn(column: string): Promise<boolean> {
  const statement = counted.counts.statements.find(({ sql }) => /text_bytes/.test(sql));
  if (statement === undefined) throw new Error("no page was read");
  // Virtual columns are not stored, so the position among the stored ones is the operand of the Column opcode.
  const [stored] = await sqlAll(
    `SELECT position FROM (SELECT name, row_number() OVER (ORDER BY cid) - 1 AS position
       FROM pragma_table_xinfo('assets') WHERE hidden <> 2) WHERE name = ?`,
    column,
  );
  const [table] = await sqlAll("SELECT rootpage FROM sqlite_master WHERE name = 'assets'");
  const program = await sqlAll(`EXPLAIN ${statement.sql}`, ...statement.values);
  const cursors = new Set(
    program.filter(({ opcode, p2 }) => opcode === "OpenRead" && p2 === table?.rootpage).map(({ p1 }) => p1),
  );
  expect(cursors.size).toBeGreaterThan(0);
  return program.some(({ opcode, p1, p2 }) => opcode === "Column" && cursors.has(p1) && p2 === stored?.position);
}

describe("a page of assets with the largest rows", () => {
  it("is shorter than its limit, and the pages hold every asset once, in order", async () => {
    for (const [query, where, order] of [
      ["limit=1000", "trashed_at IS NULL", "local_us DESC, id DESC"],
      ["limit=200&include=metadata,metrics", "trashed_at IS NULL", "local_us DESC, id DESC"],
      ["limit=1000&order=asc&state=all", "TRUE", "local_us, id"],
      ["limit=1000&bbox=-180,-90,180,90", "trashed_at IS NULL AND latitude IS NOT NULL", "local_us DESC, id DESC"],
      ["limit=1000&state=trashed", "trashed_at IS NOT NULL", "trashed_at DESC, id DESC"],
      [`limit=1000&album_id=${large.albumId}`, "album_count > 0 AND trashed_at IS NULL", "local_us DESC, id DESC"],
    ] as const) {
      const { ids, sizes } = await readAll(large, query);
      expect(ids, query).toEqual(await storedIds(large, where, order));
      const rowBytes = 2 * MAX_CAPTION_BYTES + texts.length * MAX_NAME_BYTES;
      expect(Math.max(...sizes), query).toBeLessThanOrEqual(MAX_PAGE_TEXT_BYTES / rowBytes);
    }
  });

  it("holds all of a list of ids, because clients take a missing id for deleted", async () => {
    const ids = (await storedIds(large)).slice(0, 200);
    const page = await readPage(large, `ids=${ids.join(",")}&include=metadata&limit=200`);
    expect(page.data.map(({ id }) => id)).toEqual(ids);
    expect(page.has_more).toBe(false);
    expect(page.characters).toBeLessThan(13 * MIB);
  });

  it("shows the long texts", async () => {
    const { data } = await readPage(large, "limit=3");
    for (const asset of data) expect(asset.metadata).toMatchObject({ description: caption, make: name, city: name });
  });

  it("costs one more round trip and reads each row twice", async () => {
    await readPage(large, "limit=50&include=metadata");
    const statements = counted.counts.statements.filter(({ sql }) => /file_metadata/.test(sql));
    expect(statements.map(({ rowsRead }) => rowsRead)).toEqual([51, 50]);
  });

  it("without groups is complete and reads no metadata", async () => {
    const { data } = await readPage(large, "limit=200&include=");
    expect(data).toHaveLength(200);
    expect(counted.counts.resultCharacters).toBeLessThan(200 * 9 * 1024);
    for (const column of ["file_metadata", "user_metadata", "derived_metadata", "metrics", "checksum", "device_id"]) {
      expect(await loadsColumn(column), column).toBe(false);
    }
    expect(await loadsColumn("mime_type")).toBe(true);
  });

  it.each(["bbox=-180,-90,180,90", "state=trashed&local_datetime_after=2010-01-01T00:00:00", "state=all"])(
    "without groups reads no metadata with %s",
    async (filter) => {
      await readPage(large, `limit=200&include=&${filter}`);
      expect(await loadsColumn("file_metadata")).toBe(false);
      await readPage(large, `limit=200&include=metadata&${filter}`);
      expect(await loadsColumn("file_metadata")).toBe(true);
    },
  );
});

describe("a page of assets with texts of 4 KiB", () => {
  it("holds a thousand of them", async () => {
    const { userId } = await getRootOwner();
    const library = await seedLibrary(userId, 1000);
    const file = JSON.stringify({ description: "x".repeat(4100) });
    await sqlAll("UPDATE assets SET file_metadata = ? WHERE library_id = ?", file, library.libraryId);
    const { data, has_more } = await readPage(library, "limit=1000");
    expect([data.length, has_more]).toEqual([980, false]);
    for (const asset of data) expect(asset.metadata?.description).toHaveLength(4100);
  });
});

describe("a page of usual assets", () => {
  it("is complete, in one query that reads each row once", async () => {
    for (const query of ["limit=200", "limit=200&include=metadata,file_data,variants"]) {
      expect((await readPage(usual, query)).data).toHaveLength(200);
      const pages = counted.counts.statements.filter(({ sql }) => /text_bytes/.test(sql));
      expect(pages.map(({ rowsRead }) => rowsRead)).toEqual([201]);
    }
  });

  it.each([
    ["", ["file_metadata", "user_metadata", "metrics", "checksum", "device_id"]],
    ["metrics", ["file_metadata", "checksum", "device_id"]],
    ["metadata", ["metrics", "checksum", "device_id"]],
    ["file_data", ["file_metadata", "metrics"]],
    ["variants,faces,people", ["file_metadata", "metrics", "checksum", "device_id"]],
  ])("with include=%s reads only the columns of these groups", async (include, others) => {
    const { data } = await readPage(usual, `include=${include}`);
    expect(data).toHaveLength(20);
    const [page] = counted.counts.statements.filter(({ sql }) => /text_bytes/.test(sql));
    for (const column of others) expect(page?.sql).not.toContain(column);
    expect(page?.sql).toContain('"description"');
  });

  it("equals the asset itself, with every group", async () => {
    const groups = "include=metadata,faces,people,metrics,file_data,variants,legacy";
    const { data } = await readPage(usual, `limit=5&${groups}`);
    for (const asset of data) {
      expect(await (await call("GET", `/api/assets/${asset.id}?${groups}`)).json()).toEqual(asset);
    }
  });
});

describe("the list of an album without pages", () => {
  it("streams every asset, however large", async () => {
    const response = await call("GET", `/api/albums/${large.albumId}/assets`);
    const assets = z.array(z.looseObject({ id: z.string() })).parse(await response.json());
    const expected = await storedIds(large, "album_count > 0 AND trashed_at IS NULL");
    expect(assets.map(({ id }) => id)).toEqual(expected);
  });
});

describe("a bulk update of assets with the largest rows", () => {
  it("reads and returns none of the texts of their files, and keeps them", async () => {
    const ids = (await storedIds(large)).slice(0, 200);
    counted.reset();
    const change = { latitude: 48.2, longitude: 16.37, original_datetime: "2020-01-02T03:04:05" };
    const response = await call("POST", "/api/assets/bulk-update", {
      env: { DB: counted.binding },
      json: { updates: ids.map((id) => ({ id, change })) },
    });
    expect(response.status).toBe(200);
    // The user's captions alone have 200 × 16 KiB in each direction.
    expect(counted.counts.resultCharacters).toBeLessThan(2 * 200 * (MAX_CAPTION_BYTES + 3000));
    const { data } = await readPage(large, `ids=${ids.slice(0, 3).join(",")}`);
    for (const asset of data)
      expect(asset.metadata).toMatchObject({ description: caption, make: name, latitude: 48.2 });
    const [row] = await sqlAll("SELECT description, file_metadata FROM assets WHERE id = ?", ids[0]);
    expect(row?.description).toBe("z".repeat(8000));
    expect(JSON.parse(String(row?.file_metadata))).toMatchObject({ description: caption, make: name, city: name });
  });
});
