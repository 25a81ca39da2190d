/** Sends requests over kept-alive connections and measures them. */
import { Agent, request as httpRequest } from "node:http";
import { treeCpuMs } from "./processTree.ts";

export interface LoadRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  /** Sent one after the other, so that a large file is shared by many bodies. */
  body?: Buffer[];
}

export interface Answer {
  status: number;
  body: Buffer;
}

export interface Load {
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
  /** CPU time of the server and its processes for one request; 0 where /proc is missing. */
  cpuMs: number;
  requests: number;
}

const REQUEST_TIMEOUT_MS = 60_000;

function contentLength(body: Buffer[]): number {
  return body.reduce((sum, { length }) => sum + length, 0);
}

export function send(origin: string, agent: Agent, { method, path, headers, body }: LoadRequest): Promise<Answer> {
  const length = body === undefined ? {} : { "Content-Length": String(contentLength(body)) };
  return new Promise((settle, fail) => {
    const options = { method, agent, headers: { ...headers, ...length }, timeout: REQUEST_TIMEOUT_MS };
    const sent = httpRequest(origin + path, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", fail);
      response.once("end", () => settle({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
    });
    sent.once("error", fail);
    sent.once("timeout", () => sent.destroy(new Error(`${method} ${path}: no response in ${REQUEST_TIMEOUT_MS} ms`)));
    for (const chunk of body ?? []) sent.write(chunk);
    sent.end();
  });
}

/** Throws for a response that isn't 2xx, because a fast error is no result. */
export async function sendExpectingSuccess(origin: string, agent: Agent, request: LoadRequest): Promise<Answer> {
  const answer = await send(origin, agent, request);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new Error(`${request.method} ${request.path}: ${answer.status} ${answer.body.toString("utf8", 0, 500)}`);
}

export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export interface LoadOptions {
  origin: string;
  /** The server's process, whose tree is charged. */
  pid: number;
  inFlight: number;
  /** The load ends after this time or after this number of requests. */
  durationMs: number;
  maxRequests: number;
  next: () => LoadRequest;
}

export async function applyLoad({ origin, pid, inFlight, durationMs, maxRequests, next }: LoadOptions): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const latencies: number[] = [];
  let started = 0;
  const cpuBefore = treeCpuMs(pid);
  const startMs = performance.now();
  const client = async (): Promise<void> => {
    while (started < maxRequests && performance.now() - startMs < durationMs) {
      started += 1;
      const sentMs = performance.now();
      await sendExpectingSuccess(origin, agent, next());
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  const elapsedMs = performance.now() - startMs;
  agent.destroy();
  return {
    perSecond: latencies.length / (elapsedMs / 1000),
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    cpuMs: (treeCpuMs(pid) - cpuBefore) / latencies.length,
    requests: latencies.length,
  };
}
