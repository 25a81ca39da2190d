/** Passkeys, and the one-time challenges and links of the built-in sign-in. */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const passkeys = sqliteTable(
  "passkeys",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    /** The authenticator's id of the credential, base64url. */
    credentialId: text("credential_id").notNull().unique(),
    /** COSE key, base64url. */
    publicKey: text("public_key").notNull(),
    /** Signatures that the authenticator counted; 0 where it doesn't count, as for synced passkeys. */
    counter: integer("counter").notNull(),
    /** How the browser reached the authenticator, such as `internal` and `usb`; hints for the next time. */
    transports: text("transports", { mode: "json" }).notNull(),
    name: text("name").notNull(),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at"),
  },
  (t) => [index("passkeys_by_user").on(t.userId, t.id)],
);

/** Challenges that an authenticator has to sign. A row is deleted by its use. */
export const passkeyChallenges = sqliteTable(
  "passkey_challenges",
  {
    /** SHA-256 of the challenge, base64. */
    challengeHash: text("challenge_hash").primaryKey(),
    /** `sign_in`, `sign_up`, or `add` for a passkey of a signed-in user. */
    purpose: text("purpose", { enum: ["sign_in", "sign_up", "add"] }).notNull(),
    /** A second value that the use has to match: the sign-in request, the new user's handle, or the user. */
    boundTo: text("bound_to").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (t) => [index("passkey_challenges_by_expiry").on(t.expiresAt)],
);

/** One-time links that sign a user in. A row is deleted by its use. */
export const signInLinks = sqliteTable(
  "sign_in_links",
  {
    /** SHA-256 of the link's secret, base64. */
    secretHash: text("secret_hash").primaryKey(),
    userId: text("user_id").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (t) => [index("sign_in_links_by_user").on(t.userId), index("sign_in_links_by_expiry").on(t.expiresAt)],
);
