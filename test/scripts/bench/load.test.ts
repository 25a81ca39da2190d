import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import sharp from "sharp";
import { applyLoad } from "../../../bench/load/client.ts";
import { distinctCopy } from "../../../bench/load/photos.ts";
import { treeCpuMs } from "../../../bench/load/processTree.ts";

let status = 200;
let inFlight = 0;
let mostInFlight = 0;

const server = createServer((request, response) => {
  inFlight += 1;
  mostInFlight = Math.max(mostInFlight, inFlight);
  request.resume().on("end", () => {
    setTimeout(() => {
      inFlight -= 1;
      response.writeHead(status).end("ok");
    }, 5);
  });
});

let origin = "";

beforeAll(async () => {
  await new Promise<void>((settle) => void server.listen(0, "127.0.0.1", settle));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});

afterAll(() => void server.close());

const limits = { pid: process.pid, durationMs: Infinity, maxRequests: 40 };

it("sends the given number of requests with the given number in flight", async () => {
  const load = await applyLoad({ origin, inFlight: 4, ...limits, next: () => ({ method: "GET", path: "/" }) });
  expect(load.requests).toBe(40);
  expect(mostInFlight).toBe(4);
  expect(load.p50Ms).toBeGreaterThanOrEqual(4);
  expect(load.perSecond).toBeLessThanOrEqual(4 / 0.004);
});

it("fails instead of measuring errors", async () => {
  status = 503;
  const failing = applyLoad({ origin, inFlight: 1, ...limits, next: () => ({ method: "GET", path: "/" }) });
  await expect(failing).rejects.toThrow("GET /: 503 ok");
  status = 200;
});

it("makes copies of a photo that differ in their digest and in nothing else", async () => {
  const photo = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#369" } })
    .jpeg()
    .toBuffer();
  const copies = [distinctCopy(photo), distinctCopy(photo)].map((chunks) => Buffer.concat(chunks));
  const digests = new Set([photo, ...copies].map((bytes) => createHash("sha256").update(bytes).digest("hex")));
  expect(digests.size).toBe(3);
  const pixels = await Promise.all([photo, ...copies].map((bytes) => sharp(bytes).raw().toBuffer()));
  expect(new Set(pixels.map((raw) => raw.toString("hex"))).size).toBe(1);
});

it.runIf(process.platform === "linux")("charges the CPU time of a process tree", () => {
  const before = treeCpuMs(process.pid);
  const startUs = process.cpuUsage();
  while (process.cpuUsage(startUs).user < 200_000);
  expect(treeCpuMs(process.pid) - before).toBeGreaterThanOrEqual(150);
});
