/** Embeddings of faces and how they are grouped into people (docs/decisions/0046). */
import { sql } from "drizzle-orm";
import { blob, index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One row for each face whose embedding is known. Triggers delete it with the face. */
export const faceEmbeddings = sqliteTable(
  "face_embeddings",
  {
    faceId: text("face_id").primaryKey(),
    libraryId: text("library_id").notNull(),
    assetId: text("asset_id").notNull(),
    /** `name@version` of the recognizer: embeddings of different models are not compared. */
    model: text("model").notNull(),
    /** One signed byte for each dimension: the unit vector times 127. */
    vector: blob("vector", { mode: "buffer" }).notNull(),
    /** 0: has a person, or is a manual box, which is never grouped. 1: compared, waits. 2: not yet compared. */
    waiting: integer("waiting").notNull().default(0),
    /** `cluster_states.revision` of the last change. */
    revision: integer("revision").notNull(),
  },
  (t) => [
    index("face_embeddings_by_revision").on(t.libraryId, t.revision),
    index("face_embeddings_waiting")
      .on(t.libraryId, t.model, t.waiting, t.faceId)
      .where(sql`"waiting" > 0`),
  ],
);

/** People from whom a user detached a face: clustering never assigns it to them again. */
export const faceRejections = sqliteTable(
  "face_rejections",
  {
    faceId: text("face_id").notNull(),
    personId: text("person_id").notNull(),
  },
  (t) => [primaryKey({ columns: [t.faceId, t.personId] }), index("face_rejections_by_person").on(t.personId, t.faceId)],
);

/** The centroid of each person who has faces with embeddings. */
export const personClusters = sqliteTable(
  "person_clusters",
  {
    personId: text("person_id").primaryKey(),
    libraryId: text("library_id").notNull(),
    /** The model of the counted faces; null until they are counted. */
    model: text("model"),
    /** Exact sum of their vectors: little-endian int32 for each dimension. Null without faces. */
    sum: blob("sum", { mode: "buffer" }),
    /** Exact sum of the squares of all components of all counted vectors. */
    squareSum: integer("square_sum").notNull().default(0),
    /** Counted faces. */
    faceCount: integer("face_count").notNull().default(0),
    /** Set by triggers when faces changed without clustering: the sum has to be counted again. */
    isStale: integer("is_stale", { mode: "boolean" }).notNull().default(false),
    /** Mean and 90th percentile of the cosine distances between the person's faces; null until measured. */
    pairwiseMean: real("pairwise_mean"),
    pairwiseP90: real("pairwise_p90"),
    /** Whether the metrics are those of `sum`. */
    isMeasured: integer("is_measured", { mode: "boolean" }).notNull().default(false),
    revision: integer("revision").notNull(),
  },
  (t) => [
    index("person_clusters_by_revision").on(t.libraryId, t.revision),
    index("person_clusters_unmeasured")
      .on(t.libraryId, t.personId)
      .where(sql`"is_measured" = 0`),
  ],
);

/** One row for each library with embeddings: every change of its embeddings and assignments has another revision. */
export const clusterStates = sqliteTable("cluster_states", {
  libraryId: text("library_id").primaryKey(),
  revision: integer("revision").notNull().default(1),
  /** The revision of the last deletion of an embedding or a person. */
  resetRevision: integer("reset_revision").notNull().default(1),
  /** Random; a batch recognizes its own change by it. */
  token: integer("token").notNull().default(0),
});

export const FACE_RUN_KINDS = ["detect", "delete"] as const;

/** One row for each library: the last command to detect the faces of earlier photos, or to delete automatic faces. */
export const faceRuns = sqliteTable("face_runs", {
  libraryId: text("library_id").primaryKey(),
  kind: text("kind", { enum: FACE_RUN_KINDS }).notNull(),
  /** Sort key, or checksum, of the last asset that was handled; empty at the start. */
  position: text("position").notNull().default(""),
  /** Assets whose tasks were started, or whose faces were deleted. */
  handled: integer("handled").notNull().default(0),
  requestedAt: integer("requested_at").notNull(),
  /** Null while the run continues. */
  finishedAt: integer("finished_at"),
  /** Changes with every part, so that two consumers never handle the same part. */
  revision: integer("revision").notNull().default(0),
});
