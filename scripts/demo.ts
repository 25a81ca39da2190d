/**
 * `npm run demo`: starts the Worker on this machine, uploads samples/ through the public API and shows what came of it.
 * Stays until Ctrl-C on a terminal or with --keep; otherwise, and with --once, it ends by itself. Talks to localhost alone.
 */
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Api, DemoAsset } from "./demo/api.ts";
import { listAssets, readLocalKey, RefusedCall, samplePaths, uploadFile } from "./demo/api.ts";
import { printAddresses, printTable, showProgress } from "./demo/report.ts";
import type { DemoServer } from "./demo/server.ts";
import { freePort, startServer } from "./demo/server.ts";

const BACKGROUND_WAIT_MS = 15_000;
const QUIET_MS = 5_000;

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      "persist-to": { type: "string", default: join(".wrangler", "demo") },
      keep: { type: "boolean", default: false },
      once: { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is no port number`);
  return { port, persistTo: values["persist-to"], keep: !values.once && (values.keep || process.stdout.isTTY) };
}

async function uploadAll(api: Api): Promise<string[]> {
  const paths = await samplePaths();
  const ids = new Set<string>();
  let duplicates = 0;
  for (const [index, path] of paths.entries()) {
    const { id, created } = await uploadFile(api, path);
    ids.add(id);
    if (!created) duplicates++;
    showProgress(index + 1, paths.length, `${created ? "201 stored   " : "200 duplicate"} ${basename(path)}`);
  }
  console.log(`${paths.length - duplicates} stored, ${duplicates} already there.`);
  return [...ids];
}

function countThumbhashes(assets: DemoAsset[]): number {
  return assets.filter((asset) => typeof asset.thumbhash === "string").length;
}

/** Waits while thumbhashes keep coming: some formats get none here, so the last one may never arrive. */
async function settledAssets(api: Api, ids: string[]): Promise<DemoAsset[]> {
  const deadlineMs = Date.now() + BACKGROUND_WAIT_MS;
  let quietSinceMs = Date.now();
  let assets = await listAssets(api, ids);
  while (countThumbhashes(assets) < assets.length && Date.now() < Math.min(deadlineMs, quietSinceMs + QUIET_MS)) {
    await sleep(500);
    const before = countThumbhashes(assets);
    assets = await listAssets(api, ids);
    if (countThumbhashes(assets) > before) quietSinceMs = Date.now();
  }
  console.log(`${countThumbhashes(assets)} of ${assets.length} have a thumbhash.`);
  return assets;
}

async function show(server: DemoServer): Promise<void> {
  const api = { origin: server.origin, key: await readLocalKey() };
  console.log(`Ready at ${server.origin}. Uploading samples/ ...`);
  const ids = await uploadAll(api);
  console.log("Waiting for the background work ...");
  const assets = await settledAssets(api, ids);
  console.log();
  printTable(assets);
  printAddresses(api, assets);
}

function interrupted(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => settle());
  });
}

async function demo(): Promise<void> {
  const { port, persistTo, keep } = readOptions();
  const stopped = interrupted();
  const server = startServer(await freePort(port), persistTo);
  const shown = async () => {
    console.log("Starting the Worker ...");
    await server.ready;
    await show(server);
    if (keep) console.log("Running until Ctrl-C.");
    if (keep) await stopped;
  };
  const explained = (error: unknown): never => {
    throw error instanceof RefusedCall
      ? new Error(`${error.message}\nThe Worker's last words:\n${server.lastWords()}`)
      : error;
  };
  try {
    await Promise.race([shown().catch(explained), stopped, server.died]);
  } finally {
    await server.close();
  }
}

try {
  await demo();
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
// A request cut off by Ctrl-C may still wait for its time-out; the demo does not.
process.exit();
