/** Counts the rows that D1 reports as read, for the statements of one session. */

export interface RowCounter {
  rowsRead: number;
}

/**
 * Wraps a session so that `counter` adds up the rows of its statements. Statements run by `raw()` and `first()` select
 * few rows and are left out. Batches receive the original statements, because D1 rejects wrapped ones.
 */
export function countRowsRead(
  session: D1DatabaseSession,
  counter: RowCounter,
): Pick<D1DatabaseSession, "prepare" | "batch"> {
  const originals = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const count = <T>(result: D1Result<T>): D1Result<T> => {
    counter.rowsRead += result.meta.rows_read;
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped: D1PreparedStatement = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async <T>() => count(await statement.all<T>()),
      run: async <T>() => count(await statement.run<T>()),
      first: statement.first.bind(statement),
      raw: statement.raw.bind(statement),
    };
    originals.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (query) => wrap(session.prepare(query)),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const results = await session.batch<T>(statements.map((statement) => originals.get(statement) ?? statement));
      return results.map(count);
    },
  };
}
