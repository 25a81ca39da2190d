/**
 * How often a credential may call, and how often one network may send credentials that open nothing. Both limits are
 * bindings, counted by each Cloudflare location for itself; a deployment without them has none.
 */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import { warn } from "../kernel/log.ts";
import type { AppEnv } from "./context.ts";

const MINUTE_S = 60;

/** The binding does not say when it begins to count anew; its windows have at most a minute. */
function secondsLeft(nowMs: number): number {
  return MINUTE_S - (Math.floor(nowMs / 1000) % MINUTE_S);
}

/** A limiter that fails lets through: it must not take the service down with it. */
async function isWithin(limit: RateLimit | undefined, key: string): Promise<boolean> {
  if (limit === undefined) return true;
  try {
    return (await limit.limit({ key })).success;
  } catch (error) {
    warn("a rate limit could not be asked", { error: String(error) });
    return true;
  }
}

function refuse(c: Context<AppEnv>, message: string): never {
  throw new AppError("rate_limited", message, { retryAfterSeconds: secondsLeft(c.get("nowMs")) });
}

export const rateLimit = createMiddleware<AppEnv>(async (c, next) => {
  if (!(await isWithin(c.env.CREDENTIAL_LIMIT, `credential:${c.get("credentialId")}`))) {
    refuse(c, "too many requests with this credential; go on after Retry-After seconds");
  }
  await next();
});

/** Whoever has IPv6 has 2⁶⁴ addresses: they count as the one network that they are. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::", 2);
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const missing = 8 - groups(head).length - groups(tail).length;
  const zeros = address.includes("::") ? Array.from({ length: Math.max(0, missing) }, () => "0") : [];
  const network = [...groups(head), ...zeros, ...groups(tail)].slice(0, 4);
  return network.map((group) => group.replace(/^0+(?=.)/, "").toLowerCase()).join(":");
}

/**
 * After a credential that opens nothing. One that does is never refused for what its neighbours send: a phone with a
 * revoked key must not lock a household out.
 */
export async function countGuess(c: Context<AppEnv>): Promise<void> {
  const address = c.req.header("cf-connecting-ip");
  if (address === undefined) return;
  if (await isWithin(c.env.GUESS_LIMIT, `network:${networkOf(address)}`)) return;
  refuse(c, "too many credentials that open nothing; go on after Retry-After seconds");
}
