/** One D1 session: where reads may be answered from, and the bookmark that makes them repeatable elsewhere. */
import type { SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";

/**
 * `nearest`: any replica will do. `primary`: the newest state, which every write and the checks before it want.
 * A bookmark: at least as new as what its holder has already seen.
 */
export type Consistency = "nearest" | "primary" | { bookmark: string };

export interface Database {
  readonly orm: DrizzleD1Database;
  readonly consistency: Consistency;
  /** A written-out statement as an element of a batch. */
  statement(query: SQL): ReturnType<DrizzleD1Database["run"]>;
  /** Where this session has come to; null before its first query. */
  bookmark(): string | null;
  /** The same database, read at its newest. */
  primary(): Database;
}

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

export function isBookmark(text: string): boolean {
  return BOOKMARK.test(text);
}

function constraintOf(consistency: Consistency): string {
  if (typeof consistency === "object") return consistency.bookmark;
  return consistency === "primary" ? "first-primary" : "first-unconstrained";
}

function unavailable(): never {
  throw new Error("a D1 session has only prepare and batch");
}

/** Drizzle asks for a whole D1Database; of that, a session has the two methods it uses. */
function asDatabase(session: D1DatabaseSession): D1Database {
  return {
    prepare: (query) => session.prepare(query),
    batch: (statements) => session.batch(statements),
    exec: unavailable,
    dump: unavailable,
    withSession: unavailable,
  };
}

export function openDatabase(binding: D1Database, consistency: Consistency): Database {
  const session = binding.withSession(constraintOf(consistency));
  const orm = drizzle(asDatabase(session));
  return {
    orm,
    consistency,
    // Drizzle 0.45 prepares a raw query too late for batch(), which binds its parameters to `stmt`.
    statement: (query) => {
      const raw = orm.run(query);
      return Object.assign(raw, { stmt: session.prepare(raw.getQuery().sql) });
    },
    bookmark: () => session.getBookmark(),
    primary: () => openDatabase(binding, "primary"),
  };
}
