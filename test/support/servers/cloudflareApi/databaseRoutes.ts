/** D1: databases, queries, and imports, which either run whole or change nothing. */
import { createHash, randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { Account, StoredDatabase } from "./account.ts";
import { ApiFailure, jsonOf, PlainAnswer, route, type ApiRoute } from "./routes.ts";

/** Files that were uploaded for an import, by their name. */
const uploads = new Map<string, string>();

function describe({ uuid, name, jurisdiction, replication }: StoredDatabase) {
  const read_replication = { mode: replication };
  return { uuid, name, jurisdiction, read_replication, version: "production", num_tables: 0, file_size: 0 };
}

function find(account: Account, uuid = ""): StoredDatabase {
  const database = account.databases.find((candidate) => candidate.uuid === uuid);
  if (database === undefined) throw new ApiFailure(404, 7404, "The database does not exist");
  return database;
}

function create(account: Account, fields: Record<string, unknown>): StoredDatabase {
  const name = String(fields["name"]);
  if (account.databases.some((database) => database.name === name)) {
    throw new ApiFailure(400, 7502, `Database with name '${name}' already exists`);
  }
  const text = (field: string) => {
    const value = fields[field];
    return typeof value === "string" ? value : null;
  };
  const database: StoredDatabase = {
    uuid: randomUUID(),
    name,
    jurisdiction: text("jurisdiction"),
    location: text("primary_location_hint"),
    replication: "disabled",
    sqlite: new DatabaseSync(":memory:"),
  };
  account.databases.push(database);
  return database;
}

function query({ sqlite }: StoredDatabase, sql: string) {
  try {
    return [{ results: sqlite.prepare(sql).all(), success: true, meta: { duration: 0 } }];
  } catch (error) {
    throw new ApiFailure(400, 7500, error instanceof Error ? error.message : String(error));
  }
}

/** An import that fails leaves the database as it was. */
function ingest({ sqlite }: StoredDatabase, sql: string) {
  sqlite.exec("BEGIN");
  try {
    sqlite.exec(sql);
    sqlite.exec("COMMIT");
  } catch (error) {
    sqlite.exec("ROLLBACK");
    return {
      success: false,
      status: "error",
      messages: [],
      error: error instanceof Error ? error.message : String(error),
    };
  }
  const meta = { served_by: "imitation", duration: 1, changes: 1, last_row_id: 1, rows_read: 1, rows_written: 1 };
  return {
    success: true,
    status: "complete",
    type: "import",
    messages: [],
    result: { num_queries: 1, final_bookmark: "b", meta },
  };
}

export const databaseRoutes: ApiRoute[] = [
  route("GET", /^\/d1\/database$/, (account, { query: params }) => {
    const name = params.get("name");
    return account.databases.filter((database) => name === null || database.name === name).map(describe);
  }),
  route("POST", /^\/d1\/database$/, (account, request) => describe(create(account, jsonOf(request)))),
  route("GET", /^\/d1\/database\/([^/]+)$/, (account, _request, [uuid]) => describe(find(account, uuid))),
  route("PATCH", /^\/d1\/database\/([^/]+)$/, (account, request, [uuid]) => {
    const database = find(account, uuid);
    const { read_replication: replication } = jsonOf(request);
    const isAuto = JSON.stringify(replication) === JSON.stringify({ mode: "auto" });
    database.replication = isAuto ? "auto" : "disabled";
    return describe(database);
  }),
  route("POST", /^\/d1\/database\/([^/]+)\/query$/, (account, request, [uuid]) =>
    query(find(account, uuid), String(jsonOf(request)["sql"])),
  ),
  route("POST", /^\/d1\/database\/([^/]+)\/import$/, (account, request, [uuid]) => {
    const database = find(account, uuid);
    const { action, etag, filename } = jsonOf(request);
    if (action === "init") {
      return {
        success: true,
        status: "upload",
        filename: String(etag),
        upload_url: `${request.origin}/d1-upload/${String(etag)}`,
      };
    }
    if (action === "ingest") return ingest(database, uploads.get(String(filename)) ?? "");
    return { success: true, status: "complete", type: "import", messages: [], at_bookmark: "b" };
  }),
  route("PUT", /^\/d1-upload\/(.+)$/, (_account, { body }, [name = ""]) => {
    uploads.set(name, body.toString());
    return new PlainAnswer({ etag: `"${createHash("md5").update(body).digest("hex")}"` });
  }),
];
