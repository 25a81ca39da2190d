/**
 * Rate limits per credential, and per network for failed authentication. Both are Workers rate limiting bindings, which
 * count per Cloudflare location; a deployment without them has no limits.
 */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import { warn } from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

const MINUTE_S = 60;

/** The binding does not report the end of its window, which has at most one minute. */
function secondsUntilReset(nowMs: number): number {
  return MINUTE_S - (Math.floor(nowMs / 1000) % MINUTE_S);
}

/** Fails open, so that an outage of the rate limiter does not take the service down. */
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

export const rateLimit = createMiddleware<AppEnv>(async (c, next) => {
  if (!(await isWithinLimit(c.env.CREDENTIAL_LIMIT, `credential:${c.get("credentialId")}`))) {
    throwRateLimited(c, "too many requests with this credential; retry after the seconds in Retry-After");
  }
  await next();
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

/**
 * Counts a failed authentication. Valid credentials are never limited by it: a phone with a revoked key must not lock
 * out its household.
 */
export async function countFailedAuth(c: Context<AppEnv>): Promise<void> {
  const address = c.req.header("cf-connecting-ip");
  if (address === undefined) return;
  if (await isWithinLimit(c.env.AUTH_FAILURE_LIMIT, `network:${networkPrefix(address)}`)) return;
  throwRateLimited(c, "too many failed authentication attempts; retry after the seconds in Retry-After");
}
