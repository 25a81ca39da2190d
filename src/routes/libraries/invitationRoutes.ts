/** Mounted before the routes of one library, whose id would match `invitations`. */
import { createRoute, z } from "@hono/zod-openapi";
import { requireSession } from "../../middleware/authentication.ts";
import * as operations from "../../operations/libraries/invitations.ts";
import { joinLibrary, previewInvitation } from "../../operations/libraries/joinLibrary.ts";
import { credentialSecurity, errorResponses, idSchema, jsonBody, jsonResponse } from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import {
  createInvitationSchema,
  invitationJoinSchema,
  invitationLinkSchema,
  invitationListSchema,
  invitationPreviewSchema,
  invitationQuerySchema,
  invitationSchema,
  invitationSecretSchema,
} from "./invitationSchemas.ts";
import { serializeInvitation, serializeInvitationLink, serializeJoin, serializePreview } from "./serializer.ts";

const shared = { tags: ["Invitations"], security: credentialSecurity, middleware: requireSession };
const params = z.object({ invitation_id: idSchema("invitation") });
const REQUIRES = "Requires a signed-in session or the owner's key.";

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/invitations",
  operationId: "invitations_create",
  summary: "Invite people to a library",
  description: `For the owner of the library. The link of an active invitation with the same library, role, places and expiry is returned again; if that one has ended, 409. ${REQUIRES}`,
  request: { body: jsonBody(createInvitationSchema) },
  responses: {
    200: jsonResponse(invitationLinkSchema, "The active invitation of this policy"),
    201: jsonResponse(invitationLinkSchema, "The new invitation"),
    ...errorResponses(404, 409, 413, 415),
  },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries/invitations",
  operationId: "invitations_list",
  summary: "List invitations",
  description: `Invitations of one library, or of all that the caller owns, newest first, without their secrets. ${REQUIRES}`,
  request: { query: invitationQuerySchema },
  responses: { 200: jsonResponse(invitationListSchema, "A page of invitations"), ...errorResponses(404) },
});

const link = createRoute({
  ...shared,
  method: "get",
  path: "/api/libraries/invitations/{invitation_id}/link",
  operationId: "invitations_link",
  summary: "Get the link of an invitation",
  description: `For the owner of the library. An invitation that has ended gives 409. ${REQUIRES}`,
  request: { params },
  responses: { 200: jsonResponse(invitationLinkSchema, "The invitation and its link"), ...errorResponses(404, 409) },
});

const disable = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/invitations/{invitation_id}/disable",
  operationId: "invitations_disable",
  summary: "Disable an invitation",
  description: `It admits nobody from then on; members who joined by it stay. Repeatable. ${REQUIRES}`,
  request: { params },
  responses: { 200: jsonResponse(invitationSchema, "The disabled invitation"), ...errorResponses(404) },
});

const preview = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/invitations/{invitation_id}/preview",
  operationId: "invitations_preview",
  summary: "Preview an invitation",
  description: `Returns the offer, and whether it admits the caller. It reserves no place. A wrong secret, an unknown invitation and a library that is gone give the same 404. ${REQUIRES}`,
  request: { params, body: jsonBody(invitationSecretSchema) },
  responses: { 200: jsonResponse(invitationPreviewSchema, "The offer"), ...errorResponses(404, 413, 415) },
});

const join = createRoute({
  ...shared,
  method: "post",
  path: "/api/libraries/invitations/{invitation_id}/join",
  operationId: "invitations_join",
  summary: "Join a library",
  description: `Makes the caller a member. Repeating the call costs no place and changes no role. An invitation that has expired, was disabled or is exhausted, or a removal after it was made, gives 409. ${REQUIRES}`,
  request: { params, body: jsonBody(invitationSecretSchema) },
  responses: { 200: jsonResponse(invitationJoinSchema, "The joined library"), ...errorResponses(404, 409, 413, 415) },
});

export const invitations = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const policy = {
      libraryId: body.library_id,
      role: body.role,
      maxJoiners: body.max_joiners,
      expiresAt: body.expires_at,
    };
    const { isNew, ...created } = await operations.createInvitation(c.var.context, c.var.principal, policy);
    return c.json(serializeInvitationLink(created, c.var.origin), isNew ? 201 : 200);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const { library_id: libraryId = null, starting_after_id: startingAfterId = null, limit } = query;
    const request = { libraryId, state: query.state === "all" ? null : query.state, startingAfterId, limit };
    const page = await operations.listInvitations(c.var.context, c.var.principal, request);
    return c.json({ data: page.invitations.map(serializeInvitation), has_more: page.hasMore }, 200);
  })
  .openapi(link, async (c) => {
    const { invitation_id: id } = c.req.valid("param");
    const found = await operations.getInvitationLink(c.var.context, c.var.principal, id);
    return c.json(serializeInvitationLink(found, c.var.origin), 200);
  })
  .openapi(disable, async (c) => {
    const { invitation_id: id } = c.req.valid("param");
    return c.json(serializeInvitation(await operations.disableInvitation(c.var.context, c.var.principal, id)), 200);
  })
  .openapi(preview, async (c) => {
    const key = { id: c.req.valid("param").invitation_id, secret: c.req.valid("json").secret };
    return c.json(serializePreview(await previewInvitation(c.var.context, c.var.principal, key)), 200);
  })
  .openapi(join, async (c) => {
    const key = { id: c.req.valid("param").invitation_id, secret: c.req.valid("json").secret };
    return c.json(serializeJoin(await joinLibrary(c.var.context, c.var.principal, key)), 200);
  });
