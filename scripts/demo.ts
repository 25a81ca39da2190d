/**
 * `npm run demo`: starts the Worker locally, uploads samples/ through the public API and prints the results.
 * Runs until Ctrl-C on a terminal or with --keep; exits after the results otherwise, or with --once. Works offline.
 */
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Api, DemoAsset } from "./demo/client.ts";
import { listAssets, readLocalKey, ApiError, samplePaths, uploadFile } from "./demo/client.ts";
import { printUrls, printTable, showProgress } from "./demo/report.ts";
import type { DemoServer } from "./demo/server.ts";
import { freePort, startServer } from "./demo/server.ts";

const MAX_WAIT_MS = 15_000;
const MAX_IDLE_MS = 5_000;

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
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port must be a number from 0 to 65535, not ${values.port}`);
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
    showProgress(index + 1, paths.length, `${created ? "201 created  " : "200 duplicate"} ${basename(path)}`);
  }
  console.log(`${paths.length - duplicates} created, ${duplicates} duplicates.`);
  return [...ids];
}

function countThumbhashes(assets: DemoAsset[]): number {
  return assets.filter((asset) => typeof asset.thumbhash === "string").length;
}

/** Polls until all assets have a thumbhash or the count is stable: local rendering supports only some formats. */
async function waitForThumbhashes(api: Api, ids: string[]): Promise<DemoAsset[]> {
  const deadlineMs = Date.now() + MAX_WAIT_MS;
  let lastChangeMs = Date.now();
  let assets = await listAssets(api, ids);
  while (countThumbhashes(assets) < assets.length && Date.now() < Math.min(deadlineMs, lastChangeMs + MAX_IDLE_MS)) {
    await sleep(500);
    const before = countThumbhashes(assets);
    assets = await listAssets(api, ids);
    if (countThumbhashes(assets) > before) lastChangeMs = Date.now();
  }
  console.log(`${countThumbhashes(assets)} of ${assets.length} have a thumbhash.`);
  return assets;
}

async function runDemo(server: DemoServer): Promise<void> {
  const api = { origin: server.origin, key: await readLocalKey() };
  console.log(`Ready at ${server.origin}. Uploading samples/ ...`);
  const ids = await uploadAll(api);
  console.log("Waiting for background tasks ...");
  const assets = await waitForThumbhashes(api, ids);
  console.log();
  printTable(assets);
  printUrls(api, assets);
}

function waitForSignal(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => settle());
  });
}

async function demo(): Promise<void> {
  const { port, persistTo, keep } = readOptions();
  const signal = waitForSignal();
  const server = startServer(await freePort(port), persistTo);
  const run = async () => {
    console.log("Starting the Worker ...");
    await server.ready;
    await runDemo(server);
    if (keep) console.log("Running until Ctrl-C.");
    if (keep) await signal;
  };
  const withServerOutput = (error: unknown): never => {
    throw error instanceof ApiError
      ? new Error(`${error.message}\nOutput of the Worker:\n${server.recentOutput()}`)
      : error;
  };
  try {
    await Promise.race([run().catch(withServerOutput), signal, server.exited]);
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
// A request interrupted by Ctrl-C may wait for its timeout.
process.exit();
