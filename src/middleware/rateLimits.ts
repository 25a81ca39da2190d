/**
 * Rate limits per credential, and per network for failed authentication and sign-ins. They are Workers rate limiting
 * bindings, which count per Cloudflare location; a deployment without them is unlimited.
 */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import { ExpiringKeys, ExpiringMap } from "../kernel/expiringMap.ts";
import { warn } from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

const MINUTE_S = 60;
/** Networks that an isolate remembers as blocked; more are only refused after their lookup. */
export const MAX_BLOCKED_NETWORKS = 10_000;

/** The binding reports only success; its window has at most one minute. */
function secondsUntilReset(nowMs: number): number {
  return MINUTE_S - (Math.floor(nowMs / 1000) % MINUTE_S);
}

/** Fails open, so that the service stays available during an outage of the rate limiter. */
async function isWithinLimit(limit: RateLimit | undefined, key: string): Promise<boolean> {
  if (limit === undefined) return true;
  try {
    return (await limit.limit({ key })).success;
  } catch (error) {
    warn("rate limit check failed; the request is allowed", { error: String(error) });
    return true;
  }
}

function throwRateLimited(c: Context<AppEnv>, message: string): never {
  throw new AppError("rate_limited", message, { retryAfterSeconds: secondsUntilReset(c.get("nowMs")) });
}

/**
 * Requests that one call of `CREDENTIAL_LIMIT` counts: the unit of its `limit`. A call for each request would take a
 * quarter of the time of a small read in local workerd.
 */
export const REQUESTS_PER_COUNT = 10;
/** Credentials whose requests an isolate has counted in advance: 2 MB. */
export const MAX_COUNTED_CREDENTIALS = 10_000;

/** Requests that were counted and may still be made, by credential. They last as long as the isolate. */
const countedRequests = new WeakMap<RateLimit, ExpiringMap<number>>();

/**
 * Takes `requests` from those counted in advance, and counts further ones as needed. So an isolate counts a credential's
 * first request as ten, and no request is made uncounted. Returns false when the limit is reached.
 */
async function takeRequests(limit: RateLimit | undefined, key: string, requests: number): Promise<boolean> {
  if (limit === undefined) return true;
  const counted = countedRequests.get(limit) ?? new ExpiringMap<number>(MAX_COUNTED_CREDENTIALS);
  countedRequests.set(limit, counted);
  const add = (change: number): number => {
    const left = (counted.get(key, 0) ?? 0) + change;
    counted.set(key, left, Infinity);
    return left;
  };
  let left = add(-requests);
  while (left < 0) {
    if (!(await isWithinLimit(limit, key))) {
      add(requests);
      return false;
    }
    left = add(REQUESTS_PER_COUNT);
  }
  return true;
}

/** D1 rows that count as one more request: a typical request reads fewer, a scan of 200,000 rows counts as 100. */
export const ROWS_PER_REQUEST_UNIT = 2000;
/** The most that one request counts, in addition to itself. */
export const MAX_ROW_UNITS = 100;

/** Returns the requests as which the rows of one count, so that a few scans use up the limit like many small reads. */
function requestsOfRows(rowsRead: number): number {
  return Math.min(MAX_ROW_UNITS, Math.floor(rowsRead / ROWS_PER_REQUEST_UNIT));
}

export const rateLimit = createMiddleware<AppEnv>(async (c, next) => {
  const limit = c.env.CREDENTIAL_LIMIT;
  const key = `credential:${c.get("credentialId")}`;
  if (!(await takeRequests(limit, key, 1))) {
    throwRateLimited(c, "too many requests with this credential; retry after the seconds in Retry-After");
  }
  await next();
  const requests = requestsOfRows(c.var.context.db.rowsRead());
  if (requests > 0) c.executionCtx.waitUntil(takeRequests(limit, key, requests));
});

/** An IPv6 customer has a whole /64, so its addresses count as one network. */
export function networkPrefix(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::", 2);
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const missing = 8 - groups(head).length - groups(tail).length;
  const zeros = address.includes("::") ? Array.from({ length: Math.max(0, missing) }, () => "0") : [];
  const network = [...groups(head), ...zeros, ...groups(tail)].slice(0, 4);
  return network.map((group) => group.replace(/^0+(?=.)/, "").toLowerCase()).join(":");
}

/** Networks over the limit in this isolate, until the window ends: every check of the binding counts as an attempt. */
const blockedNetworks = new ExpiringKeys(MAX_BLOCKED_NETWORKS);

/** Returns the network of a request; null in local development, which lacks Cloudflare's client address header. */
function clientNetwork(c: Context<AppEnv>): string | null {
  const address = c.req.header("cf-connecting-ip");
  return address === undefined ? null : networkPrefix(address);
}

function throwTooManyFailures(c: Context<AppEnv>): never {
  throwRateLimited(c, "too many failed authentication attempts; retry after the seconds in Retry-After");
}

/**
 * Refuses a key that was not accepted recently, before it is looked up, while its network is over the limit of failed
 * attempts. The root key and keys in use are never refused: a phone with a revoked key must not lock out its household.
 */
export function requireUnblockedNetwork(c: Context<AppEnv>): void {
  const network = clientNetwork(c);
  if (network !== null && blockedNetworks.has(network, c.get("nowMs"))) throwTooManyFailures(c);
}

/** Limits the requests of a network to the public routes of sign-in: each writes a row or asks the OpenID provider. */
export const limitSignIns = createMiddleware<AppEnv>(async (c, next) => {
  const network = clientNetwork(c);
  if (network !== null && !(await isWithinLimit(c.env.SIGN_IN_LIMIT, `sign-in:${network}`)))
    throwRateLimited(c, "too many sign-ins from this network; retry after the seconds in Retry-After");
  await next();
});

/** Counts a failed authentication of the network. */
export async function countFailedAuth(c: Context<AppEnv>): Promise<void> {
  const network = clientNetwork(c);
  if (network === null || (await isWithinLimit(c.env.AUTH_FAILURE_LIMIT, `network:${network}`))) return;
  const nowMs = c.get("nowMs");
  blockedNetworks.add(network, nowMs + secondsUntilReset(nowMs) * 1000);
  throwTooManyFailures(c);
}
