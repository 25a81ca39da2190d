/**
 * Observes the statements of a session: the rows that D1 reports as read, whether they may change the database, and whether
 * they insert events.
 */
import { noteChange } from "./readMemory.ts";

export interface SessionCounter {
  rowsRead: number;
  /** Events were inserted, or may have been by a batch whose response is lost. The owner of the counter resets it. */
  hasNewEvents: boolean;
}

export interface SessionOptions {
  /** Adds up the rows of statements, except those run by `raw()`, which select few rows. */
  counter: SessionCounter;
  /** Every statement of a primary session counts as a change. */
  isPrimary: boolean;
}

type Session = Pick<D1DatabaseSession, "prepare" | "batch">;

const INSERTS_EVENTS = /^\s*INSERT INTO events\b/;

function unavailable(): never {
  throw new Error("not supported by an observed D1 session");
}

/** Batches receive the original statements, because D1 rejects wrapped ones. */
export function observeSession(session: Session, { counter, isPrimary }: SessionOptions): Session {
  const originals = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; insertsEvents: boolean }>();
  /** A change may have taken effect even if its response is lost. */
  const settle = <T>(result: Promise<T>): Promise<T> => (isPrimary ? result.finally(noteChange) : result);
  const count = <T>(result: D1Result<T>): D1Result<T> => {
    counter.rowsRead += result.meta.rows_read;
    // A read may store what it derived, such as a rendition.
    if (result.meta.rows_written > 0) noteChange();
    return result;
  };
  const wrap = (statement: D1PreparedStatement, insertsEvents: boolean): D1PreparedStatement => {
    function raw<T = unknown[]>(options: { columnNames: true }): Promise<[string[], ...T[]]>;
    function raw<T = unknown[]>(options?: { columnNames?: false }): Promise<T[]>;
    function raw(options?: { columnNames?: boolean }): Promise<unknown> {
      return settle(options?.columnNames === true ? statement.raw({ columnNames: true }) : statement.raw());
    }
    const wrapped: D1PreparedStatement = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values), insertsEvents),
      all: async <T>() => count(await settle(statement.all<T>())),
      run: async <T>() => count(await settle(statement.run<T>())),
      first: unavailable,
      raw,
    };
    originals.set(wrapped, { statement, insertsEvents });
    return wrapped;
  };
  return {
    prepare: (query) => wrap(session.prepare(query), INSERTS_EVENTS.test(query)),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const prepared = statements.map((each) => originals.get(each) ?? { statement: each, insertsEvents: false });
      const mayInsert = (i: number): boolean => prepared[i]?.insertsEvents === true;
      try {
        const results = await settle(session.batch<T>(prepared.map(({ statement }) => statement)));
        if (results.some(({ meta }, i) => mayInsert(i) && meta.rows_written > 0)) counter.hasNewEvents = true;
        return results.map(count);
      } catch (error) {
        if (prepared.some((_, i) => mayInsert(i))) counter.hasNewEvents = true;
        throw error;
      }
    },
  };
}
