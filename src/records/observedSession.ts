/** Observes the statements of a session: the rows that D1 reports as read, and whether they may change the database. */
import { noteChange } from "./readMemory.ts";

export interface RowCounter {
  rowsRead: number;
}

export interface SessionOptions {
  /** Adds up the rows of statements, except those run by `raw()`, which select few rows. */
  counter: RowCounter;
  /** Every statement of a primary session counts as a change. */
  isPrimary: boolean;
}

type Session = Pick<D1DatabaseSession, "prepare" | "batch">;

function unavailable(): never {
  throw new Error("not supported by an observed D1 session");
}

/** Batches receive the original statements, because D1 rejects wrapped ones. */
export function observeSession(session: Session, { counter, isPrimary }: SessionOptions): Session {
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  /** A change may have taken effect even if its response is lost. */
  const settle = <T>(result: Promise<T>): Promise<T> => (isPrimary ? result.finally(noteChange) : result);
  const count = <T>(result: D1Result<T>): D1Result<T> => {
    counter.rowsRead += result.meta.rows_read;
    // A read may store what it derived, such as a rendition.
    if (result.meta.rows_written > 0) noteChange();
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    function raw<T = unknown[]>(options: { columnNames: true }): Promise<[string[], ...T[]]>;
    function raw<T = unknown[]>(options?: { columnNames?: false }): Promise<T[]>;
    function raw(options?: { columnNames?: boolean }): Promise<unknown> {
      return settle(options?.columnNames === true ? statement.raw({ columnNames: true }) : statement.raw());
    }
    const wrapped: D1PreparedStatement = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async <T>() => count(await settle(statement.all<T>())),
      run: async <T>() => count(await settle(statement.run<T>())),
      first: unavailable,
      raw,
    };
    originals.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (query) => wrap(session.prepare(query)),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const unwrapped = statements.map((statement) => originals.get(statement) ?? statement);
      return (await settle(session.batch<T>(unwrapped))).map(count);
    },
  };
}
