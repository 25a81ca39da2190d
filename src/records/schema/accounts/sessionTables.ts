/** Sessions of signed-in users, and the sign-ins that lead to them. */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    /** The User-Agent that signed in. */
    label: text("label").notNull(),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at").notNull(),
    /** `iat` of the newest token that the client has used, in milliseconds. */
    tokenIssuedAt: integer("token_issued_at").notNull(),
    /** Moves ahead with each use, and back to `endedAt`. */
    expiresAt: integer("expires_at").notNull(),
    endedAt: integer("ended_at"),
  },
  (t) => [index("sessions_by_user").on(t.userId, t.id), index("sessions_by_expiry").on(t.expiresAt)],
);

/** Sign-ins that began with GET /api/oauth/auth-url. */
export const signInRequests = sqliteTable(
  "sign_in_requests",
  {
    /** SHA-256 of the state, base64: the only stored form of the state. */
    stateHash: text("state_hash").primaryKey(),
    redirectUri: text("redirect_uri").notNull(),
    /** The client's PKCE challenge, S256; null if the client uses none. */
    codeChallenge: text("code_challenge"),
    /** Set with `codeHash` when a user has signed in on our page; null for an OpenID provider. */
    userId: text("user_id"),
    /** SHA-256 of the code, base64. */
    codeHash: text("code_hash"),
    createdAt: integer("created_at").notNull(),
    /** The end of the state; of the code, once there is one. */
    expiresAt: integer("expires_at").notNull(),
    /** Set by the first exchange, whatever its outcome. */
    usedAt: integer("used_at"),
  },
  (t) => [index("sign_in_requests_by_expiry").on(t.expiresAt)],
);
