/**
 * Writes docs/schema.sql: every table, index and trigger of the migrated database; and docs/search-schema.sql, that of the
 * search. With --check, fails if one of them is out of date, or if the drizzle schema differs from the migrations.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getTableName, isTable } from "drizzle-orm";
import { z } from "zod";
import * as accountTables from "../src/records/schema/accounts/accountTables.ts";
import * as albumTables from "../src/records/schema/albumTables.ts";
import * as assetTables from "../src/records/schema/assetTables.ts";
import * as deliveryTables from "../src/records/schema/deliveryTables.ts";
import * as faceTables from "../src/records/schema/people/faceTables.ts";
import * as feedbackTables from "../src/records/schema/feedbackTables.ts";
import * as maintenanceTables from "../src/records/schema/maintenanceTables.ts";
import * as memberTables from "../src/records/schema/accounts/memberTables.ts";
import * as passkeyTables from "../src/records/schema/accounts/passkeyTables.ts";
import * as peopleTables from "../src/records/schema/people/peopleTables.ts";
import * as personAssetTables from "../src/records/schema/people/personAssetTables.ts";
import * as sessionTables from "../src/records/schema/accounts/sessionTables.ts";
import * as summaryTables from "../src/records/schema/summaryTables.ts";
import * as taskTables from "../src/records/schema/taskTables.ts";

const DOCUMENT = "docs/schema.sql";
const MIGRATIONS = "migrations";
const SEARCH_DOCUMENT = "docs/search-schema.sql";
const SEARCH_MIGRATIONS = "search-migrations";
/** Inside the project, because drizzle-kit resolves `out` relative to the working directory. */
const DRIFT_COPY = join(".tmp", "drift");

const groups = {
  "Users, libraries, API keys": accountTables,
  "Members and invitations": memberTables,
  "Sessions and sign-ins": sessionTables,
  "Passkeys and one-time links": passkeyTables,
  "Assets, versions, stacks": assetTables,
  Albums: albumTables,
  "People and faces": { ...peopleTables, ...personAssetTables },
  "Embeddings and clusters of faces": faceTables,
  "Events and tasks": taskTables,
  Feedback: feedbackTables,
  "Summaries, maintained by triggers": summaryTables,
  "Cached media": deliveryTables,
  "Scheduled maintenance": maintenanceTables,
};

const schemaObject = z.object({
  type: z.enum(["table", "index", "trigger"]),
  name: z.string(),
  table: z.string(),
  sql: z.string(),
});
type SchemaObject = z.output<typeof schemaObject>;

function migrationNames(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
}

/** The objects of a database with all migrations, in order of creation, without the tables that FTS5 creates. */
function migratedObjects(migrations = MIGRATIONS): SchemaObject[] {
  const database = new DatabaseSync(":memory:");
  for (const name of migrationNames(migrations)) database.exec(readFileSync(join(migrations, name), "utf8"));
  const rows = database
    .prepare(
      `SELECT type, name, tbl_name AS 'table', sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'
        AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY rowid`,
    )
    .all();
  database.close();
  return z.array(schemaObject).parse(rows);
}

/** Removes the quotes of identifiers, which are all plain words, and starts the condition of an index on a new line. */
function format({ type, sql }: SchemaObject): string {
  const plain = sql
    .replaceAll(/[`"](\w+)[`"]/g, "$1")
    .replaceAll("\t", "  ")
    .replaceAll(/,(?=\S)/g, ", ");
  return `${type === "index" ? plain.replace(" WHERE ", "\n  WHERE ") : plain};\n`;
}

function schemaDocument(): string {
  const objects = migratedObjects();
  const ofTable = (type: SchemaObject["type"], table: string): string[] =>
    objects.filter((object) => object.type === type && object.table === table).map(format);
  const parts = ["-- Generated from the migrations by npm run db:schema. Do not edit.\n"];
  let documented = 0;
  for (const [title, tables] of Object.entries(groups)) {
    parts.push(`-- ${title}\n`);
    for (const table of Object.values(tables).filter((value) => isTable(value))) {
      const name = getTableName(table);
      const [create, indexes, triggers] = [ofTable("table", name), ofTable("index", name), ofTable("trigger", name)];
      documented += create.length + indexes.length + triggers.length;
      parts.push(...create, ...(indexes.length === 0 ? [] : [indexes.join("")]), ...triggers);
    }
  }
  if (documented !== objects.length) throw new Error("the migrations create a table that no schema file has");
  return parts.join("\n");
}

function searchSchemaDocument(): string {
  const objects = migratedObjects(SEARCH_MIGRATIONS).map(format);
  return ["-- Generated from the search migrations by npm run db:schema. Do not edit.\n", ...objects].join("\n");
}

const documents = { [DOCUMENT]: schemaDocument, [SEARCH_DOCUMENT]: searchSchemaDocument };

/** The migrations that drizzle-kit would add, by name. */
function missingMigrations(): Map<string, string> {
  rmSync(DRIFT_COPY, { recursive: true, force: true });
  mkdirSync(DRIFT_COPY, { recursive: true });
  cpSync(MIGRATIONS, DRIFT_COPY, { recursive: true });
  try {
    const schema = ["--dialect", "sqlite", "--schema", "./src/records/schema/schema.ts", "--out", `./${DRIFT_COPY}`];
    const args = [resolve("node_modules/drizzle-kit/bin.cjs"), "generate", ...schema];
    const run = spawnSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    if (run.status !== 0) throw new Error(`drizzle-kit generate failed:\n${run.stdout}${run.stderr}`);
    const existing = new Set(migrationNames(MIGRATIONS));
    const added = migrationNames(DRIFT_COPY).filter((name) => !existing.has(name));
    return new Map(added.map((name) => [name, readFileSync(join(DRIFT_COPY, name), "utf8")]));
  } finally {
    rmSync(DRIFT_COPY, { recursive: true, force: true });
  }
}

function check(): boolean {
  const missing = missingMigrations();
  for (const sql of missing.values()) {
    console.error(`The schema has no migration for this change. Run npm run db:generate, which will write:\n\n${sql}`);
  }
  const outdated = Object.entries(documents).filter(([path, write]) => readFileSync(path, "utf8") !== write());
  for (const [path] of outdated) console.error(`${path} is out of date. Run npm run db:schema.`);
  return missing.size === 0 && outdated.length === 0;
}

if (!process.argv.includes("--check")) {
  for (const [path, write] of Object.entries(documents)) writeFileSync(path, write());
} else if (check()) {
  console.log(`The migrations, ${DOCUMENT} and ${SEARCH_DOCUMENT} match the schema.`);
} else {
  process.exitCode = 1;
}
