import { AppError } from "../../kernel/errors.ts";
import { foldName } from "../../kernel/names/foldName.ts";
import { readPersonSnapshot, writePersonUpdates, type PersonSnapshot } from "../../records/people/personUpdates.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { inaccessible } from "../libraries/access.ts";
import { withOptimisticRetry } from "../optimisticRetry.ts";
import { getPerson, type ListedPerson } from "./people.ts";
import { planUpdates, type PersonPatch, type RequestedUpdate } from "./updatePlan.ts";

export type { PersonPatch } from "./updatePlan.ts";

const CONFLICT = "people were changed concurrently; no person was updated; retry the request";

/** Throws for the first person that is unknown or out of scope. */
async function requireAll(
  context: Context,
  principal: Principal,
  requested: RequestedUpdate[],
  { people }: PersonSnapshot,
): Promise<void> {
  const found = new Set(people.map(({ id }) => id));
  const missing = requested.find(({ id }) => !found.has(id));
  if (missing === undefined) return;
  const error = await inaccessible(context, principal, "person", missing.id);
  if (error.code === "forbidden" || requested.length === 1) throw error;
  throw new AppError("not_found", `person not found; no person was updated: ${missing.id}`);
}

async function updateAll(context: Context, principal: Principal, requested: RequestedUpdate[]): Promise<void> {
  const query = {
    ids: requested.map(({ id }) => id),
    foldedNames: requested.flatMap(({ change: { name } }) => (typeof name === "string" ? [foldName(name)] : [])),
    faceIds: requested.flatMap(({ change }) => change.thumbnailFaceId ?? []),
  };
  await withOptimisticRetry(CONFLICT, async () => {
    const snapshot = await readPersonSnapshot(context.db, principal, query);
    await requireAll(context, principal, requested, snapshot);
    const { updates, ...changed } = planUpdates(snapshot, requested);
    if (updates.length === 0) return true;
    const isWritten = await writePersonUpdates(context.db, updates, changed, snapshot.unchanged, context.nowMs);
    return isWritten ? true : null;
  });
}

/**
 * Updates a person.
 *
 * @throws {AppError} `not_found`; `conflict` if another person of the library has the name; `validation_error` for a
 *   portrait of another person or library; `write_conflict` after concurrent changes.
 */
export async function updatePerson(
  context: Context,
  principal: Principal,
  id: string,
  change: PersonPatch,
): Promise<ListedPerson> {
  await updateAll(context, principal, [{ id, change, loc: ["body"] }]);
  return await getPerson(context, principal, id);
}

/** Updates distinct people in order, all or none of them. Throws as `updatePerson`. */
export async function updatePeople(
  context: Context,
  principal: Principal,
  updates: { id: string; change: PersonPatch }[],
): Promise<void> {
  const requested = updates.map((update, i) => ({ ...update, loc: ["body", "updates", i, "change"] }));
  await updateAll(context, principal, requested);
}
