/** The caller's passkeys: listed, added, renamed and deleted. Extends the Gumnut API. */
import { createRoute, z } from "@hono/zod-openapi";
import { formatInstant, formatNullableInstant } from "../../kernel/time.ts";
import { requireSession } from "../../middleware/authentication.ts";
import * as operations from "../../operations/accounts/passkeys/passkeys.ts";
import {
  acknowledgementSchema,
  credentialSecurity,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
} from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import {
  addPasskeySchema,
  creationOptionsSchema,
  deletePasskeyQuery,
  passkeyListSchema,
  passkeySchema,
  renamePasskeySchema,
} from "./passkeySchemas.ts";

const shared = { tags: ["Sign-in"], security: credentialSecurity, middleware: requireSession };
const params = z.object({ passkey_id: idSchema("passkey") });
const REQUIRES = "Requires a signed-in session or the owner's key. Tintype extension; not part of the Gumnut API.";

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/sign-in/passkeys",
  operationId: "passkeys_list",
  summary: "List the caller's passkeys",
  description: `Oldest first: at most 20. ${REQUIRES}`,
  responses: { 200: jsonResponse(passkeyListSchema, "The passkeys"), ...errorResponses() },
});

const start = createRoute({
  ...shared,
  method: "post",
  path: "/api/sign-in/passkeys/options",
  operationId: "passkeys_start",
  summary: "Begin to add a passkey",
  description: `The options for the browser, whose challenge is good once and for five minutes. 409 for a user with 20 passkeys. ${REQUIRES}`,
  responses: { 200: jsonResponse(creationOptionsSchema, "The options"), ...errorResponses(404, 409) },
});

const add = createRoute({
  ...shared,
  method: "post",
  path: "/api/sign-in/passkeys",
  operationId: "passkeys_create",
  summary: "Add a passkey",
  description: `Stores what the browser created with the options. 400 for an expired or used challenge or another origin. ${REQUIRES}`,
  request: { body: jsonBody(addPasskeySchema) },
  responses: { 201: jsonResponse(passkeySchema, "The passkey"), ...errorResponses(409, 413, 415) },
});

const rename = createRoute({
  ...shared,
  method: "patch",
  path: "/api/sign-in/passkeys/{passkey_id}",
  operationId: "passkeys_update",
  summary: "Rename a passkey",
  description: REQUIRES,
  request: { params, body: jsonBody(renamePasskeySchema) },
  responses: { 200: jsonResponse(passkeySchema, "The passkey"), ...errorResponses(404, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/sign-in/passkeys/{passkey_id}",
  operationId: "passkeys_delete",
  summary: "Delete a passkey",
  description: `It no longer signs in; sessions that it began go on. 409 for the last one without allow_last=true: after it only the owner's key, a one-time link or the OpenID provider signs in. ${REQUIRES}`,
  request: { params, query: deletePasskeyQuery },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deleted"), ...errorResponses(404, 409) },
});

function serializePasskey(passkey: operations.Passkey) {
  return {
    id: passkey.id,
    name: passkey.name,
    created_at: formatInstant(passkey.createdAt),
    last_used_at: formatNullableInstant(passkey.lastUsedAt),
  };
}

export const passkeys = newRouter()
  .openapi(list, async (c) => {
    const found = await operations.listPasskeys(c.var.context, c.var.principal);
    return c.json({ data: found.map(serializePasskey) }, 200);
  })
  .openapi(start, async (c) => {
    return c.json(await operations.startAddingPasskey(c.var.context, c.var.principal, c.var.origin), 200);
  })
  .openapi(add, async (c) => {
    const passkey = await operations.addPasskey(c.var.context, c.var.principal, c.var.origin, c.req.valid("json"));
    return c.json(serializePasskey(passkey), 201);
  })
  .openapi(rename, async (c) => {
    const { passkey_id: id } = c.req.valid("param");
    const { name } = c.req.valid("json");
    return c.json(serializePasskey(await operations.renamePasskey(c.var.context, c.var.principal, id, name)), 200);
  })
  .openapi(remove, async (c) => {
    const mayBeLast = c.req.valid("query").allow_last === "true";
    await operations.deletePasskey(c.var.context, c.var.principal, c.req.valid("param").passkey_id, mayBeLast);
    return c.json({}, 200);
  });
