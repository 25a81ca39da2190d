/**
 * Reads the frames around one frame of a burst, in capture order. operations/tasks decides which of them form a stack.
 */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";

const flag = z.literal([0, 1]).transform((bit) => bit === 1);

const frame = z.object({
  id: z.string(),
  stackId: z.string().nullable(),
  origin: z.enum(["auto_burst", "user"]).nullable(),
  isTrashed: flag,
  /** A user removed the frame from a stack. */
  wasUnstacked: flag,
});
export type BurstFrame = z.output<typeof frame>;

export interface BurstQuery {
  libraryId: string;
  assetId: string;
  autoStackId: string;
  /** The camera's maker in the file: makers count their bursts independently. */
  make: string | null;
  /** Frames further apart belong to different bursts, because a camera may reuse a burst id. */
  gapUs: number;
  /** Frames to read in each direction. */
  maxFrames: number;
}

export interface BurstSnapshot {
  frames: BurstFrame[];
  /** A condition: the same query still returns the same frames. */
  unchanged: SQL;
}

/**
 * Reads frames in one direction, one index seek per step. It ends at a frame that burst detection has stacked, because
 * that stack already includes the frames beyond it. So a new frame of a long stacked burst reads only a few rows.
 */
function adjacentFrames(query: BurstQuery, side: "earlier" | "later"): SQL {
  const { libraryId, autoStackId, make } = query;
  const [name, comparison, order] = side === "earlier" ? ["earlier", "<", "DESC"] : ["later", ">", "ASC"];
  const next = sql`SELECT m.id FROM assets m INDEXED BY assets_by_burst
    WHERE m.library_id = ${libraryId} AND m.auto_stack_id = ${autoStackId} AND m.sort_key ${sql.raw(comparison)} w.sort_key
      AND json_extract(m.file_metadata, '$.make') IS ${make}
    ORDER BY m.sort_key ${sql.raw(order)} LIMIT 1`;
  return sql`${sql.raw(name)} (id, sort_key, local_us, is_end, steps) AS (
    SELECT id, sort_key, local_us, 0, 0 FROM assets WHERE id = ${query.assetId} AND library_id = ${libraryId}
    UNION ALL
    SELECT n.id, n.sort_key, n.local_us,
      EXISTS (SELECT 1 FROM stacks s WHERE s.id = n.stack_id AND s.origin = 'auto_burst'), w.steps + 1
    FROM ${sql.raw(name)} w CROSS JOIN assets n ON n.id = (${next})
    WHERE NOT w.is_end AND w.steps < ${query.maxFrames} AND abs(n.local_us - w.local_us) <= ${query.gapUs})`;
}

/** The frames as one JSON text. */
function framesJson(query: BurstQuery): SQL {
  return sql`(WITH RECURSIVE ${adjacentFrames(query, "earlier")}, ${adjacentFrames(query, "later")}
    SELECT json_group_array(json(frame)) FROM (
      SELECT json_object('id', a.id, 'stackId', s.id, 'origin', s.origin, 'isTrashed', a.trashed_at IS NOT NULL,
        'wasUnstacked', a.unstacked_at IS NOT NULL) AS frame
      FROM (SELECT id, sort_key FROM earlier UNION SELECT id, sort_key FROM later) f
        CROSS JOIN assets a ON a.id = f.id LEFT JOIN stacks s ON s.id = a.stack_id
      ORDER BY f.sort_key))`;
}

export async function readBurst(db: Database, query: BurstQuery): Promise<BurstSnapshot> {
  const frames = framesJson(query);
  const [row] = await db.orm.all<{ frames: string }>(sql`SELECT ${frames} AS frames`);
  if (row === undefined) throw new Error("a SELECT without FROM returned no row");
  return { frames: z.array(frame).parse(JSON.parse(row.frames)), unchanged: sql`${frames} = ${row.frames}` };
}
