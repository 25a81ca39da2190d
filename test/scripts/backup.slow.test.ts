/** Backs up and restores a local instance with the commands of docs/day-two.md, and compares what the API says. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { freePort, startServer, type DemoServer } from "../../scripts/demo/server.ts";
import { ensureLocalSecrets } from "../../scripts/localSecrets.ts";
import { runWrangler } from "../../scripts/wrangler.ts";

const directory = mkdtempSync(join(tmpdir(), "backup-"));
/** Where `wrangler d1 export --local`, which takes no --persist-to, finds the state of a configuration. */
const source = join(directory, ".wrangler", "state");
const target = join(directory, "target");
const samples = readdirSync("samples").filter((name) => /\.(jpg|heic)$/i.test(name));

let key = "";
const servers: DemoServer[] = [];

async function start(persistTo: string): Promise<DemoServer> {
  const server = startServer(await freePort(0), persistTo);
  servers.push(server);
  await server.ready;
  return server;
}

beforeAll(() => {
  ensureLocalSecrets();
  key = parseEnv(readFileSync(".dev.vars", "utf8"))["ROOT_API_KEY"] ?? "";
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  rmSync(directory, { recursive: true, force: true });
});

async function read(origin: string, path: string): Promise<unknown> {
  const response = await fetch(`${origin}${path}`, { headers: { Authorization: `Bearer ${key}` } });
  expect([path, response.status]).toEqual([path, 200]);
  return await response.json();
}

async function upload(origin: string, name: string): Promise<void> {
  const form = new FormData();
  form.set("device_asset_id", name);
  form.set("device_id", "backup");
  form.set("file_created_at", "2022-03-31T11:31:56Z");
  form.set("file_modified_at", "2022-03-31T11:31:56Z");
  form.set("asset_data", new Blob([new Uint8Array(readFileSync(join("samples", name)))]), name);
  const headers = { Authorization: `Bearer ${key}` };
  const response = await fetch(`${origin}/api/assets`, { method: "POST", headers, body: form });
  expect(response.status).toBe(201);
}

/** Everything that a client can count. URLs differ by their origin. */
async function state(origin: string): Promise<Record<string, unknown>> {
  const paths = ["/api/assets/counts", "/api/libraries", "/api/users/me", "/api/events?limit=100", "/api/tasks/"];
  const assets = z.object({ data: z.array(z.looseObject({ asset_urls: z.unknown() })) });
  const list = assets.parse(await read(origin, "/api/assets?include=metadata,file_data&limit=100"));
  const entries = await Promise.all(paths.map(async (path) => [path, await read(origin, path)] as const));
  return { ...Object.fromEntries(entries), assets: list.data.map(({ asset_urls: _urls, ...asset }) => asset) };
}

async function wrangler(...args: string[]): Promise<void> {
  const run = await runWrangler(args);
  expect(`${run.code} ${run.code === 0 ? "" : run.stdout + run.stderr}`).toBe("0 ");
}

async function waitForTasks(origin: string): Promise<void> {
  const unfinished = z.array(z.object({ status: z.string() }));
  for (let i = 0; i < 240; i++) {
    const tasks = unfinished.parse(await read(origin, "/api/tasks/?limit=1000"));
    if (tasks.every(({ status }) => status === "success" || status === "failure")) return;
    await new Promise((settle) => setTimeout(settle, 500));
  }
  throw new Error("the tasks did not end");
}

it("a restored backup has the same assets, counts, storage and events", async () => {
  const original = await start(source);
  for (const name of samples) await upload(original.origin, name);
  await waitForTasks(original.origin);
  const before = await state(original.origin);
  await original.close();
  const backup = join(directory, "tintype.sql");
  const config = join(directory, "wrangler.json");
  const database = { binding: "DB", database_name: "tintype", database_id: "local" };
  writeFileSync(
    config,
    JSON.stringify({ name: "tintype", compatibility_date: "2026-10-01", d1_databases: [database] }),
  );
  await wrangler("d1", "export", "DB", "--local", "--config", config, "--output", backup);
  await wrangler("d1", "execute", "DB", "--local", "--persist-to", target, "--yes", "--file", backup);
  cpSync(join(source, "v3", "r2"), join(target, "v3", "r2"), { recursive: true });
  const restored = await start(target);
  expect(await state(restored.origin)).toEqual(before);
  const urls = z.object({
    data: z.array(z.object({ asset_urls: z.record(z.string(), z.object({ url: z.string() })) })),
  });
  const list = urls.parse(await read(restored.origin, "/api/assets?include=variants&limit=100"));
  expect(list.data).toHaveLength(samples.length);
  for (const { asset_urls: variants } of list.data) {
    const response = await fetch(variants["original"]?.url ?? "");
    expect([response.status, (await response.arrayBuffer()).byteLength > 1000]).toEqual([200, true]);
  }
});
