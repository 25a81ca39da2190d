/**
 * Workers Cache as its documentation describes it (developers.cloudflare.com/workers/cache): what is stored under which
 * key, for how long, what a purge removes and when it is refused. Purging has no local simulator.
 */
import { parseRange, resolveRange, contentRange, unsatisfiedContentRange } from "../../../src/http/byteRange.ts";

type Worker = (request: Request, execution: { cache: CacheContext }) => Promise<Response>;

interface Entry {
  body: ArrayBuffer;
  headers: Headers;
  storedAtMs: number;
  freshForMs: number;
  tags: Set<string>;
}

const MAX_TAG_CHARACTERS = 1024;
const MAX_TAGS_PER_RESPONSE = 1000;
/** The free plan's limit, which applies to every plan for now. */
const MAX_RESPONSE_BYTES = 512 * 1024 * 1024;
export const MAX_OPERATIONS_PER_PURGE = 100;
export const PURGE_BURST = 25;
export const PURGES_PER_MINUTE = 5;

/** Lifetimes in seconds of responses without Cache-Control. */
const HEURISTIC_SECONDS: Record<number, number> = { 200: 7200, 204: 7200, 404: 180, 405: 60, 410: 180 };

/** Printable ASCII without spaces; others are dropped silently. */
function parseTags(header: string | null): Set<string> {
  const tags = (header ?? "").split(",").map((tag) => tag.trim());
  const valid = tags.filter((tag) => /^[\x21-\x7e]+$/.test(tag) && tag.length <= MAX_TAG_CHARACTERS);
  return new Set(valid.slice(0, MAX_TAGS_PER_RESPONSE).map((tag) => tag.toLowerCase()));
}

/** How long a response may be stored, in milliseconds; null if it may not. */
function storableForMs(request: Request, { status, headers }: Response): number | null {
  if (status === 206 || (status >= 520 && status <= 526) || headers.has("set-cookie")) return null;
  const policy = headers.get("cache-control");
  const isAuthorized = request.headers.has("authorization");
  if (policy === null) return isAuthorized ? null : (HEURISTIC_SECONDS[status] ?? 0) * 1000 || null;
  if (/\b(no-store|private)\b/.test(policy)) return null;
  if (isAuthorized && !/\b(public|must-revalidate|s-maxage)\b/.test(policy)) return null;
  const seconds = /\bmax-age=(\d+)/.exec(policy)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

/** The host and the headers of a request are not part of the key. */
function keyOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}

export class WorkersCache {
  readonly #worker: Worker;
  readonly #entries = new Map<string, Entry>();
  #purgeTokens = PURGE_BURST;
  /** Milliseconds since 1970; a test moves it. */
  nowMs = Date.now();
  /** Requests that ran the Worker. */
  runs = 0;
  /** Tags of the successful purges. */
  readonly purges: string[][] = [];

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** What `ctx.cache` is in the handlers of the Worker. */
  readonly context: CacheContext = {
    purge: async (options) => this.#purge(options),
    invalidate: async (options) => this.#purge(options),
  };

  /** Paths and queries of the stored responses. */
  get storedPaths(): string[] {
    return [...this.#entries.keys()];
  }

  /** Moves the clock, which refills the purges. */
  advance(ms: number): void {
    this.nowMs += ms;
    this.#purgeTokens = Math.min(PURGE_BURST, this.#purgeTokens + (ms / 60_000) * PURGES_PER_MINUTE);
  }

  #purge({ tags = [] }: CachePurgeOptions): CachePurgeResult {
    if (tags.length === 0 || tags.length > MAX_OPERATIONS_PER_PURGE || tags.some((tag) => parseTags(tag).size !== 1)) {
      return { success: false, errors: [{ code: 1094, message: "invalid purge" }] };
    }
    if (this.#purgeTokens < 1) return { success: false, errors: [{ code: 1134, message: "rate limited" }] };
    this.#purgeTokens -= 1;
    this.purges.push(tags);
    const purged = tags.map((tag) => tag.toLowerCase());
    for (const [key, entry] of this.#entries) if (purged.some((tag) => entry.tags.has(tag))) this.#entries.delete(key);
    return { success: true, errors: [] };
  }

  #find(key: string): Entry | null {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.nowMs < entry.storedAtMs + entry.freshForMs ? entry : null;
  }

  /** Answers from the store, or runs the Worker. A HEAD on a cold cache becomes a GET. */
  async fetch(input: Request): Promise<Response> {
    if (!["GET", "HEAD"].includes(input.method)) return await this.#run(input);
    const key = keyOf(input);
    const stored = this.#find(key);
    if (stored !== null) return this.#respond(input, stored, "HIT");
    const response = await this.#run(new Request(input, { method: "GET" }));
    const entry = await this.#store(input, key, response.clone());
    if (entry !== null) return this.#respond(input, entry, "MISS");
    const headers = new Headers(response.headers);
    headers.set("cf-cache-status", "BYPASS");
    headers.delete("cache-tag");
    return new Response(input.method === "HEAD" ? null : response.body, { status: response.status, headers });
  }

  async #run(request: Request): Promise<Response> {
    this.runs += 1;
    return await this.#worker(request, { cache: this.context });
  }

  async #store(request: Request, key: string, response: Response): Promise<Entry | null> {
    const freshForMs = storableForMs(request, response);
    if (freshForMs === null || response.status === 304) return null;
    const body = await response.arrayBuffer();
    if (body.byteLength > MAX_RESPONSE_BYTES) return null;
    const headers = new Headers(response.headers);
    const tags = parseTags(headers.get("cache-tag"));
    headers.delete("cache-tag");
    const entry = { body, headers, storedAtMs: this.nowMs, freshForMs, tags };
    if (response.status === 200) this.#entries.set(key, entry);
    return response.status === 200 ? entry : null;
  }

  /** Cuts a range out of a stored response. */
  #respond(request: Request, { body, headers: stored, storedAtMs }: Entry, cacheStatus: string): Response {
    const headers = new Headers(stored);
    headers.set("cf-cache-status", cacheStatus);
    headers.set("age", String(Math.floor((this.nowMs - storedAtMs) / 1000)));
    const isHead = request.method === "HEAD";
    if (request.headers.get("if-none-match") === headers.get("etag") && headers.has("etag")) {
      return new Response(null, { status: 304, headers });
    }
    const spec = parseRange(request.headers.get("range"));
    if (spec === null) return new Response(isHead ? null : body, { headers });
    const range = resolveRange(spec, body.byteLength);
    if (range === null) {
      headers.set("content-range", unsatisfiedContentRange(body.byteLength));
      return new Response(null, { status: 416, headers });
    }
    headers.set("content-range", contentRange(range, body.byteLength));
    headers.set("content-length", String(range.length));
    const part = body.slice(range.offset, range.offset + range.length);
    return new Response(isHead ? null : part, { status: 206, headers });
  }
}
