import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../src/records/database.ts";
import { noteChange, ReadMemory } from "../../src/records/readMemory.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { sql } from "drizzle-orm";

const NOW_MS = 1_800_000_000_000;
const LIMITS = { lifetimeMs: 5000, maxEntries: 2 };

function openAnother(): Database {
  return openDatabase(countingD1(env.DB).binding, "nearest");
}

function remember(memory: ReadMemory<string>, db: Database, key: string): void {
  memory.begin(db.binding, key, NOW_MS)(`value of ${key}`);
}

describe("a read memory", () => {
  it("keeps a value for its lifetime", () => {
    const [memory, db] = [new ReadMemory<string>(LIMITS), openAnother()];
    expect(memory.get(db.binding, "a", NOW_MS)).toBeUndefined();
    remember(memory, db, "a");
    expect(memory.get(db.binding, "a", NOW_MS + 4999)).toBe("value of a");
    expect(memory.get(db.binding, "a", NOW_MS + 5000)).toBeUndefined();
  });

  it("keeps the newest values, and those of another database apart", () => {
    const [memory, db, other] = [new ReadMemory<string>(LIMITS), openAnother(), openAnother()];
    for (const key of ["a", "b", "c"]) remember(memory, db, key);
    expect(["a", "b", "c"].map((key) => memory.get(db.binding, key, NOW_MS))).toEqual([
      undefined,
      "value of b",
      "value of c",
    ]);
    expect(memory.get(other.binding, "b", NOW_MS)).toBeUndefined();
  });

  it("does not keep a value that was read while a change was made", () => {
    const [memory, db] = [new ReadMemory<string>(LIMITS), openAnother()];
    const keep = memory.begin(db.binding, "a", NOW_MS);
    noteChange();
    keep("old");
    expect(memory.get(db.binding, "a", NOW_MS)).toBeUndefined();
  });
});

describe("every kind of statement that may change a database", () => {
  const update = sql`UPDATE libraries SET name = name WHERE id = 'library_none'`;
  const returning = sql`UPDATE libraries SET name = name WHERE id = 'library_none' RETURNING id`;
  const kinds: [string, (db: Database) => Promise<unknown>][] = [
    ["run", async (db) => await db.orm.run(update)],
    ["all", async (db) => await db.orm.all(returning)],
    ["values", async (db) => await db.orm.values(returning)],
    ["batch", async (db) => await db.orm.batch([db.statement(update)])],
    ["select", async (db) => await db.select([sql`SELECT 1 AS one`])],
  ];

  it.each(kinds)("ends what is remembered: %s in a primary session", async (_, run) => {
    const [memory, db] = [new ReadMemory<string>(LIMITS), openAnother()];
    remember(memory, db, "a");
    await run(db.primary());
    expect(memory.get(db.binding, "a", NOW_MS)).toBeUndefined();
  });

  it("ends what is remembered: a failed one in a primary session", async () => {
    const [memory, db] = [new ReadMemory<string>(LIMITS), openAnother()];
    remember(memory, db, "a");
    await expect(db.primary().orm.run(sql`UPDATE missing_table SET a = 1`)).rejects.toThrow();
    expect(memory.get(db.binding, "a", NOW_MS)).toBeUndefined();
  });

  it("leaves it after reads of a replica", async () => {
    const [memory, db] = [new ReadMemory<string>(LIMITS), openAnother()];
    remember(memory, db, "a");
    await db.select([sql`SELECT 1 AS one`]);
    await db.orm.all(sql`SELECT 1 AS one`);
    expect(memory.get(db.binding, "a", NOW_MS)).toBe("value of a");
  });
});
