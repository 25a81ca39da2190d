import { createRoute, z } from "@hono/zod-openapi";
import { requireSession } from "../../middleware/authentication.ts";
import * as operations from "../../operations/libraries/members.ts";
import { credentialSecurity, errorResponses, idSchema, jsonBody, jsonResponse } from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import { memberQuerySchema, membershipListSchema, membershipSchema, updateMemberSchema } from "./memberSchemas.ts";
import { serializeMembership } from "./serializer.ts";

const shared = { tags: ["Members"], security: credentialSecurity, middleware: requireSession };
const libraryParams = z.object({ library_id: idSchema("library") });
const memberParams = z.object({ library_id: idSchema("library"), user_id: idSchema("user") });
const REQUIRES = "Requires a signed-in session or the owner's key.";

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries/{library_id}/members",
  operationId: "members_list",
  summary: "List the members of a library",
  description: `For its owner, who is not in the list. Newest first. ${REQUIRES}`,
  request: { params: libraryParams, query: memberQuerySchema },
  responses: { 200: jsonResponse(membershipListSchema, "A page of memberships"), ...errorResponses(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/libraries/{library_id}/members/{user_id}",
  operationId: "members_update",
  summary: "Change the role of a member",
  description: `The new role applies from the member's next request. A membership that has ended, and the owner's role, give 409. ${REQUIRES}`,
  request: { params: memberParams, body: jsonBody(updateMemberSchema) },
  responses: { 200: jsonResponse(membershipSchema, "The membership"), ...errorResponses(404, 409, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/libraries/{library_id}/members/{user_id}",
  operationId: "members_remove",
  summary: "Remove a member",
  description: `Access ends with the member's next request; media URLs that they have work until they expire. Invitations made before don't admit the member again. Repeatable. ${REQUIRES}`,
  request: { params: memberParams },
  responses: { 200: jsonResponse(membershipSchema, "The ended membership"), ...errorResponses(404, 409) },
});

const leave = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/{library_id}/leave",
  operationId: "members_leave",
  summary: "Leave a library",
  description: `Ends the caller's own membership, even of a library in the trash. Repeatable. The owner gets 409. ${REQUIRES}`,
  request: { params: libraryParams },
  responses: { 200: jsonResponse(membershipSchema, "The ended membership"), ...errorResponses(404, 409) },
});

export const members = newRouter()
  .openapi(list, async (c) => {
    const { library_id: libraryId } = c.req.valid("param");
    const { state, starting_after_id: startingAfterId = null, limit } = c.req.valid("query");
    const request = { libraryId, state: state === "all" ? null : state, startingAfterId, limit };
    const page = await operations.listMembers(c.var.context, c.var.principal, request);
    return c.json({ data: page.members.map(serializeMembership), has_more: page.hasMore }, 200);
  })
  .openapi(update, async (c) => {
    const { library_id: libraryId, user_id: userId } = c.req.valid("param");
    const { context, principal } = c.var;
    const { role } = c.req.valid("json");
    return c.json(
      serializeMembership(await operations.setMemberRole(context, principal, { libraryId, userId }, role)),
      200,
    );
  })
  .openapi(remove, async (c) => {
    const { library_id: libraryId, user_id: userId } = c.req.valid("param");
    const removed = await operations.removeMember(c.var.context, c.var.principal, { libraryId, userId });
    return c.json(serializeMembership(removed), 200);
  })
  .openapi(leave, async (c) => {
    const { library_id: libraryId } = c.req.valid("param");
    return c.json(serializeMembership(await operations.leaveLibrary(c.var.context, c.var.principal, libraryId)), 200);
  });
