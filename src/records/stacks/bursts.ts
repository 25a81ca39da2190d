/** The frames around one frame of a burst, in order of capture. Whether they make a stack is operations/tasks/burst.ts's. */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import type { Database } from "../database.ts";

const flag = z.literal([0, 1]).transform((bit) => bit === 1);

const frame = z.object({
  id: z.string(),
  stackId: z.string().nullable(),
  origin: z.enum(["auto_burst", "user"]).nullable(),
  isTrashed: flag,
  /** Someone took it out of a stack. */
  wasTakenOut: flag,
});
export type Frame = z.output<typeof frame>;

export interface BurstQuestion {
  libraryId: string;
  assetId: string;
  autoStackId: string;
  /** Frames further apart are of different bursts: a camera may use a burst's name again. */
  gapUs: number;
  /** How far to walk to either side. */
  maxFrames: number;
}

export interface BurstReading {
  frames: Frame[];
  /** Holds as long as the same question has the same answer. */
  unchanged: SQL;
}

/**
 * From the frame to one side, a seek of the index for each step. The walk ends with a frame that detection has stacked:
 * those beyond it were that stack's to find. So a frame that comes to a stacked burst of any length reads a few rows.
 */
function walk(question: BurstQuestion, side: "earlier" | "later"): SQL {
  const { libraryId, autoStackId } = question;
  const [name, comparison, order] = side === "earlier" ? ["earlier", "<", "DESC"] : ["later", ">", "ASC"];
  const next = sql`SELECT m.id FROM assets m INDEXED BY assets_by_burst
    WHERE m.library_id = ${libraryId} AND m.auto_stack_id = ${autoStackId} AND m.sort_key ${sql.raw(comparison)} w.sort_key
    ORDER BY m.sort_key ${sql.raw(order)} LIMIT 1`;
  return sql`${sql.raw(name)} (id, sort_key, local_us, is_end, steps) AS (
    SELECT id, sort_key, local_us, 0, 0 FROM assets WHERE id = ${question.assetId} AND library_id = ${libraryId}
    UNION ALL
    SELECT n.id, n.sort_key, n.local_us,
      EXISTS (SELECT 1 FROM stacks s WHERE s.id = n.stack_id AND s.origin = 'auto_burst'), w.steps + 1
    FROM ${sql.raw(name)} w CROSS JOIN assets n ON n.id = (${next})
    WHERE NOT w.is_end AND w.steps < ${question.maxFrames} AND abs(n.local_us - w.local_us) <= ${question.gapUs})`;
}

function framesOf(question: BurstQuestion): SQL {
  return sql`(WITH RECURSIVE ${walk(question, "earlier")}, ${walk(question, "later")}
    SELECT json_group_array(json(frame)) FROM (
      SELECT json_object('id', a.id, 'stackId', s.id, 'origin', s.origin, 'isTrashed', a.trashed_at IS NOT NULL,
        'wasTakenOut', a.unstacked_at IS NOT NULL) AS frame
      FROM (SELECT id, sort_key FROM earlier UNION SELECT id, sort_key FROM later) f
        CROSS JOIN assets a ON a.id = f.id LEFT JOIN stacks s ON s.id = a.stack_id
      ORDER BY f.sort_key))`;
}

export async function readBurst(db: Database, question: BurstQuestion): Promise<BurstReading> {
  const frames = framesOf(question);
  const [row] = await db.orm.all<{ frames: string }>(sql`SELECT ${frames} AS frames`);
  if (row === undefined) throw new Error("a SELECT without FROM gave no row");
  return { frames: z.array(frame).parse(JSON.parse(row.frames)), unchanged: sql`${frames} = ${row.frames}` };
}
