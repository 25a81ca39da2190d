/** Starts the measured systems as separate processes, each with its own state. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../scripts/demo/server.ts";
import { randomSecret, requiredSecrets } from "../../scripts/randomSecret.ts";
import { runWrangler, startWrangler, stopProcess } from "../../scripts/wrangler.ts";

export interface Server {
  origin: string;
  pid: number;
  /** The last 4,000 characters that the server printed. */
  recentOutput(): string;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 120_000;
const MAX_LOG_CHARACTERS = 4000;

async function serverOf(child: ChildProcess, port: number, readyPath: string): Promise<Server> {
  let log = "";
  const append = (chunk: Buffer): void => void (log = (log + chunk.toString()).slice(-MAX_LOG_CHARACTERS));
  child.stdout?.on("data", append);
  child.stderr?.on("data", append);
  const origin = `http://127.0.0.1:${port}`;
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const response = await fetch(origin + readyPath).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) break;
    // After a failed build wrangler keeps running and waits for a change.
    const hasFailed = child.exitCode !== null || log.includes("Build failed");
    if (hasFailed || Date.now() > deadlineMs) throw new Error(`no answer from ${origin}:\n${log}`);
    await sleep(100);
  }
  return { origin, pid: child.pid ?? 0, recentOutput: () => log, close: () => stopProcess(child) };
}

const wranglerArguments = (config: string, port: number, state: string): string[] => [
  "dev",
  `--config=${config}`,
  "--ip=127.0.0.1",
  `--port=${port}`,
  "--inspector-port=0",
  `--persist-to=${state}`,
  "--show-interactive-dev-session=false",
  "--log-level=error",
];

export interface TintypeServer extends Server {
  key: string;
}

export interface TintypeOptions {
  /** Without a queue consumer, so that tasks do not run beside what is measured. */
  pauseTasks: boolean;
  vars: Record<string, string>;
}

/** Serves the bundle in dist/ as it is. */
const BUNDLE = `main = "dist/index.js"
no_bundle = true
find_additional_modules = true
base_dir = "dist"
rules = [{ type = "CompiledWasm", globs = ["**/*.wasm"] }]`;

/** The configuration of local development with `main` replaced; rate limits out of the way. */
function benchConfig(pauseTasks: boolean, main: string): string {
  const development = readFileSync("wrangler.toml", "utf8").split("\n[env.production]")[0] ?? "";
  const withoutConsumers = development.replaceAll(/\[\[queues\.consumers\]\]\n(?:[^\n[]+\n)+/g, "");
  return (pauseTasks ? withoutConsumers : development)
    .replace(/^main = .*$/m, main)
    .replace(/^directory = "(.*)"$/m, (_, path: string) => `directory = "${resolve(path)}"`)
    .replaceAll(/^migrations_dir = "(.*)"$/gm, (_, path: string) => `migrations_dir = "${resolve(path)}"`)
    .replaceAll(/limit = \d+/g, "limit = 100000000");
}

async function runWranglerOrThrow(args: string[]): Promise<void> {
  const { code, stdout, stderr } = await runWrangler(args);
  if (code !== 0) throw new Error(`wrangler ${args[0]} failed: ${stdout}${stderr}`);
}

/**
 * Runs Tintype with a fresh database and bucket, as `npm run dev` does, but from a bundle: wrangler watches sources and
 * packages, and restarts the Worker when one changes.
 */
export async function startTintype(directory: string, { pauseTasks, vars }: TintypeOptions): Promise<TintypeServer> {
  mkdirSync(directory, { recursive: true });
  const secrets = new Map(requiredSecrets.map(({ name, prefix }) => [name, randomSecret(prefix)]));
  writeFileSync(join(directory, ".dev.vars"), [...secrets].map(([name, value]) => `${name}=${value}\n`).join(""));
  const config = join(directory, "wrangler.toml");
  writeFileSync(config, benchConfig(pauseTasks, `main = "${resolve("src/index.ts")}"`));
  await runWranglerOrThrow(["deploy", "--dry-run", "--config", config, "--outdir", join(directory, "dist")]);
  writeFileSync(config, benchConfig(pauseTasks, BUNDLE));
  const state = join(directory, "state");
  const persist = ["--local", "--config", config, "--persist-to", state];
  for (const binding of ["DB", "SEARCH_DB"])
    await runWranglerOrThrow(["d1", "migrations", "apply", binding, ...persist]);
  const port = await freePort(0);
  const flags = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const child = startWrangler([...wranglerArguments(config, port, state), ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { ...(await serverOf(child, port, "/api/server/ping")), key: secrets.get("ROOT_API_KEY") ?? "" };
}

/** Runs the Worker of a configuration file. */
export async function startWorker(config: string, directory: string): Promise<Server> {
  const port = await freePort(0);
  const child = startWrangler(wranglerArguments(config, port, join(directory, "state")), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await serverOf(child, port, "/");
}

/** Runs the Worker of a configuration file from a bundle, so that no change of a source restarts it. */
export async function startBundledWorker(config: string, directory: string): Promise<Server> {
  await runWranglerOrThrow(["deploy", "--dry-run", "--config", config, "--outdir", join(directory, "dist")]);
  const bundled = join(directory, "wrangler.toml");
  const bundle = BUNDLE.replace("dist/index.js", "dist/worker.js");
  writeFileSync(bundled, readFileSync(config, "utf8").replace(/^main = .*$/m, bundle));
  return await startWorker(bundled, directory);
}

export async function startPlatform(directory: string): Promise<Server> {
  return await startWorker("bench/platform/wrangler.toml", directory);
}

export async function startBaseline(directory: string, rows: number): Promise<Server> {
  const port = await freePort(0);
  const child = spawn(process.execPath, ["bench/baseline/server.ts", String(port), directory, String(rows)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await serverOf(child, port, "/");
}

export function removeState(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}
