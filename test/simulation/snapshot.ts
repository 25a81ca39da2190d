/** Snapshots a library's rows, events and objects with ids as labels and without times, so that equal runs match. */
import { z } from "zod";
import { sqlAll } from "../support/clients/account.ts";
import { storedKeys } from "../support/bindings/bucket.ts";

const TABLES = [
  "libraries",
  "assets",
  "asset_versions",
  "albums",
  "album_assets",
  "stacks",
  "people",
  "faces",
  "asset_tasks",
  "library_members",
  "library_invitations",
];
/** Columns that depend on randomness, the clock or the number of attempts. */
const VOLATILE_COLUMNS = new Set([
  "checksum",
  "checksum_sha1",
  "sent_checksum",
  "sort_key",
  "sort_name",
  "name_key",
  "count_key",
  "trash_key",
  "revision",
  "device_asset_id",
  "name",
  "folded_name",
  "file_metadata",
]);

const ID =
  /(?:asset_version|asset_stack|album_asset|asset|album|person|face|lib|btask|intuser|member|invite)_[2-9A-HJ-NP-Za-km-z]{22}/g;

export interface Snapshot {
  rows: string[];
  events: string[];
  keys: string[];
  cleanupRecords: unknown[];
}

function createLabeler(idLabels: ReadonlyMap<string, string>): (text: string) => string {
  const labels = new Map(idLabels);
  const counts = new Map<string, number>();
  return (text) =>
    text.replaceAll(ID, (id) => {
      const known = labels.get(id);
      if (known !== undefined) return known;
      const prefix = id.slice(0, -23);
      const number = (counts.get(prefix) ?? 0) + 1;
      counts.set(prefix, number);
      labels.set(id, `new ${prefix} ${number}`);
      return `new ${prefix} ${number}`;
    });
}

/** The status and result of each task; times, retries and errors depend on the clock and the number of attempts. */
function normalizeTasks(value: unknown): unknown {
  const tasks = z.record(z.string(), z.object({ status: z.string(), result: z.string().optional() }));
  return Object.entries(tasks.parse(JSON.parse(String(value)))).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function normalizeRow(row: Record<string, unknown>): string {
  const entries = Object.entries(row)
    .filter(([column]) => !VOLATILE_COLUMNS.has(column))
    .map(([column, value]) => {
      if (column === "tasks") return [column, normalizeTasks(value)];
      return [column, column.endsWith("_at") && value !== null ? "<time>" : value];
    });
  return JSON.stringify(Object.fromEntries(entries));
}

const eventRow = z.object({ event_type: z.string(), entity_id: z.string(), payload: z.string().nullable() });

/** Takes a snapshot; `idLabels` maps ids to labels, other ids are numbered in order of appearance. */
export async function takeSnapshot(
  libraryIds: readonly string[],
  idLabels: ReadonlyMap<string, string>,
): Promise<Snapshot> {
  const label = createLabeler(idLabels);
  const ids = JSON.stringify(libraryIds);
  const isListed = "IN (SELECT value FROM json_each(?))";
  // Events go first: they number new ids in order of creation.
  const eventRows = await sqlAll(`SELECT * FROM events WHERE library_id ${isListed} ORDER BY seq`, ids);
  const events = eventRows.map((row) => {
    const { event_type, entity_id, payload } = eventRow.parse(row);
    return label(`${event_type} ${entity_id} ${payload ?? ""}`);
  });
  const rows: string[] = [];
  for (const table of TABLES) {
    const column = table === "libraries" ? "id" : "library_id";
    const order = table === "asset_tasks" ? "asset_id" : "id";
    const all = await sqlAll(`SELECT * FROM ${table} WHERE ${column} ${isListed} ORDER BY ${order}`, ids);
    rows.push(...all.map((row) => `${table} ${label(normalizeRow(row))}`));
  }
  return {
    rows,
    events,
    keys: (await storedKeys()).map(label).toSorted(),
    cleanupRecords: [
      ...(await sqlAll("SELECT * FROM asset_cleanups")),
      ...(await sqlAll("SELECT * FROM version_cleanups")),
    ],
  };
}
