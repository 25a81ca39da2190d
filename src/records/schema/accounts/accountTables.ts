/** Users, their libraries and API keys. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const FAVORITE_DISPLAY_MODES = ["favorite", "rating"] as const;
export type FavoriteDisplayMode = (typeof FAVORITE_DISPLAY_MODES)[number];

export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  /** Issuer and `sub` claim of the identity (`subjectOf`); `root` is the owner of the deployment. */
  subject: text("subject").notNull().unique(),
  email: text("email"),
  firstName: text("first_name"),
  lastName: text("last_name"),
  timezone: text("timezone"),
  isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
  isVerified: integer("is_verified", { mode: "boolean" }).notNull().default(true),
  isSuperuser: integer("is_superuser", { mode: "boolean" }).notNull().default(false),
  /** Unused since migration 0019: the sum of the libraries replaced it. A later release drops the column. */
  storageUsedBytes: integer("storage_used_bytes").notNull().default(0),
  storageLimitBytes: integer("storage_limit_bytes").notNull(),
  /** How a client shows favourites: by a heart or by stars. */
  favoriteDisplayMode: text("favorite_display_mode").$type<FavoriteDisplayMode>().notNull().default("favorite"),
  demoModeEnabled: integer("demo_mode_enabled", { mode: "boolean" }).notNull().default(false),
  /** The library that Immich clients use; it may have been trashed or left since. */
  immichLibraryId: text("immich_library_id"),
  /** The user's choice about automatic face detection; null without one. */
  faceDetectionPreference: integer("face_detection_preference", { mode: "boolean" }),
  /** ISO 3166-1 alpha-2. */
  homeCountry: text("home_country"),
  /** ISO 3166-2 without the country. */
  homeSubdivision: text("home_subdivision"),
  createdAt: integer("created_at").notNull(),
  updatedAt: integer("updated_at").notNull(),
});

export const libraries = sqliteTable(
  "libraries",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    name: text("name").notNull(),
    /** `foldName(name)`, by which names are unique among a user's libraries; null as in `albums`. */
    foldedName: text("folded_name"),
    description: text("description"),
    assetCount: integer("asset_count").notNull().default(0),
    /** Maintained by triggers; excludes deleted albums. */
    albumCount: integer("album_count").notNull().default(0),
    storageUsedBytes: integer("storage_used_bytes").notNull().default(0),
    storageLimitBytes: integer("storage_limit_bytes"),
    trashedAt: integer("trashed_at"),
    /** When a trashed library is due for permanent deletion; null while it is live. */
    purgeAt: integer("purge_at"),
    /**
     * Assets trashed up to this millisecond are hidden from every reader until they are purged: see
     * records/deletion/trash.
     */
    trashClearedAt: integer("trash_cleared_at").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("libraries_by_user").on(t.userId, t.id),
    index("libraries_by_name").on(t.userId, t.foldedName),
    index("libraries_to_purge")
      .on(t.purgeAt)
      .where(sql`"purge_at" IS NOT NULL`),
  ],
);

export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    userId: text("user_id").notNull(),
    name: text("name"),
    /** SHA-256 of the secret, base64; the only stored form of the secret. */
    secretHash: text("secret_hash").notNull().unique(),
    actions: text("actions", { mode: "json" }).notNull(),
    /** Libraries the key is restricted to; null: all present and future libraries of its user. */
    libraryIds: text("library_ids", { mode: "json" }),
    isActive: integer("is_active", { mode: "boolean" }).notNull().default(true),
    expiresAt: integer("expires_at"),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at"),
  },
  (t) => [index("api_keys_by_user").on(t.userId, t.id)],
);
