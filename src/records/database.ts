/** D1 sessions: the consistency of reads, and the bookmark for later sessions. */
import type { SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { observeSession, type SessionCounter } from "./observedSession.ts";

/**
 * `nearest`: any replica. `primary`: the newest state, for writes and the checks before them. A bookmark: at least as
 * recent as the session that returned it.
 */
export type Consistency = "nearest" | "primary" | { bookmark: string };

export interface Database {
  /** Identifies the database in memory. */
  readonly binding: object;
  readonly orm: DrizzleD1Database;
  readonly consistency: Consistency;
  /** The credential that the events of this session's writes name; null for the service's own work. */
  readonly actor: string | null;
  /** A raw SQL statement as an element of a batch. */
  statement(query: SQL): ReturnType<DrizzleD1Database["run"]>;
  /** Runs SELECTs in one round trip and returns their rows by column name. */
  select(queries: readonly SQL[]): Promise<Record<string, unknown>[][]>;
  /** The session's current bookmark; null before its first query. */
  bookmark(): string | null;
  /** Rows that D1 read for this session and its `primary` sessions, as far as it reports them. */
  rowsRead(): number;
  /** A session of the same database that reads the newest state. */
  primary(): Database;
}

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

export function isBookmark(text: string): boolean {
  return BOOKMARK.test(text);
}

function sessionConstraint(consistency: Consistency): string {
  if (typeof consistency === "object") return consistency.bookmark;
  return consistency === "primary" ? "first-primary" : "first-unconstrained";
}

function unavailable(): never {
  throw new Error("not supported by a D1 session");
}

/** Drizzle requires a D1Database, but uses only the two methods that a session has. */
function asDatabase(session: Pick<D1DatabaseSession, "prepare" | "batch">): D1Database {
  return {
    ...session,
    exec: unavailable,
    dump: unavailable,
    withSession: unavailable,
  };
}

const dialect = new SQLiteAsyncDialect();

function prepare(session: Pick<D1DatabaseSession, "prepare">, query: SQL): D1PreparedStatement {
  const { sql, params } = dialect.sqlToQuery(query);
  return session.prepare(sql).bind(...params);
}

/** Opens a session. `actor` is called for each write, because a request's session opens before its authentication. */
export function openDatabase(
  binding: Pick<D1Database, "withSession">,
  consistency: Consistency,
  actor: () => string | null = () => null,
  counter: SessionCounter = { rowsRead: 0, hasNewEvents: false },
): Database {
  const session = binding.withSession(sessionConstraint(consistency));
  const observed = observeSession(session, { counter, isPrimary: consistency === "primary" });
  let orm: DrizzleD1Database | undefined;
  const openOrm = (): DrizzleD1Database => (orm ??= drizzle(asDatabase(observed)));
  return {
    binding,
    get orm() {
      return openOrm();
    },
    consistency,
    get actor() {
      return actor();
    },
    // Drizzle 0.45 leaves raw queries unprepared before batch(), which binds parameters to `stmt`.
    statement: (query) => {
      const raw = openOrm().run(query);
      return Object.assign(raw, { stmt: observed.prepare(raw.getQuery().sql) });
    },
    select: async (queries) => {
      const statements = queries.map((query) => prepare(observed, query));
      const results = await observed.batch<Record<string, unknown>>(statements);
      return results.map(({ results: rows }) => rows);
    },
    bookmark: () => session.getBookmark(),
    rowsRead: () => counter.rowsRead,
    primary: () => openDatabase(binding, "primary", actor, counter),
  };
}
