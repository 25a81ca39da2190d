/** Users as the members of their libraries see them: by name, without their address. */
import { ROOT_SUBJECT } from "../../records/accounts/users.ts";
import type { NamedUser } from "../../records/accounts/namedUsers.ts";
import type { Context } from "../context.ts";

export interface UserSummary {
  id: string;
  displayName: string | null;
}

/** The name of the deployment's owner is the setting OWNER_NAME. */
export function summarizeUser({ config }: Context, user: NamedUser): UserSummary {
  const firstName = user.subject === ROOT_SUBJECT ? config.accounts.ownerName : user.firstName;
  const name = [firstName, user.lastName]
    .filter((part) => part !== null)
    .join(" ")
    .trim();
  return { id: user.id, displayName: name === "" ? null : name };
}
