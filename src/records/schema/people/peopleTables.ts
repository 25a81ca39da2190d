/** People and the faces by which they are recognized (docs/decisions/0044). */
import { sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import {
  countKeyExpression,
  isTrashedExpression,
  listClassExpression,
  nameKeyExpression,
  portraitScoreExpression,
} from "../../people/sortKeys.ts";

export const people = sqliteTable(
  "people",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    /** The owner of the library. */
    userId: text("user_id").notNull(),
    /** Null for an unnamed person, and then `foldedName` and `sortName` too. */
    name: text("name"),
    /** `foldName(name)`, by which names are unique in a library. */
    foldedName: text("folded_name"),
    /** `sortName(name)`, by which names are sorted and searched: without case and accents. */
    sortName: text("sort_name"),
    /** ISO 8601 date. */
    birthDate: text("birth_date"),
    isFavorite: integer("is_favorite", { mode: "boolean" }).notNull().default(false),
    isHidden: integer("is_hidden", { mode: "boolean" }).notNull().default(false),
    /** The portrait chosen by the user: a face of this person, or one without a person. */
    thumbnailFaceId: text("thumbnail_face_id"),
    /** Live assets that show the person, and all of the person's faces. Maintained by triggers. */
    assetCount: integer("asset_count").notNull().default(0),
    faceCount: integer("face_count").notNull().default(0),
    /** Keys of the lists: virtual columns, stored only in indexes. */
    listClass: integer("list_class").generatedAlwaysAs(listClassExpression(), { mode: "virtual" }),
    nameKey: text("name_key").generatedAlwaysAs(nameKeyExpression(), { mode: "virtual" }),
    countKey: text("count_key").generatedAlwaysAs(countKeyExpression(), { mode: "virtual" }),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("people_by_library").on(t.libraryId, t.listClass, t.id),
    index("people_by_sort_name").on(t.libraryId, t.listClass, t.nameKey),
    index("people_by_count").on(t.libraryId, t.listClass, t.countKey),
    uniqueIndex("people_by_name")
      .on(t.libraryId, t.foldedName)
      .where(sql`"folded_name" IS NOT NULL`),
    index("people_by_portrait")
      .on(t.thumbnailFaceId)
      .where(sql`"thumbnail_face_id" IS NOT NULL`),
  ],
);

export const FACE_SOURCES = ["automatic", "manual"] as const;
export type FaceSource = (typeof FACE_SOURCES)[number];

/** Every change of `person_id` goes through records/faces/assignments.ts. */
export const faces = sqliteTable(
  "faces",
  {
    id: text("id").primaryKey(),
    libraryId: text("library_id").notNull(),
    assetId: text("asset_id").notNull(),
    personId: text("person_id"),
    /** Pixels in the display space of the original upload; of the poster for a video. */
    x: integer("x").notNull(),
    y: integer("y").notNull(),
    w: integer("w").notNull(),
    h: integer("h").notNull(),
    /** Position in a video. */
    timestampMs: integer("timestamp_ms"),
    /** The recognizer's certainty, 0 to 1; null for a manual face. */
    confidence: real("confidence"),
    source: text("source", { enum: FACE_SOURCES }).notNull(),
    /** Who chose the person; null without one. */
    assignedBy: text("assigned_by", { enum: ["user", "clustering"] }),
    /** `name@version` of the recognizer; null for a manual face. */
    model: text("model"),
    /** Copy of the asset's column: lists leave out faces of trashed assets. */
    trashedAt: integer("trashed_at"),
    portraitScore: integer("portrait_score").generatedAlwaysAs(portraitScoreExpression(), { mode: "virtual" }),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    index("faces_by_library")
      .on(t.libraryId, t.id)
      .where(sql`"trashed_at" IS NULL`),
    index("faces_by_asset").on(t.assetId, t.id),
    index("faces_by_person")
      .on(t.personId, isTrashedExpression(), t.id)
      .where(sql`"person_id" IS NOT NULL`),
    /** The last entry is the portrait of a person without a chosen one. */
    index("faces_portraits")
      .on(t.personId, t.portraitScore, t.id)
      .where(sql`"person_id" IS NOT NULL AND "trashed_at" IS NULL`),
  ],
);
