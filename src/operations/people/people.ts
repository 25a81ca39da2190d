import { notFound } from "../../kernel/errors.ts";
import { sortName } from "../../kernel/names/sortName.ts";
import { personListCheckQuery } from "../../records/people/listCheck.ts";
import { findPerson, type ListedPerson } from "../../records/people/people.ts";
import { personPageQuery, type PersonListRequest, type PersonPage } from "../../records/people/peopleList.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { inaccessible } from "../libraries/access.ts";
import { readInLibrary } from "../libraries/readInLibrary.ts";
import { requireCursor } from "../pages.ts";

export type { ClusterMetrics, ListedPerson, Person } from "../../records/people/people.ts";

/** Reads a person. Throws `not_found` for an unknown or inaccessible id. */
export async function getPerson(
  context: Context,
  principal: Principal,
  id: string,
  withMetrics = false,
): Promise<ListedPerson> {
  const person = await findPerson(context.db, principal, id, withMetrics);
  if (person === null) throw await inaccessible(context, principal, "person", id);
  return person;
}

export interface ListPeopleParams extends Omit<
  PersonListRequest,
  "libraryId" | "namePart" | "nameFilter" | "includeHidden"
> {
  libraryId: string | null;
  /** Text that the name contains, without regard to case and accents; blank texts filter nothing. */
  name: string | null;
  /** Null: named people, or everybody among `ids`. */
  nameFilter: PersonListRequest["nameFilter"] | null;
  /** Null: only among `ids`. */
  includeHidden: boolean | null;
}

/**
 * Lists people of one library, a page at a time. Takes one round trip.
 *
 * @throws {AppError} `not_found` for an unknown album; `bad_request` for a cursor of another library.
 */
export async function listPeople(
  context: Context,
  principal: Principal,
  params: ListPeopleParams,
): Promise<PersonPage> {
  const { name, albumId, startingAfterId } = params;
  const hasIds = params.ids !== null;
  const request = {
    ...params,
    namePart: name === null ? null : sortName(name) || null,
    nameFilter: params.nameFilter ?? (hasIds ? "all" : "named"),
    includeHidden: params.includeHidden ?? hasIds,
  } as const;
  const { library, checked, read } = await readInLibrary(context, principal, {
    libraryId: params.libraryId,
    check: personListCheckQuery(principal, params),
    select: ({ id }) => personPageQuery({ ...request, libraryId: id }),
  });
  if (albumId !== null && checked.albumLibraryId !== library.id) throw notFound("album");
  requireCursor(startingAfterId, checked.cursorLibraryId, library.id, "person");
  return (await read()) ?? { people: [], hasMore: false };
}
