import { z } from "@hono/zod-openapi";
import { invitationStates, MAX_LIBRARY_MEMBERS } from "../../operations/libraries/invitations.ts";
import { eligibilities } from "../../operations/libraries/joinLibrary.ts";
import { memberRoles } from "../../operations/libraries/members.ts";
import {
  idFieldSchema,
  idSchema,
  instantFieldSchema,
  instantSchema,
  limitSchema,
  startingAfterSchema,
} from "../fieldSchemas.ts";
import { DEFAULT_PAGE_MEMBERS, joinedRoleSchema, MAX_PAGE_MEMBERS, membershipSchema } from "./memberSchemas.ts";
import { librarySchema, userSummarySchema } from "./schemas.ts";

export const invitationSchema = z
  .object({
    id: idFieldSchema("invitation"),
    library_id: idFieldSchema("library"),
    role: joinedRoleSchema,
    state: z.enum(invitationStates).openapi({ description: "Disabled wins over expired, and expired over exhausted" }),
    max_joiners: z.int(),
    joiner_count: z.int().openapi({ description: "Accounts that joined, those that left again included" }),
    remaining_places: z.int(),
    expires_at: instantFieldSchema.openapi({ description: "From this instant on the invitation admits nobody" }),
    disabled_at: instantFieldSchema.nullable(),
    created_by: userSummarySchema,
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("Invitation");

export const invitationLinkSchema = z
  .object({
    invitation: invitationSchema,
    url: z.string().openapi({ format: "uri", description: "The page to join; its fragment has the secret" }),
  })
  .openapi("InvitationLink");

export const invitationListSchema = z
  .object({ data: z.array(invitationSchema), has_more: z.boolean() })
  .openapi("InvitationList");

export const createInvitationSchema = z
  .object({
    library_id: idSchema("library"),
    role: joinedRoleSchema,
    max_joiners: z.int().min(1).max(MAX_LIBRARY_MEMBERS).openapi({ description: "Accounts that may join" }),
    expires_at: instantSchema.openapi({ description: "Must be in the future" }),
  })
  .openapi("CreateInvitationRequest");

export const invitationQuerySchema = z.object({
  library_id: idSchema("library")
    .optional()
    .openapi({ description: "One library; all that the caller owns if left out" }),
  state: z
    .enum([...invitationStates, "all"])
    .default("active")
    .openapi({ description: "Invitations in this state, or all" }),
  starting_after_id: startingAfterSchema("invitation"),
  limit: limitSchema(DEFAULT_PAGE_MEMBERS, MAX_PAGE_MEMBERS),
});

/** Longest secret that is looked at; ours have 43 characters. */
export const MAX_INVITATION_SECRET_CHARACTERS = 200;

export const invitationSecretSchema = z
  .object({
    secret: z
      .string()
      .min(1)
      .max(MAX_INVITATION_SECRET_CHARACTERS)
      .openapi({ description: "The part of the link's fragment after the dot" }),
  })
  .openapi("InvitationSecret", { example: { secret: "n7VQ0uXxk2mWm0D1pJt8yq3cE5fGhZbL9aRsTvUwXyz" } });

export const invitationPreviewSchema = z
  .object({
    invitation_id: idFieldSchema("invitation"),
    library: z
      .object({ id: idFieldSchema("library"), name: z.string(), owner: userSummarySchema })
      .openapi("InvitationLibrary"),
    offered_role: joinedRoleSchema,
    expires_at: instantFieldSchema,
    current_role: z.enum(memberRoles).nullable(),
    eligibility: z.enum(eligibilities).openapi({
      description: "new_invitation_required: the caller was removed after this invitation was made",
    }),
  })
  .openapi("InvitationPreview");

export const invitationJoinSchema = z
  .object({
    outcome: z.enum(["joined", "already_member"]),
    library: librarySchema,
    membership: membershipSchema.nullable().openapi({ description: "Null for the owner of the library" }),
  })
  .openapi("InvitationJoin");
