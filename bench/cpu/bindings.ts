/**
 * Stand-ins for a Worker's bindings in Node. The time of the services themselves is excluded; the time in which a
 * binding turns an answer into JavaScript values counts, as it does in workerd.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { exclude } from "./clock.ts";

type Row = unknown[];

interface Answer {
  columns: string[];
  rows: Row[];
}

const META = {
  duration: 0,
  rows_read: 0,
  rows_written: 0,
  changes: 0,
  last_row_id: 0,
  size_after: 0,
  changed_db: false,
};

function toObjects({ columns, rows }: Answer): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
}

function sqlValue(value: unknown): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(`unsupported parameter: ${typeof value}`);
}

/** SQLite with every migration applied. */
export function migratedDatabase(folder = "migrations"): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .toSorted())
    database.exec(readFileSync(join(folder, name), "utf8"));
  return database;
}

class Statement {
  readonly sql: string;
  readonly values: unknown[];
  readonly #d1: D1;

  constructor(d1: D1, sql: string, values: unknown[]) {
    this.#d1 = d1;
    this.sql = sql;
    this.values = values;
  }

  bind(...values: unknown[]): Statement {
    return new Statement(this.#d1, this.sql, values);
  }

  async all(): Promise<object> {
    const [result] = await this.#d1.batch([this]);
    return result ?? {};
  }

  async run(): Promise<object> {
    return await this.all();
  }

  async first(): Promise<unknown> {
    const [answer] = await this.#d1.query([this]);
    return answer === undefined ? null : (toObjects(answer)[0] ?? null);
  }

  async raw(): Promise<Row[]> {
    const [answer] = await this.#d1.query([this]);
    return answer?.rows ?? [];
  }
}

/** D1 over SQLite. Answers of reads are kept until the next write, so that SQLite leaves no garbage to collect. */
export class D1 {
  readonly #database: DatabaseSync;
  readonly #answers = new Map<string, string>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): Statement {
    return new Statement(this, sql, []);
  }

  withSession(): D1 {
    return this;
  }

  getBookmark(): string {
    return "00000001-00000001-00000001-00000000000000000000000000000001";
  }

  /** One round trip: the answer arrives as JSON text. */
  async query(statements: Statement[]): Promise<Answer[]> {
    const text = exclude(() => this.#answer(statements));
    await Promise.resolve();
    const answers: Answer[] = JSON.parse(text);
    return answers;
  }

  async batch(statements: Statement[]): Promise<object[]> {
    const answers = await this.query(statements);
    return answers.map((answer) => ({ success: true, meta: META, results: toObjects(answer) }));
  }

  #answer(statements: Statement[]): string {
    const key = JSON.stringify(statements.map(({ sql, values }) => [sql, values]));
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const isRead = statements.every(({ sql }) => /^\s*(select|with)/i.test(sql));
    if (!isRead) this.#answers.clear();
    this.#database.exec("BEGIN");
    const answers = statements.map((statement) => this.#execute(statement));
    this.#database.exec("COMMIT");
    const text = JSON.stringify(answers);
    if (isRead) this.#answers.set(key, text);
    return text;
  }

  #execute({ sql, values }: Statement): Answer {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const rows: unknown = statement.all(...values.map(sqlValue));
    const columns = statement.columns().map(({ name }) => name);
    return { columns, rows: Array.isArray(rows) ? rows : [] };
  }
}

const RENDITION_BYTES = new Uint8Array(47_000);

/** A rendition, as R2 returns it. */
function rendition(): object {
  const etag = "0".repeat(32);
  return {
    body: new Blob([RENDITION_BYTES]).stream(),
    size: RENDITION_BYTES.byteLength,
    httpEtag: `"${etag}"`,
    httpMetadata: { contentType: "image/webp" },
    uploaded: new Date(1_700_000_000_000),
  };
}

/** A bucket that accepts every object and keeps none but renditions. */
const bucket = {
  put: async () => ({ etag: "0".repeat(32), size: 0 }),
  get: async (key: string) => (key.endsWith("thumbnail") ? exclude(rendition) : null),
  head: async () => null,
  delete: async () => undefined,
};

/** The bindings of a Worker over `database`. */
export function workerBindings(database: DatabaseSync): Record<string, unknown> {
  return {
    ENVIRONMENT: "production",
    ROOT_API_KEY: "apikey_bench_root_key_0123456789abcdef0123456789",
    MEDIA_SIGNING_KEY: "bench signing key 0123456789abcdef0123456789abcdef",
    DB: new D1(database),
    BUCKET: bucket,
    QUEUE: { send: async () => undefined, sendBatch: async () => undefined },
    CREDENTIAL_LIMIT: { limit: async () => ({ success: true }) },
    AUTH_FAILURE_LIMIT: { limit: async () => ({ success: true }) },
  };
}

/** The context of a request, whose background work ends before the next request is measured. */
export function executionContext(): { context: object; settled: () => Promise<unknown> } {
  const pending: Promise<unknown>[] = [];
  const context = {
    waitUntil: (promise: Promise<unknown>) => void pending.push(promise),
    passThroughOnException: () => undefined,
    props: {},
  };
  return { context, settled: () => Promise.allSettled(pending) };
}
