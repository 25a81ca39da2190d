/** All that is stored of one library, with names in the place of ids and without times: two that went alike are equal. */
import { z } from "zod";
import { sqlAll } from "../support/clients/account.ts";
import { storedKeys } from "../support/bindings/bucket.ts";

const TABLES = ["libraries", "assets", "asset_versions", "albums", "album_assets", "stacks", "tasks"];
/** Of chance, of the clock, or of how often something was tried. */
const PASSING = new Set([
  "delivery_id",
  "checksum",
  "checksum_sha1",
  "sent_checksum",
  "sort_key",
  "trash_key",
  "retry_count",
  "error_message",
  "device_asset_id",
  "name",
  "file_metadata",
]);

const ID = /(?:asset_version|asset_stack|album_asset|asset|album|lib|btask|intuser)_[2-9A-HJ-NP-Za-km-z]{22}/g;

export interface Snapshot {
  rows: string[];
  events: string[];
  keys: string[];
  notes: unknown[];
}

function namer(known: ReadonlyMap<string, string>): (text: string) => string {
  const names = new Map(known);
  const counts = new Map<string, number>();
  return (text) =>
    text.replaceAll(ID, (id) => {
      const name = names.get(id);
      if (name !== undefined) return name;
      const kind = id.slice(0, -23);
      const number = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, number);
      names.set(id, `new ${kind} ${number}`);
      return `new ${kind} ${number}`;
    });
}

function settled(row: Record<string, unknown>): string {
  const entries = Object.entries(row)
    .filter(([column]) => !PASSING.has(column) && !(column === "id" && "delivery_id" in row))
    .map(([column, value]) => [column, column.endsWith("_at") && value !== null ? "a time" : value]);
  return JSON.stringify(Object.fromEntries(entries));
}

const eventRow = z.object({ event_type: z.string(), entity_id: z.string(), payload: z.string().nullable() });

/** `known`: ids by the names that they are to have. */
export async function snapshotOf(libraryId: string, known: ReadonlyMap<string, string>): Promise<Snapshot> {
  const name = namer(known);
  // Events first: they name what is new in the order in which it came.
  const found = await sqlAll("SELECT * FROM events WHERE library_id = ? ORDER BY seq", libraryId);
  const events = found.map((row) => {
    const { event_type, entity_id, payload } = eventRow.parse(row);
    return name(`${event_type} ${entity_id} ${payload ?? ""}`);
  });
  const rows: string[] = [];
  for (const table of TABLES) {
    const column = table === "libraries" ? "id" : "library_id";
    const order = table === "tasks" ? "asset_id, task_type" : "id";
    const all = await sqlAll(`SELECT * FROM ${table} WHERE ${column} = ? ORDER BY ${order}`, libraryId);
    rows.push(...all.map((row) => `${table} ${name(settled(row))}`));
  }
  return {
    rows,
    events,
    keys: (await storedKeys()).map(name).toSorted(),
    notes: [...(await sqlAll("SELECT * FROM deletions")), ...(await sqlAll("SELECT * FROM version_deletions"))],
  };
}
