/**
 * The statuses of all tasks of an asset as one number, so that one index finds tasks by status and type: two bits for
 * each type at its position in `taskTypes`, and one bit for a claim.
 */
import { sql, type SQL } from "drizzle-orm";
import { taskTypes } from "../schema/schema.ts";
import { sqlNumber } from "../sql/sqlLiterals.ts";
import type { TaskType } from "./taskIds.ts";

export const taskStatuses = ["pending", "started", "success", "failure"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** A pending task is `started` while its asset is claimed. */
export type StoredStatus = Exclude<TaskStatus, "started">;

/** 0 is a task that the asset lacks. */
const codes = { pending: 1, success: 2, failure: 3 } as const satisfies Record<StoredStatus, number>;

/** Above 16 types of two bits. Numbers stay below 2 ** 53. */
const CLAIMED = 2 ** 32;

/** The value of one in the bits of a type. */
function weightOf(type: TaskType): number {
  return 4 ** taskTypes.indexOf(type);
}

export function statesOf(statuses: [TaskType, StoredStatus][], isClaimed: boolean): number {
  const sum = statuses.reduce((total, [type, status]) => total + codes[status] * weightOf(type), 0);
  return isClaimed ? sum + CLAIMED : sum;
}

/** The states of a row with a claim, which it may already have. */
export const claimedStates = sql`states % ${sqlNumber(CLAIMED)} + ${sqlNumber(CLAIMED)}`;

function codeIn(states: SQL, type: TaskType): SQL {
  return sql`${states} / ${sqlNumber(weightOf(type))} % 4`;
}

/** The states of a row after `types` became pending. */
export function reopenedStates(states: SQL, types: TaskType[]): SQL {
  const changes = types.map(
    (type) => sql`(${sqlNumber(codes.pending)} - ${codeIn(states, type)}) * ${sqlNumber(weightOf(type))}`,
  );
  return sql.join([states, ...changes], sql` + `);
}

/** A condition: the row has a task of each of the types. */
export function hasTasks(states: SQL, types: TaskType[]): SQL {
  return sql.join(
    types.map((type) => sql`${codeIn(states, type)} > 0`),
    sql` AND `,
  );
}

/** How many tasks of a row have the status and the type; null selects all. */
export function countMatches(states: SQL, status: TaskStatus | null, type: TaskType | null): SQL {
  const isWanted = (code: SQL): SQL => {
    if (status === null) return sql`(${code} > 0)`;
    return sql`(${code} = ${sqlNumber(codes[status === "started" ? "pending" : status])})`;
  };
  const types = type === null ? [...taskTypes] : [type];
  const count = sql.join(
    types.map((each) => isWanted(codeIn(states, each))),
    sql` + `,
  );
  if (status !== "pending" && status !== "started") return count;
  const isClaimed = sql`(${states} >= ${sqlNumber(CLAIMED)})`;
  return sql`(${count}) * (${isClaimed} = ${sqlNumber(status === "started" ? 1 : 0)})`;
}
