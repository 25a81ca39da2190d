/** Tells members what their role forbids, and everybody else that there is nothing. */
import { AppError, notFound } from "../../kernel/errors.ts";
import { findRoleFor, type LibraryEntity } from "../../records/libraries/memberRole.ts";
import { ROLES_OF_ACTION, type LibraryAction, type LibraryScope } from "../../records/libraries/libraryScope.ts";
import type { Context } from "../context.ts";

/** Restricts a call to libraries that the caller owns: their own fields, their trash, members and invitations. */
export function asOwner<S extends LibraryScope>(scope: S): S {
  return { ...scope, action: "manage" };
}

function forbidden(role: string, action: LibraryAction): AppError {
  const reason =
    action === "manage" ? "only the owner of a library may do this" : `a ${role} of a library may not "${action}"`;
  return new AppError("forbidden", `${reason}; your role in this library is ${role}`);
}

/**
 * The error for an entity that a call may not use: `forbidden` with the reason for a member of its library whose role
 * doesn't allow the call, `not_found` for everybody else.
 */
export async function inaccessible(
  context: Context,
  scope: LibraryScope,
  entity: LibraryEntity,
  id: string,
): Promise<AppError> {
  const { action = "manage" } = scope;
  if (action === "read") return notFound(entity);
  const role = await findRoleFor(context.db, scope, entity, id);
  return role === null || ROLES_OF_ACTION[action].includes(role) ? notFound(entity) : forbidden(role, action);
}
