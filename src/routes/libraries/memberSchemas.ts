import { z } from "@hono/zod-openapi";
import { memberStates } from "../../operations/libraries/members.ts";
import { idFieldSchema, instantFieldSchema, limitSchema, startingAfterSchema } from "../fieldSchemas.ts";
import { userSummarySchema } from "./schemas.ts";

/** Members, or invitations, of a page. */
export const DEFAULT_PAGE_MEMBERS = 20;
export const MAX_PAGE_MEMBERS = 200;

export const joinedRoleSchema = z
  .enum(["collaborator", "viewer"])
  .openapi({ description: "A collaborator may read, write and trash; a viewer may read" });

export const membershipSchema = z
  .object({
    id: idFieldSchema("member"),
    library_id: idFieldSchema("library"),
    user: userSummarySchema,
    role: joinedRoleSchema,
    state: z.enum(memberStates),
    joined_at: instantFieldSchema,
    ended_at: instantFieldSchema.nullable(),
    last_removed_at: instantFieldSchema.nullable(),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("Membership");

export const membershipListSchema = z
  .object({ data: z.array(membershipSchema), has_more: z.boolean() })
  .openapi("MembershipList");

export const memberQuerySchema = z.object({
  state: z
    .enum([...memberStates, "all"])
    .default("active")
    .openapi({ description: "Memberships in this state, or all" }),
  starting_after_id: startingAfterSchema("member"),
  limit: limitSchema(DEFAULT_PAGE_MEMBERS, MAX_PAGE_MEMBERS),
});

export const updateMemberSchema = z
  .object({ role: joinedRoleSchema })
  .openapi("UpdateMemberRequest", { example: { role: "collaborator" } });
