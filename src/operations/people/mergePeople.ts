import { invalid, notFound } from "../../kernel/errors.ts";
import * as records from "../../records/people/mergePeople.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { requestGrouping } from "../faces/groupFaces.ts";
import { inaccessible } from "../libraries/access.ts";
import { withOptimisticRetry } from "../optimisticRetry.ts";
import { getPerson, type ListedPerson } from "./people.ts";

async function findAll(context: Context, principal: Principal, ids: string[]): Promise<records.MergeCandidate[]> {
  const found = await records.listMergeCandidates(context.db, principal, ids);
  const missing = ids.find((id) => found.every((person) => person.id !== id));
  if (missing !== undefined) throw await inaccessible(context, principal, "person", missing);
  return found;
}

/** Deletes a person and leaves the faces unassigned. Throws `not_found`. */
export async function deletePerson(context: Context, principal: Principal, id: string): Promise<void> {
  const [person] = await findAll(context, principal, [id]);
  if (person === undefined || !(await records.deletePerson(context.db, person, context.nowMs)))
    throw notFound("person");
  await requestGrouping(context, { libraryId: person.libraryId });
}

const CONFLICT = "the people were changed concurrently; nobody was deleted; retry the request";

/**
 * Moves the faces of other people to a person and deletes those people. If nobody has a name or a face, the person is
 * deleted too, and the result is null.
 *
 * @throws {AppError} `validation_error` for a merge with itself or with people of another library; `not_found`;
 *   `write_conflict` after concurrent changes.
 */
export async function mergePeople(
  context: Context,
  principal: Principal,
  id: string,
  sourceIds: string[],
): Promise<ListedPerson | null> {
  const loc = ["body", "source_person_ids"];
  if (sourceIds.includes(id)) throw invalid(loc, "must not contain the person that the others are merged into");
  const ids = [id, ...new Set(sourceIds)];
  const isOfNobody = await withOptimisticRetry(CONFLICT, async () => {
    const [target, ...sources] = await findAll(context, principal, ids);
    if (target === undefined) throw notFound("person");
    if (sources.some(({ libraryId }) => libraryId !== target.libraryId)) {
      throw invalid(loc, "must be people of the same library");
    }
    const merge = { target, sources };
    if (!(await records.mergePeople(context.db, merge, context.nowMs))) return null;
    await requestGrouping(context, { libraryId: target.libraryId });
    return records.isMergeOfNobody(merge);
  });
  return isOfNobody ? null : await getPerson(context, principal, id);
}
