/** The inputs that a list merges: each is a range of an index, in its order. */
import { sql, type SQL } from "drizzle-orm";
import { narrowingConditions, scopeConditions, type AssetFilter, type Narrowing } from "../assetFilters.ts";

/** One ordered source of rows. The keys are those of capture and of trash time; `order` is the order of its index. */
export interface Input {
  from: SQL;
  /** Conditions that the index serves. */
  where: SQL[];
  /** Conditions that are checked row by row. */
  checks: SQL[];
  timeKey: SQL;
  trashKey: SQL;
  order: "time" | "trash";
}

/** Conditions of an input whose index serves `equalities`, the scope and the named filters. */
export function conditions(filter: AssetFilter, equalities: SQL[], served: readonly Narrowing[] = []) {
  return { where: [...equalities, ...scopeConditions(filter)], checks: narrowingConditions(filter, served) };
}

const keys = { timeKey: sql`a.sort_key`, trashKey: sql`a.trash_key` };
export const byTime = { ...keys, order: "time" } as const;
export const byTrashTime = { ...keys, order: "trash" } as const;
