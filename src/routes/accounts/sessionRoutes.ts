/** The caller's sessions: listed and ended. Extends the Gumnut API. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireSession } from "../../middleware/authentication.ts";
import * as operations from "../../operations/accounts/sessions/sessions.ts";
import { acknowledgementSchema, credentialSecurity, errorResponses, idSchema, jsonResponse } from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import { sessionListSchema } from "./sessionSchemas.ts";

const shared = { tags: ["Sessions"], security: credentialSecurity, middleware: requireSession };
const REQUIRES = "Requires a signed-in session or the owner's key. Tintype extension; not part of the Gumnut API.";

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/sessions",
  operationId: "sessions_list",
  summary: "List the caller's sessions",
  description: `The live ones, newest first: at most 100. ${REQUIRES}`,
  responses: { 200: jsonResponse(sessionListSchema, "The live sessions"), ...errorResponses() },
});

const end = createRoute({
  ...shared,
  method: "delete",
  path: "/api/sessions/{session_id}",
  operationId: "sessions_delete",
  summary: "End a session",
  description: `Signs the device out: its requests get 401 from then on; reads on other machines for at most 30 seconds more. Repeatable. ${REQUIRES}`,
  request: { params: z.object({ session_id: idSchema("session") }) },
  responses: { 200: jsonResponse(acknowledgementSchema, "Ended"), ...errorResponses(404) },
});

const endOthers = createRoute({
  ...shared,
  method: "delete",
  path: "/api/sessions",
  operationId: "sessions_delete_others",
  summary: "End all other sessions",
  description: `Signs every device out but this one; with the owner's key, which is no session, every device of the owner. ${REQUIRES}`,
  responses: { 200: jsonResponse(acknowledgementSchema, "Ended"), ...errorResponses() },
});

function serializeSession(session: operations.Session, currentId: string) {
  return {
    id: session.id,
    label: session.label,
    is_current: session.id === currentId,
    created_at: formatInstant(session.createdAt),
    last_used_at: formatInstant(session.lastUsedAt),
    expires_at: formatInstant(session.expiresAt),
  };
}

export const sessions = newRouter()
  .openapi(list, async (c) => {
    const found = await operations.listSessions(c.var.context, c.var.principal);
    return c.json({ data: found.map((session) => serializeSession(session, c.var.credentialId)) }, 200);
  })
  .openapi(end, async (c) => {
    await operations.endSession(c.var.context, c.var.principal, c.req.valid("param").session_id);
    return c.json({}, 200);
  })
  .openapi(endOthers, async (c) => {
    await operations.endOtherSessions(c.var.context, c.var.principal, c.var.credentialId);
    return c.json({}, 200);
  });
