/** A dev server for the demo: started on a port, waited for, stopped. Speaks nothing but ping. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { stop } from "../wrangler.ts";

const START_TIMEOUT_MS = 120_000;
const KEPT_LOG_CHARACTERS = 4_000;

export interface DemoServer {
  origin: string;
  /** Resolves when the Worker answers. */
  ready: Promise<void>;
  /** Rejects when the Worker ends before `close` was called. */
  died: Promise<never>;
  /** The end of what the Worker has printed. */
  lastWords(): string;
  close(): Promise<void>;
}

interface ServerState {
  closing: boolean;
  log: string;
}

/** The port that was free a moment ago; 0 asks the system for one. Throws when `wanted` is taken. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((settle, fail) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      fail(taken ? new Error(`Port ${wanted} is taken. Choose another: npm run demo -- --port 9000`) : error);
    });
    probe.listen(wanted, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : wanted;
      probe.close(() => settle(port));
    });
  });
}

function deathOf(child: ChildProcess, state: ServerState): Promise<never> {
  return new Promise((_, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => {
      if (!state.closing) fail(new Error(`The Worker stopped (exit code ${code}). Its last words:\n${state.log}`));
    });
  });
}

async function answersPing(origin: string): Promise<boolean> {
  try {
    const response = await fetch(`${origin}/api/server/ping`, { signal: AbortSignal.timeout(5_000) });
    return response.ok && (await response.text()) === "pong";
  } catch {
    return false;
  }
}

async function waitForPing(origin: string, state: ServerState): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (!state.closing && !(await answersPing(origin))) {
    // wrangler stays up after a failed build, waiting for the file to be mended.
    if (state.log.includes("Build failed")) throw new Error(`The Worker does not build:\n${state.log}`);
    if (Date.now() > deadlineMs) {
      throw new Error(`No pong from ${origin}/api/server/ping in ${START_TIMEOUT_MS / 1_000} s:\n${state.log}`);
    }
    await sleep(200);
  }
}

export function startServer(port: number, persistTo: string): DemoServer {
  const args = ["--port", String(port), "--persist-to", persistTo, "--show-interactive-dev-session=false"];
  const child = spawn(process.execPath, ["scripts/dev.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const state: ServerState = { closing: false, log: "" };
  const keep = (chunk: Buffer) => (state.log = (state.log + chunk.toString()).slice(-KEPT_LOG_CHARACTERS));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const origin = `http://localhost:${port}`;
  return {
    origin,
    ready: waitForPing(origin, state),
    died: deathOf(child, state),
    lastWords: () => state.log,
    close() {
      state.closing = true;
      return stop(child);
    },
  };
}
