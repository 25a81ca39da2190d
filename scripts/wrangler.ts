/** Starts wrangler without a shell, so that arguments mean the same on every system. Knows no command of ours. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { resolve } from "node:path";

const launcher = resolve("node_modules/wrangler/bin/wrangler.js");

/** No telemetry, no request for the machine's location: local commands talk to localhost alone. */
const quiet = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

export function startWrangler(
  args: string[],
  options: { stdio?: StdioOptions; env?: Record<string, string> } = {},
): ChildProcess {
  return spawn(process.execPath, [launcher, ...args], {
    stdio: options.stdio ?? "inherit",
    env: { ...process.env, ...quiet, ...options.env },
  });
}

/** Resolves with the exit code; null when a signal ended the process. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((settle, fail) => {
    child.once("error", fail);
    child.once("exit", settle);
  });
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command to its end, without prompts. `input` goes to its stdin. */
export async function runWrangler(args: string[], input?: string): Promise<Finished> {
  const child = startWrangler(args, { stdio: ["pipe", "pipe", "pipe"], env: { CI: "1", FORCE_COLOR: "0" } });
  const finished: Finished = { code: null, stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (finished.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (finished.stderr += chunk.toString()));
  child.stdin?.end(input ?? "");
  finished.code = await exitOf(child);
  return finished;
}

/** Asks the process to stop, and insists when it has not after five seconds. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const insist = setTimeout(() => child.kill("SIGKILL"), 5_000);
  // Windows knows no SIGTERM: kill() would end this one process and leave its children running.
  if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
  else child.kill("SIGTERM");
  await exitOf(child);
  clearTimeout(insist);
}
