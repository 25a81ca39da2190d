/** Sort and group keys of people and faces, as SQL for the virtual columns of their tables. */
import { sql, type SQL } from "drizzle-orm";

/** The groups of people by which lists filter. Each is a range of every index of a list. */
export const LIST_CLASSES = { named: 0, namedHidden: 1, unnamed: 2, unnamedHidden: 3 } as const;

export function listClassExpression(): SQL {
  return sql.raw(`(("name" IS NULL) * 2 + "is_hidden")`);
}

/** Characters at the end of a name key that are not of the name: the separator and the id. */
export const NAME_KEY_TAIL_LENGTH = 30;

/** The separator sorts before every character of a sort name, so that `Ann` is in front of `Ann B`. */
export function nameKeyExpression(): SQL {
  return sql.raw(`(coalesce("sort_name", '') || char(1) || "id")`);
}

export function countKeyExpression(): SQL {
  return sql.raw(`(printf('%08x', "asset_count") || "id")`);
}

/** Pixels of the shorter side, less for uncertain faces: portraits are sharp and show a face. */
export function portraitScoreExpression(): SQL {
  return sql.raw(`(CAST(min("w", "h") * coalesce("confidence", 1) AS INTEGER))`);
}

/** Splits the faces of a person in their index. */
export function isTrashedExpression(table = ""): SQL {
  return sql.raw(`(${table}"trashed_at" IS NOT NULL)`);
}
