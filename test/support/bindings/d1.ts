/** A D1 binding that counts round trips and rows, and can fail on demand. */

export interface D1Counts {
  roundTrips: number;
  rowsRead: number;
  rowsWritten: number;
  /** The rows of all results, as JSON text. */
  resultCharacters: number;
  statements: { sql: string; values: unknown[]; rowsRead: number; rowsWritten: number }[];
}

interface CountingD1 {
  binding: D1Database;
  counts: D1Counts;
  reset(): void;
}

/**
 * `beforeBatch` may throw, so that the batch never reaches D1, or wait while other requests write. `afterBatch` may
 * throw, so that the batch takes effect but its response is lost.
 */
export interface D1Faults {
  beforeBatch?: (sql: string[]) => void | Promise<void>;
  afterBatch?: (sql: string[]) => void;
}

export function countingD1(real: D1Database, faults: D1Faults = {}): CountingD1 {
  const counts: D1Counts = { roundTrips: 0, rowsRead: 0, rowsWritten: 0, resultCharacters: 0, statements: [] };
  const originals = new WeakMap<
    D1PreparedStatement,
    { statement: D1PreparedStatement; sql: string; values: unknown[] }
  >();

  function note(sql: string, values: unknown[], result: D1Result): void {
    counts.rowsRead += result.meta.rows_read;
    counts.rowsWritten += result.meta.rows_written;
    counts.resultCharacters += JSON.stringify(result.results).length;
    const { rows_read: rowsRead, rows_written: rowsWritten } = result.meta;
    counts.statements.push({ sql, values, rowsRead, rowsWritten });
  }

  function wrapStatement(sql: string, statement: D1PreparedStatement, values: unknown[] = []): D1PreparedStatement {
    const all = async <T>(): Promise<D1Result<T>> => {
      counts.roundTrips += 1;
      await faults.beforeBatch?.([sql]);
      const result = await statement.all<T>();
      note(sql, values, result);
      faults.afterBatch?.([sql]);
      return result;
    };
    const wrapped = {
      bind: (...bound: unknown[]) => wrapStatement(sql, statement.bind(...bound), bound),
      all,
      run: all,
      first: async () => (await all()).results[0] ?? null,
      // raw() returns no meta, so the rows come from all().
      raw: async () => (await all<Record<string, unknown>>()).results.map((row) => Object.values(row)),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, { statement, sql, values });
    return wrapped;
  }

  function wrapSession<T extends D1DatabaseSession | D1Database>(target: T): T {
    return new Proxy(target, {
      get(_, property) {
        if (property === "prepare") return (sql: string) => wrapStatement(sql, target.prepare(sql));
        if (property === "withSession") {
          return (constraint: string) => wrapSession((target as D1Database).withSession(constraint));
        }
        if (property === "batch") {
          return async (statements: D1PreparedStatement[]) => {
            counts.roundTrips += 1;
            const prepared = statements.map(
              (statement) => originals.get(statement) ?? { statement, sql: "?", values: [] },
            );
            const texts = prepared.map((entry) => entry.sql);
            await faults.beforeBatch?.(texts);
            const results = await target.batch(prepared.map((entry) => entry.statement));
            results.forEach((result, i) => note(texts[i] ?? "?", prepared[i]?.values ?? [], result));
            faults.afterBatch?.(texts);
            return results;
          };
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  return {
    binding: wrapSession(real),
    counts,
    reset() {
      Object.assign(counts, { roundTrips: 0, rowsRead: 0, rowsWritten: 0, resultCharacters: 0, statements: [] });
    },
  };
}
