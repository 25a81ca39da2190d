/** Decides which fields of people an update changes. Items apply in order, names included. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import type { PersonSnapshot, PersonState, PersonUpdate } from "../../records/people/personUpdates.ts";
import { nameConflict } from "../names/uniqueNames.ts";
import { namesOf } from "./createPerson.ts";

/** Undefined fields stay as they are; null clears a field. */
export interface PersonPatch {
  name?: string | null;
  birthDate?: string | null;
  isFavorite?: boolean;
  isHidden?: boolean;
  thumbnailFaceId?: string | null;
}

export interface RequestedUpdate {
  id: string;
  change: PersonPatch;
  /** Where the change is in the request, for errors. */
  loc: (string | number)[];
}

export interface PlannedUpdates {
  updates: PersonUpdate[];
  renamedIds: string[];
  isHidden: boolean;
  thumbnailFaceId: boolean;
}

/** The fields of a person after the change. */
function applyPatch(person: PersonState, { name, ...fields }: PersonPatch): PersonState {
  return { ...person, ...fields, ...(name === undefined ? {} : namesOf(name)) };
}

function requirePortrait({ faces }: PersonSnapshot, person: PersonState, { change, loc }: RequestedUpdate): void {
  const faceId = change.thumbnailFaceId ?? null;
  if (faceId === null || faceId === person.thumbnailFaceId) return;
  const face = faces.find(({ id }) => id === faceId);
  if (face === undefined) throw notFound("face");
  const isOwn = face.personId === null || face.personId === person.id;
  if (isOwn && face.libraryId === person.libraryId) return;
  throw invalid(
    [...loc, "thumbnail_face_id"],
    "must be a face of this person, or one of the same library without a person",
  );
}

/** The people that have each of the names while the items are applied, by library and folded name. */
class NameHolders {
  readonly #holders = new Map<string, string>();

  constructor(snapshot: PersonSnapshot) {
    for (const { id, libraryId, foldedName } of snapshot.named) this.#holders.set(`${libraryId} ${foldedName}`, id);
  }

  /** Throws `conflict` if another person has the new name. */
  rename(before: PersonState, after: PersonState): void {
    const keyOf = ({ libraryId, foldedName }: PersonState): string => `${libraryId} ${foldedName}`;
    if (before.foldedName === after.foldedName) return;
    if (before.foldedName !== null) this.#holders.delete(keyOf(before));
    if (after.foldedName === null || after.name === null) return;
    if (this.#holders.has(keyOf(after))) throw nameConflict("person", after.name);
    this.#holders.set(keyOf(after), after.id);
  }
}

function isEqual(a: PersonState, b: PersonState): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Plans the updates of people, each of whom is in the snapshot. People whose fields stay as they are have none.
 *
 * @throws {AppError} `conflict` for a name that is taken when its item applies; `not_found` or `validation_error` for a
 *   portrait.
 */
export function planUpdates(snapshot: PersonSnapshot, requested: RequestedUpdate[]): PlannedUpdates {
  const holders = new NameHolders(snapshot);
  const plan: PlannedUpdates = { updates: [], renamedIds: [], isHidden: false, thumbnailFaceId: false };
  const people = new Map(snapshot.people.map((person) => [person.id, person]));
  for (const item of requested) {
    const before = people.get(item.id);
    if (before === undefined) throw new AppError("not_found", "person not found");
    requirePortrait(snapshot, before, item);
    const after = applyPatch(before, item.change);
    holders.rename(before, after);
    if (isEqual(before, after)) continue;
    plan.updates.push(after);
    if (after.name !== before.name) plan.renamedIds.push(after.id);
    plan.isHidden ||= after.isHidden !== before.isHidden;
    plan.thumbnailFaceId ||= after.thumbnailFaceId !== before.thumbnailFaceId;
  }
  return plan;
}
