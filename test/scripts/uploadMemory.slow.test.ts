/**
 * Uploads to a local server, and reads the memory of the Worker's isolate through its inspector. Editing `src/` meanwhile
 * restarts the Worker and answers its requests with 503.
 */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { freePort } from "../../scripts/demo/server.ts";
import { ensureLocalSecrets } from "../../scripts/localSecrets.ts";
import { runWrangler, startWrangler, stopProcess } from "../../scripts/wrangler.ts";
import { MAX_UPLOAD_BUFFER_BYTES } from "../../src/objects/uploads/uploadMemory.ts";

const MIB = 1024 * 1024;
const BOUNDARY = "boundary-of-the-upload";
const noise = randomBytes(MIB);

let server: ChildProcess | null = null;
let origin = "";
let apiKey = "";
let inspector: Inspector | null = null;
const directory = mkdtempSync(join(tmpdir(), "upload-memory-"));

async function until<T>(attempt: () => Promise<T | null>): Promise<T> {
  for (let i = 0; i < 240; i++) {
    const result = await attempt().catch(() => null);
    if (result !== null) return result;
    await new Promise((settle) => setTimeout(settle, 250));
  }
  throw new Error("the Worker did not start");
}

interface Inspector {
  /** Bytes of all array buffers of the isolate. */
  bufferBytes(): Promise<number>;
  close(): void;
}

const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() }));
const replySchema = z.object({ id: z.number().optional(), result: z.unknown().optional() });
const usageSchema = z.object({ backingStorageSize: z.number() });

/** Speaks the Chrome DevTools Protocol. */
async function openInspector(port: number): Promise<Inspector> {
  const [target] = targetsSchema.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).json());
  // The inspector refuses clients without an Origin. The types of Workers know no headers here; Node does.
  const init = { headers: { Origin: "http://localhost" } } as unknown as string[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "", init);
  await new Promise((settle, fail) => {
    socket.addEventListener("open", settle);
    socket.addEventListener("error", fail);
  });
  const pending = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = replySchema.parse(JSON.parse(String(data)));
    if (id !== undefined) pending.get(id)?.(result);
  });
  let serial = 0;
  const call = (method: string): Promise<unknown> =>
    new Promise((settle) => {
      serial += 1;
      pending.set(serial, settle);
      // The inspector loses a message now and then.
      setTimeout(settle, 2000, null);
      socket.send(JSON.stringify({ id: serial, method }));
    });
  return {
    bufferBytes: async () => {
      for (let i = 0; i < 5; i++) {
        const usage = usageSchema.safeParse(await call("Runtime.getHeapUsage"));
        if (usage.success) return usage.data.backingStorageSize;
      }
      throw new Error("the inspector does not answer");
    },
    close: () => socket.close(),
  };
}

interface Upload {
  sizeBytes: number;
  /** Waits after each MiB. */
  delayMs?: number;
  /** Breaks the connection after so many bytes. */
  breakAfterBytes?: number;
}

let serial = 0;

async function* bodyOf({ sizeBytes, delayMs = 0, breakAfterBytes = Infinity }: Upload, head: Buffer, tail: Buffer) {
  yield head;
  const unique = randomBytes(16);
  yield unique;
  for (let sent = unique.length; sent < sizeBytes; sent += noise.length) {
    if (sent > breakAfterBytes) throw new Error("connection broken on purpose");
    if (delayMs > 0) await new Promise((settle) => setTimeout(settle, delayMs));
    yield noise.subarray(0, sizeBytes - sent);
  }
  yield tail;
}

/** Returns the status; 0 for a broken connection. */
function upload(spec: Upload): Promise<number> {
  serial += 1;
  const fields = { device_asset_id: `asset-${serial}`, device_id: "test", file_created_at: "2024-01-01T00:00:00Z" };
  const parts = Object.entries({ ...fields, file_modified_at: fields.file_created_at }).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const file = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="asset_data"; filename="${serial}.jpg"\r\n\r\n`;
  const head = Buffer.from(parts.join("") + file);
  const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
  const headers = {
    "x-api-key": apiKey,
    "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
    "content-length": head.length + spec.sizeBytes + tail.length,
  };
  return new Promise((settle) => {
    const sending = request(`${origin}/api/assets`, { method: "POST", headers }, (response) => {
      response.resume().on("end", () => settle(response.statusCode ?? 0));
    });
    sending.on("error", () => settle(0));
    const body = Readable.from(bodyOf(spec, head, tail));
    body.on("error", () => sending.destroy());
    body.pipe(sending);
  });
}

async function bufferBytes(): Promise<number> {
  if (inspector === null) throw new Error("no inspector");
  return await inspector.bufferBytes();
}

/** The most bytes of array buffers during the uploads, above those before. */
async function peakDuring(uploads: Upload[]): Promise<{ statuses: number[]; peakBytes: number; seconds: number }> {
  const before = await bufferBytes();
  const startedMs = Date.now();
  let peak = 0;
  const sample = async () => {
    peak = Math.max(peak, await bufferBytes());
  };
  const timer = setInterval(() => void sample().catch(() => undefined), 10);
  const statuses = await Promise.all(uploads.map(upload));
  clearInterval(timer);
  const seconds = (Date.now() - startedMs) / 1000;
  console.log(
    `${uploads.length} uploads: ${((peak - before) / MIB).toFixed(1)} MiB above ${(before / MIB).toFixed(1)} MiB, ${seconds} s`,
  );
  return { statuses, peakBytes: peak - before, seconds };
}

const times = (count: number, spec: Upload): Upload[] => Array.from({ length: count }, () => ({ ...spec }));

/**
 * Chunks of 64 KiB that wait, and ranges of files over 5 MiB that were read for their metadata and are not collected yet:
 * measured up to 42 MiB for 50 files of 20 MiB, mostly below 6 MiB.
 */
const OVERHEAD_BYTES = 56 * MIB;

beforeAll(async () => {
  ensureLocalSecrets();
  apiKey = parseEnv(readFileSync(".dev.vars", "utf8")).ROOT_API_KEY ?? "";
  const persist = ["--persist-to", directory];
  await runWrangler(["d1", "migrations", "apply", "DB", "--local", ...persist]);
  const [port, inspectorPort] = [await freePort(0), await freePort(0)];
  origin = `http://127.0.0.1:${port}`;
  const ports = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", String(inspectorPort)];
  server = startWrangler(["dev", ...ports, ...persist], { stdio: "ignore", env: { CI: "1" } });
  await until(async () => ((await fetch(`${origin}/api/server/ping`)).ok ? true : null));
  inspector = await until(() => openInspector(inspectorPort));
  // The first upload creates the library and compiles the code.
  expect(await upload({ sizeBytes: MIB })).toBe(201);
}, 120_000);

afterAll(async () => {
  inspector?.close();
  if (server !== null) await stopProcess(server);
  rmSync(directory, { recursive: true, force: true });
});

describe("the isolate's buffers", () => {
  it.each([
    ["8 uploads of 20 MB", times(8, { sizeBytes: 20 * MIB })],
    ["50 uploads of 20 MB", times(50, { sizeBytes: 20 * MIB })],
    ["50 uploads of 4 MB", times(50, { sizeBytes: 4 * MIB })],
    [
      "60 small, large and slow uploads",
      Array.from({ length: 60 }, (_, i) => ({
        sizeBytes: [20_000, 700_000, 5 * MIB, 12 * MIB][i % 4] ?? 0,
        delayMs: i % 5 === 0 ? 100 : 0,
      })),
    ],
  ])("stay within the budget during %s, which all succeed", async (_name, uploads) => {
    const { statuses, peakBytes } = await peakDuring(uploads);
    expect(statuses).toEqual(uploads.map(() => 201));
    expect(peakBytes).toBeLessThanOrEqual(MAX_UPLOAD_BUFFER_BYTES + OVERHEAD_BYTES);
  });

  it("are freed when connections break", async () => {
    const broken = times(30, { sizeBytes: 20 * MIB, breakAfterBytes: 7 * MIB });
    expect((await peakDuring(broken)).statuses).toEqual(broken.map(() => 0));
    // More than the budget: these only succeed at once if nothing is left of the others.
    const { statuses, seconds } = await peakDuring(times(12, { sizeBytes: 6 * MIB }));
    expect(statuses).toEqual(Array.from({ length: 12 }, () => 201));
    expect(seconds).toBeLessThan(50);
  });
});
