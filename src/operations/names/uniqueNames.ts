/** Unique names: what creations and renames have in common (docs/decisions/0035). */
import { foldName } from "../../kernel/names/foldName.ts";
import { AppError } from "../../kernel/errors.ts";
import {
  isNameRejected,
  MAX_NAMES_FOLDED_AT_ONCE,
  saveFoldedNames,
  unfoldedNamesQuery,
  type NamedTable,
  type UnfoldedName,
} from "../../records/names.ts";
import { runQueries } from "../../records/sql/query.ts";
import type { Context } from "../context.ts";

/** A creation was rejected because a row of the owner has the name. */
export class NameTakenError extends Error {
  readonly ownerId: string;

  constructor(ownerId: string) {
    super("the name is taken");
    this.name = "NameTakenError";
    this.ownerId = ownerId;
  }
}

/**
 * Folds the names that older releases stored without a folded form, from the first `unfolded` ones. A library of
 * 10,000 albums takes twenty such rounds, once.
 */
export async function foldStoredNames(
  context: Context,
  names: NamedTable,
  ownerId: string,
  unfolded: UnfoldedName[],
): Promise<void> {
  for (let rows = unfolded; rows.length > 0;) {
    const folded = rows.map(({ id, name }) => ({ id, foldedName: foldName(name) }));
    await saveFoldedNames(context.db.primary(), names, folded);
    if (rows.length < MAX_NAMES_FOLDED_AT_ONCE) return;
    [rows] = await runQueries(context.db.primary(), [unfoldedNamesQuery(names, ownerId)]);
  }
}

/** Throws `NameTakenError` in place of the error of a batch that a taken name rejected. */
export function throwNameTaken(names: NamedTable, ownerId: string, error: unknown): void {
  if (isNameRejected(names, error)) throw new NameTakenError(ownerId);
}

/**
 * The row that a creation returns in place of a new one: the first of that name which equals the request.
 *
 * @throws {AppError} `conflict` if none equals it, `write_conflict` if there is none any more.
 */
export function requireSame<T>(noun: string, name: string, rows: T[], equalsRequest: (row: T) => boolean): T {
  if (rows.length === 0) {
    throw new AppError("write_conflict", `the ${noun} of this name was changed by a concurrent request; try again`);
  }
  const same = rows.find(equalsRequest);
  if (same === undefined) throw nameConflict(noun, name);
  return same;
}

/** The error of a request whose name is taken. */
export function nameConflict(noun: string, name: string): AppError {
  return new AppError("conflict", `another ${noun} has the name "${name}"; names ignore case and outer space`);
}
