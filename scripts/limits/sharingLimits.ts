/** Limits of shared libraries, as part of table.ts. */
import * as invitations from "../../src/operations/libraries/invitations.ts";
import * as invitationSchemas from "../../src/routes/libraries/invitationSchemas.ts";
import * as memberSchemas from "../../src/routes/libraries/memberSchemas.ts";
import { limit, type Section } from "./entry.ts";

export const sharingSection: Section = {
  title: "Shared libraries",
  limits: [
    limit(invitations, "MAX_LIBRARY_MEMBERS", "items", "members of a library, and `max_joiners`", "409, or 422"),
    limit(invitations, "MAX_ACTIVE_INVITATIONS", "items", "active invitations of a library", "409"),
    limit(memberSchemas, "MAX_PAGE_MEMBERS", "items", "members or invitations on a page", "422"),
    limit(invitationSchemas, "MAX_INVITATION_SECRET_CHARACTERS", "characters", "`secret` of an invitation", "422"),
  ],
};
