/** Members of libraries, and invitations to become one. */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Roles of a library's members, from most to least rights. */
export const memberRoles = ["owner", "collaborator", "viewer"] as const;
export const memberStates = ["active", "left", "removed"] as const;

/**
 * Who may use a library, the owner included: a trigger adds the owner's row with the library. The library scope of every
 * query is an active row of this table.
 */
export const libraryMembers = sqliteTable(
  "library_members",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    userId: text("user_id").notNull(),
    role: text("role", { enum: memberRoles }).notNull(),
    state: text("state", { enum: memberStates }).notNull(),
    /** The invitation of the last join; null for the owner. */
    invitationId: text("invitation_id"),
    /** When the member joined last. */
    joinedAt: integer("joined_at").notNull(),
    /** When the membership ended; null while it is active. */
    endedAt: integer("ended_at"),
    /** The last removal. Invitations from before it do not admit the user again. */
    lastRemovedAt: integer("last_removed_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    uniqueIndex("library_members_by_library").on(t.libraryId, t.userId),
    /** Covers the check of every request: a member costs one index entry. */
    index("library_members_active")
      .on(t.userId, t.libraryId, t.role)
      .where(sql`"state" = 'active'`),
  ],
);

/** The secret of an invitation is derived from its id, so nothing of it is stored. */
export const libraryInvitations = sqliteTable(
  "library_invitations",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    role: text("role", { enum: ["collaborator", "viewer"] }).notNull(),
    maxJoiners: integer("max_joiners").notNull(),
    /** Accounts that joined, those that left included. Maintained by triggers. */
    joinerCount: integer("joiner_count").notNull().default(0),
    /** Exclusive. */
    expiresAt: integer("expires_at").notNull(),
    disabledAt: integer("disabled_at"),
    /** The user who made it. */
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    /** A policy exists once per library: repeating its creation finds it. */
    uniqueIndex("library_invitations_by_policy").on(t.libraryId, t.role, t.maxJoiners, t.expiresAt),
  ],
);

/** Accounts that joined through an invitation, once each. Triggers insert them and count them in `joiner_count`. */
export const invitationRedemptions = sqliteTable(
  "invitation_redemptions",
  {
    invitationId: text("invitation_id").notNull(),
    userId: text("user_id").notNull(),
  },
  (t) => [primaryKey({ columns: [t.invitationId, t.userId] })],
);
