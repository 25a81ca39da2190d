/** Tags of cached media to purge from the cache in front of the Worker. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Cache tags to purge. Triggers insert a row in the batch of each change that ends media URLs. */
export const cachePurges = sqliteTable("cache_purges", {
  /** An asset, a library, the trash of a library, or a signing key. */
  tag: text("tag").primaryKey(),
  /** The library whose tag covers this one; empty for a signing key. */
  libraryId: text("library_id").notNull(),
  /** Seconds since 1970. Cached responses end two days later by themselves. */
  requestedAt: integer("requested_at").notNull(),
  /** Purges so far. The second one removes what a request that read before the change stored after the first. */
  passes: integer("passes").notNull().default(0),
  /** Milliseconds since 1970; 0 is now. */
  dueAt: integer("due_at").notNull().default(0),
});

/** Tags of the keys that signed the media URLs in caches: the configured keys at the last scheduled run. */
export const signingKeyTags = sqliteTable("signing_key_tags", {
  tag: text("tag").primaryKey(),
});
