import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import { foldName } from "../../kernel/names/foldName.ts";
import { sortName } from "../../kernel/names/sortName.ts";
import { faceLibraryQuery } from "../../records/faces/faces.ts";
import { insertPerson, isPersonNameTaken, type PersonNames } from "../../records/people/createPerson.ts";
import { findPersonByName } from "../../records/people/people.ts";
import { runQueries } from "../../records/sql/query.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { createOnce, storedPerson, type IdempotentRequest } from "../idempotency/createOnce.ts";
import { resolveLibrary } from "../libraries/resolveLibrary.ts";
import { nameConflict, NameTakenError } from "../names/uniqueNames.ts";
import { getPerson, type ListedPerson } from "./people.ts";

/** Null fields were left out. */
export interface NewPerson {
  libraryId: string | null;
  name: string | null;
  birthDate: string | null;
  isFavorite: boolean | null;
  isHidden: boolean | null;
  thumbnailFaceId: string | null;
}

/** The forms of a name that a row has. */
export function namesOf(name: string | null): PersonNames {
  if (name === null) return { name, foldedName: null, sortName: null };
  return { name: name.trim(), foldedName: foldName(name), sortName: sortName(name) };
}

/** The error for a face that can't be the portrait of a person of this library. */
export async function portraitError(
  context: Context,
  principal: Principal,
  faceId: string,
  loc: (string | number)[],
): Promise<AppError> {
  const [libraryId] = await runQueries(context.db, [faceLibraryQuery(principal, faceId)]);
  if (libraryId === null) return notFound("face");
  return invalid(loc, "must be a face of this person, or one of the same library without a person");
}

async function insert(
  context: Context,
  principal: Principal,
  request: NewPerson,
  idempotent: IdempotentRequest | null,
): Promise<{ id: string }> {
  const { id: libraryId, userId } = await resolveLibrary(context, principal, request.libraryId);
  const { birthDate, thumbnailFaceId } = request;
  const person = {
    ...namesOf(request.name),
    libraryId,
    userId,
    birthDate,
    isFavorite: request.isFavorite ?? false,
    isHidden: request.isHidden ?? false,
    thumbnailFaceId,
  };
  try {
    const id = await insertPerson(context.db, person, context.nowMs, idempotent);
    if (id !== null) return { id };
  } catch (error) {
    throw isPersonNameTaken(error) ? new NameTakenError(libraryId) : error;
  }
  if (thumbnailFaceId === null) throw new Error("the person was not inserted");
  throw await portraitError(context, principal, thumbnailFaceId, ["body", "thumbnail_face_id"]);
}

/** The person that has the name, if every field of the request equals the person's. */
async function findSame(context: Context, libraryId: string, name: string, request: NewPerson): Promise<ListedPerson> {
  const person = await findPersonByName(context.db, libraryId, foldName(name));
  if (person === null) {
    throw new AppError("write_conflict", "the person of this name was changed by a concurrent request; try again");
  }
  const { birthDate, isFavorite, isHidden, thumbnailFaceId } = request;
  const isSame =
    (birthDate ?? person.birthDate) === person.birthDate &&
    (isFavorite ?? person.isFavorite) === person.isFavorite &&
    (isHidden ?? person.isHidden) === person.isHidden &&
    [null, person.chosenFaceId, person.portrait?.faceId].includes(thumbnailFaceId);
  if (!isSame) throw nameConflict("person", name);
  return person;
}

/**
 * Creates a person. If the library has one of that name with the given fields, returns it instead.
 *
 * @throws {AppError} `conflict` for a taken name with other fields; `not_found` for an unknown portrait,
 *   `validation_error` for one of another person or library, and for an Idempotency-Key of a different request.
 */
export async function createPerson(
  context: Context,
  principal: Principal,
  request: NewPerson,
  idempotent: IdempotentRequest | null,
): Promise<{ person: ListedPerson; isNew: boolean }> {
  try {
    const create = async () => await insert(context, principal, request, idempotent);
    const { row, isRepeated } = await createOnce(context, idempotent, storedPerson, create);
    if (!isRepeated) return { person: await getPerson(context, principal, row.id), isNew: true };
    await resolveLibrary(context, principal, row.libraryId);
    return { person: { ...row.person, clusterMetrics: null }, isNew: true };
  } catch (error) {
    if (!(error instanceof NameTakenError) || request.name === null) throw error;
    return { person: await findSame(context, error.ownerId, request.name, request), isNew: false };
  }
}
