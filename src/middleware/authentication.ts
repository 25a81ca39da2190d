/** Opens the database session, finds out who is calling, and holds routes to what the credential allows. */
import { createMiddleware } from "hono/factory";
import { AppError } from "../kernel/errors.ts";
import { authenticate, demandAction, demandKeyManagement, type Action } from "../operations/accounts/authentication.ts";
import { openSession } from "../operations/accounts/databaseSession.ts";
import type { AppEnv } from "./context.ts";
import { countGuess } from "./rateLimits.ts";

const BOOKMARK_HEADER = "x-d1-bookmark";
const READING = new Set(["GET", "HEAD"]);

/** A caller that sends the answer's bookmark back reads its own writes from any replica. */
export const session = createMiddleware<AppEnv>(async (c, next) => {
  const db = openSession(c.env.DB, !READING.has(c.req.method), c.req.header(BOOKMARK_HEADER) ?? null);
  c.set("db", db);
  await next();
  const bookmark = db.bookmark();
  if (bookmark !== null) c.header(BOOKMARK_HEADER, bookmark);
});

/** RFC 6750's Bearer header, or x-api-key. */
function tokenOf(authorization: string | undefined, apiKey: string | undefined): string | null {
  if (authorization !== undefined) return /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null;
  return apiKey ?? null;
}

export const credentials = createMiddleware<AppEnv>(async (c, next) => {
  const token = tokenOf(c.req.header("authorization"), c.req.header("x-api-key"));
  if (token === null) {
    throw new AppError(
      "unauthorized",
      "a credential is missing: send Authorization: Bearer <key>, or x-api-key: <key>",
    );
  }
  const config = c.get("config");
  const caller = await authenticate(
    {
      db: c.get("db"),
      rootApiKey: config.rootApiKey,
      storageLimits: {
        userBytes: config.defaultUserStorageLimitBytes,
        libraryBytes: config.defaultLibraryStorageLimitBytes,
      },
      nowMs: c.get("nowMs"),
      defer: (work) => c.executionCtx.waitUntil(work),
    },
    token,
  );
  if (caller === null) {
    await countGuess(c);
    throw new AppError("unauthorized", "the credential is unknown, expired or revoked");
  }
  const { credentialId, ...principal } = caller;
  c.set("principal", principal);
  c.set("credentialId", credentialId);
  await next();
});

export const allows = (action: Action) =>
  createMiddleware<AppEnv>(async (c, next) => {
    demandAction(c.get("principal"), action);
    await next();
  });

export const managesKeys = createMiddleware<AppEnv>(async (c, next) => {
  demandKeyManagement(c.get("principal"));
  await next();
});
