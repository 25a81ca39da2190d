/** Opens the database session, authenticates the credential and checks its permissions. */
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import * as authentication from "../operations/accounts/authentication.ts";
import { renewAccessToken, type Refusal } from "../operations/accounts/sessions/sessionAuthentication.ts";
import { sessionConsistency } from "../operations/context.ts";
import { requestContext, type AppEnv } from "./context.ts";
import { countFailedAuth, requireUnblockedNetwork } from "./rateLimits.ts";

const BOOKMARK_HEADER = "x-d1-bookmark";
const NEW_TOKEN_HEADER = "x-new-access-token";
const READ_METHODS = new Set(["GET", "HEAD"]);

/**
 * Returns the session's bookmark: a client that sends it back reads its own writes from any replica. Changes lead to the
 * text index.
 */
export const databaseSession = createMiddleware<AppEnv>(async (c, next) => {
  const isRead = READ_METHODS.has(c.req.method);
  const consistency = sessionConsistency(isRead, c.req.header(BOOKMARK_HEADER) ?? null);
  const context = requestContext(c, consistency);
  c.set("context", context);
  await next();
  context.waitUntil(context.indexNewEvents());
  const bookmark = context.db.bookmark();
  if (bookmark !== null) c.res.headers.set(BOOKMARK_HEADER, bookmark);
});

/** Reads an RFC 6750 Bearer token, else x-api-key: a proxy may need `Authorization: Basic` for itself. */
function parseToken(authorization: string | undefined, apiKey: string | undefined): string | null {
  if (authorization !== undefined && /^Bearer\b/i.test(authorization))
    return /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null;
  return apiKey ?? null;
}

/** Clients of the Gumnut API look for the words of `expired`. */
const refusals = {
  invalid: "invalid credential: unknown, expired or revoked",
  expired: "JWT has expired; sign in again",
} as const satisfies Record<Refusal, string>;

/** A session whose token is half through its life gets the next one with the response, whatever its status. */
export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const token = parseToken(c.req.header("authorization"), c.req.header("x-api-key"));
  if (token === null) {
    throw new AppError("unauthorized", "missing credential: send Authorization: Bearer <key>, or x-api-key: <key>");
  }
  const authenticated = await authentication.authenticate(c.var.context, token, () => requireUnblockedNetwork(c));
  if (typeof authenticated === "string") {
    await countFailedAuth(c);
    throw new AppError("unauthorized", refusals[authenticated]);
  }
  const renewed = await renewAccessToken(c.var.context, authenticated);
  const { credentialId, tokenIssuedAtMs: _tokenIssuedAtMs, ...principal } = authenticated;
  c.set("principal", principal);
  c.set("credentialId", credentialId);
  await next();
  if (renewed !== null) c.res.headers.set(NEW_TOKEN_HEADER, renewed);
});

export const requireAction = (action: authentication.Action) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const principal = c.get("principal");
    authentication.requireAction(principal, action);
    c.set("principal", { ...principal, action });
    await next();
  });

export const requireSession = createMiddleware<AppEnv>(async (c, next) => {
  authentication.requireSession(c.get("principal"));
  await next();
});

export const requireOwner = createMiddleware<AppEnv>(async (c, next) => {
  authentication.requireOwner(c.get("principal"));
  await next();
});
