import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopProcess } from "../wrangler.ts";

const START_TIMEOUT_MS = 120_000;
const MAX_LOG_CHARACTERS = 4_000;

export interface DemoServer {
  origin: string;
  /** Resolves when the Worker responds to a ping. */
  ready: Promise<void>;
  /** Rejects if the Worker exits before `close` is called. */
  exited: Promise<never>;
  /** The last 4,000 characters of the Worker's output. */
  recentOutput(): string;
  close(): Promise<void>;
}

interface ServerState {
  closing: boolean;
  log: string;
}

/** Returns `requested` if that port is free, or any free port for 0. Throws if the port is in use. */
export function freePort(requested: number, command: "demo" | "dev" = "demo"): Promise<number> {
  return new Promise((settle, fail) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const isInUse = error.code === "EADDRINUSE";
      fail(
        isInUse
          ? new Error(`Port ${requested} is in use. Choose another one: npm run ${command} -- --port 9000`)
          : error,
      );
    });
    probe.listen(requested, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : requested;
      probe.close(() => settle(port));
    });
  });
}

function unexpectedExit(child: ChildProcess, state: ServerState): Promise<never> {
  return new Promise((_, fail) => {
    child.once("error", fail);
    child.once("exit", (code) => {
      if (!state.closing) fail(new Error(`The Worker exited with code ${code}. Output:\n${state.log}`));
    });
  });
}

async function isReady(origin: string): Promise<boolean> {
  try {
    const response = await fetch(`${origin}/api/server/ping`, { signal: AbortSignal.timeout(5_000) });
    return response.ok && (await response.text()) === "pong";
  } catch {
    return false;
  }
}

async function waitUntilReady(origin: string, state: ServerState): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (!state.closing && !(await isReady(origin))) {
    // After a failed build wrangler keeps running and waits for a change.
    if (state.log.includes("Build failed")) throw new Error(`The Worker failed to build:\n${state.log}`);
    if (Date.now() > deadlineMs) {
      throw new Error(`No response from ${origin}/api/server/ping within ${START_TIMEOUT_MS / 1_000} s:\n${state.log}`);
    }
    await sleep(200);
  }
}

export function startServer(port: number, persistTo: string): DemoServer {
  const args = ["--port", String(port), "--persist-to", persistTo, "--show-interactive-dev-session=false"];
  const child = spawn(process.execPath, ["scripts/dev.ts", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const state: ServerState = { closing: false, log: "" };
  const appendLog = (chunk: Buffer) => (state.log = (state.log + chunk.toString()).slice(-MAX_LOG_CHARACTERS));
  child.stdout.on("data", appendLog);
  child.stderr.on("data", appendLog);
  const origin = `http://localhost:${port}`;
  return {
    origin,
    ready: waitUntilReady(origin, state),
    exited: unexpectedExit(child, state),
    recentOutput: () => state.log,
    close() {
      state.closing = true;
      return stopProcess(child);
    },
  };
}

/** Runs `use` with a started server, whose state is in `directory`, and ends it. Fails if the Worker exits meanwhile. */
export async function withServer<T>(directory: string, use: (server: DemoServer) => Promise<T>): Promise<T> {
  const server = startServer(await freePort(0), join(directory, "state"));
  try {
    await Promise.race([server.ready, server.exited]);
    return await Promise.race([use(server), server.exited]);
  } finally {
    await server.close();
  }
}
