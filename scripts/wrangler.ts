/** Starts wrangler without a shell, so that arguments work the same on every system. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess, StdioOptions } from "node:child_process";
import { resolve } from "node:path";

const KILL_TIMEOUT_MS = 5_000;
const launcherPath = resolve("node_modules/wrangler/bin/wrangler.js");

/** Disables telemetry and the request for the machine's location, so that local commands work offline. */
const privacyEnv = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

export function startWrangler(
  args: string[],
  options: { stdio?: StdioOptions; env?: Record<string, string> } = {},
): ChildProcess {
  return spawn(process.execPath, [launcherPath, ...args], {
    stdio: options.stdio ?? "inherit",
    env: { ...process.env, ...privacyEnv, ...options.env },
  });
}

/** Resolves with the exit code, or null if a signal ended the process. */
export function waitForExit(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((settle, fail) => {
    child.once("error", fail);
    child.once("exit", settle);
  });
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command without prompts and collects its output. `input` is written to stdin. */
export async function runWrangler(args: string[], input?: string): Promise<CommandResult> {
  const child = startWrangler(args, { stdio: ["pipe", "pipe", "pipe"], env: { CI: "1", FORCE_COLOR: "0" } });
  const result: CommandResult = { code: null, stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (result.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (result.stderr += chunk.toString()));
  child.stdin?.end(input ?? "");
  result.code = await waitForExit(child);
  return result;
}

/** Sends SIGTERM, then SIGKILL after five seconds. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const killTimer = setTimeout(() => child.kill("SIGKILL"), KILL_TIMEOUT_MS);
  // Windows lacks SIGTERM: kill() would leave the child processes running.
  if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
  else child.kill("SIGTERM");
  await waitForExit(child);
  clearTimeout(killTimer);
}
