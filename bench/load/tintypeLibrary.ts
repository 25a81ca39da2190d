/** Fills a Tintype server's library with copies of one uploaded asset's row: full rows, at the speed of SQL. */
import { readdirSync } from "node:fs";
import type { Agent } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { type LoadRequest, sendExpectingSuccess } from "./client.ts";
import type { TintypeServer } from "./servers.ts";

const variantsSchema = z.record(z.string(), z.object({ url: z.string() }));
const assetSchema = z.object({
  id: z.string(),
  thumbhash: z.string().nullable(),
  asset_urls: variantsSchema.nullish(),
});

export type TintypeAsset = z.infer<typeof assetSchema>;

const BOUNDARY = "tintype-bench-0123456789";
let serial = 0;

function field(name: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

export function uploadRequest(key: string, file: Buffer[]): LoadRequest {
  serial += 1;
  const fields = {
    device_asset_id: `photo-${serial}`,
    device_id: "bench",
    file_created_at: "2024-05-06T07:08:09Z",
    file_modified_at: "2024-05-06T07:08:09Z",
  };
  const head = Object.entries(fields).map(([name, value]) => field(name, value));
  const fileHead = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="asset_data"; filename="photo-${serial}.jpg"\r\n\r\n`;
  return {
    method: "POST",
    path: "/api/assets",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` },
    body: [Buffer.from(head.join("") + fileHead), ...file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)],
  };
}

export function readRequest(key: string, path: string): LoadRequest {
  return { method: "GET", path, headers: { Authorization: `Bearer ${key}` } };
}

export async function uploadPhoto(server: TintypeServer, agent: Agent, file: Buffer[]): Promise<TintypeAsset> {
  const { body } = await sendExpectingSuccess(server.origin, agent, uploadRequest(server.key, file));
  return assetSchema.parse(JSON.parse(body.toString()));
}

export async function getAsset(server: TintypeServer, agent: Agent, id: string): Promise<TintypeAsset> {
  const request = readRequest(server.key, `/api/assets/${id}?include=variants`);
  const { body } = await sendExpectingSuccess(server.origin, agent, request);
  return assetSchema.parse(JSON.parse(body.toString()));
}

export async function listAssets(server: TintypeServer, agent: Agent, query: string): Promise<TintypeAsset[]> {
  const request = readRequest(server.key, `/api/assets?${query}`);
  const { body } = await sendExpectingSuccess(server.origin, agent, request);
  return z.object({ data: z.array(assetSchema) }).parse(JSON.parse(body.toString())).data;
}

/** The path and query of a media URL, which names the public host. */
export function mediaPath(asset: TintypeAsset, variant: string): string {
  const url = asset.asset_urls?.[variant]?.url;
  if (url === undefined) throw new Error(`asset ${asset.id} has no URL of its ${variant}`);
  const { pathname, search } = new URL(url, "http://127.0.0.1");
  return pathname + search;
}

function openDatabase(stateDirectory: string): DatabaseSync {
  const folder = join(stateDirectory, "v3", "d1", "miniflare-D1DatabaseObject");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".sqlite"))) {
    const db = new DatabaseSync(join(folder, name));
    const isTintype = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'assets'").get() !== undefined;
    if (isTintype) return db;
    db.close();
  }
  throw new Error(`no database with assets in ${folder}`);
}

/** Values of a copy, by column; other columns are the original's. Digits 0 and 1 are not in the id alphabet. */
const copiedValues: Record<string, string> = {
  id: "substr(a.id, 1, 20) || replace(replace(printf('%08d', n.i), '0', 'z'), '1', 'y')",
  checksum: "a.checksum || n.i",
  checksum_sha1: "a.checksum_sha1 || n.i",
  device_asset_id: "a.device_asset_id || n.i",
  original_file_name: "'IMG_' || n.i || '.jpg'",
  local_us: "a.local_us - n.i * 3600000000",
  latitude: "a.latitude + (n.i * 7919 % 1000) / 1000.0",
  longitude: "a.longitude + (n.i * 104729 % 1000) / 1000.0",
};

/** Returns the ids of the copies. The server may run meanwhile. */
export function copyAsset(stateDirectory: string, id: string, count: number): string[] {
  const db = openDatabase(stateDirectory);
  try {
    // Hidden columns are generated ones, which an INSERT can't name.
    const columns = db.prepare("SELECT name FROM pragma_table_info('assets')").all() as { name: string }[];
    const names = columns.map(({ name }) => name);
    const values = names.map((name) => copiedValues[name] ?? `a.${name}`);
    db.exec("PRAGMA busy_timeout = 10000");
    db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO assets (${names.join(", ")}) SELECT ${values.join(", ")} FROM n, assets a WHERE a.id = ?`,
    ).run(count, id);
    const copies = db.prepare("SELECT id FROM assets WHERE id <> ? ORDER BY id").all(id) as { id: string }[];
    return copies.map((row) => row.id);
  } finally {
    db.close();
  }
}
