/** The caller's account, and the users of the deployment, which its owner manages. */
import { createRoute, z } from "@hono/zod-openapi";
import { parseEmail } from "../../kernel/email.ts";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction, requireOwner } from "../../middleware/authentication.ts";
import { createUser, deleteUser, getAnyUser, listUsers, updateUser } from "../../operations/accounts/manageUsers.ts";
import { updatePreferences } from "../../operations/accounts/preferences.ts";
import { getUser, type Account } from "../../operations/accounts/users.ts";
import {
  acknowledgementSchema,
  credentialSecurity,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
} from "../fieldSchemas.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { newRouter } from "../router.ts";
import {
  createUserSchema,
  listUsersQuery,
  updateMeSchema,
  updateUserSchema,
  userListSchema,
  userSchema,
} from "./userSchemas.ts";

function serializeUser(user: Account) {
  return {
    id: user.id,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    timezone: user.timezone,
    is_active: user.isActive,
    is_verified: user.isVerified,
    is_superuser: user.isSuperuser,
    storage_used_bytes: user.storageUsedBytes,
    storage_limit_bytes: user.storageLimitBytes,
    favorite_display_mode: user.favoriteDisplayMode,
    demo_mode_enabled: user.demoModeEnabled,
    immich_library_id: user.immichLibraryId,
    face_detection_preference: user.faceDetectionPreference,
    face_detection_available: user.isFaceDetectionAvailable,
    home_country: user.homeCountry,
    home_subdivision: user.homeSubdivision,
    created_at: formatInstant(user.createdAt),
    updated_at: formatInstant(user.updatedAt),
  };
}

const shared = { tags: ["Users"], security: credentialSecurity };

const me = createRoute({
  ...shared,
  method: "get",
  path: "/api/users/me",
  operationId: "users_me",
  summary: "Get the caller's account",
  description: "The user of the credential, with the storage that their libraries use and its limit.",
  middleware: [requireAction("read")] as const,
  responses: { 200: jsonResponse(userSchema, "The account"), ...errorResponses() },
});

const updateMe = createRoute({
  ...shared,
  method: "patch",
  path: "/api/users/me",
  operationId: "users_update",
  summary: "Change the caller's preferences",
  description:
    "All fields or none change. home_country, home_subdivision and face_detection_preference need a signed-in session or the owner's root key; an API key gets 403. 409 with x-should-retry: false for turning on face detection where it is not available.",
  middleware: [requireAction("read")] as const,
  request: { body: jsonBody(updateMeSchema) },
  responses: { 200: jsonResponse(userSchema, "The account"), ...errorResponses(404, 409, 413, 415) },
});

const ofOwner = { ...shared, middleware: requireOwner };
const params = z.object({ user_id: idSchema("user") });
const extension = "Tintype extension; not part of the Gumnut API. Requires the owner of the deployment.";

const list = createRoute({
  ...ofOwner,
  method: "get",
  path: "/api/users",
  operationId: "users_list",
  summary: "List users",
  description: `Newest first, deactivated ones included. ${extension}`,
  request: { query: listUsersQuery },
  responses: { 200: jsonResponse(userListSchema, "A page of users"), ...errorResponses() },
});

const create = createRoute({
  ...ofOwner,
  method: "post",
  path: "/api/users",
  operationId: "users_create",
  summary: "Create a user",
  description: `SIGN_UPS does not apply. The user signs in first with a one-time link of \`POST /api/sign-in/links\`. ${extension}`,
  request: { headers: idempotencyHeaders, body: jsonBody(createUserSchema) },
  responses: { 201: jsonResponse(userSchema, "The user"), ...errorResponses(413, 415) },
});

const get = createRoute({
  ...ofOwner,
  method: "get",
  path: "/api/users/{user_id}",
  operationId: "users_get",
  summary: "Get a user",
  description: extension,
  request: { params },
  responses: { 200: jsonResponse(userSchema, "The user"), ...errorResponses(404) },
});

const update = createRoute({
  ...ofOwner,
  method: "patch",
  path: "/api/users/{user_id}",
  operationId: "users_manage",
  summary: "Limit, deactivate or reactivate a user",
  description: `Sessions and API keys of a deactivated user get 401; reads on other machines within 30 seconds. Their libraries stay, and members keep their access. The owner can't be deactivated: 409. ${extension}`,
  request: { params, body: jsonBody(updateUserSchema) },
  responses: { 200: jsonResponse(userSchema, "The user"), ...errorResponses(404, 409, 413, 415) },
});

const remove = createRoute({
  ...ofOwner,
  method: "delete",
  path: "/api/users/{user_id}",
  operationId: "users_delete",
  summary: "Delete a deactivated user",
  description: `The profile, credentials and memberships are deleted at once, the user's libraries with all files by the next scheduled runs. Nothing can be restored. 409 for an active user. ${extension}`,
  request: { params },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deleted"), ...errorResponses(404, 409) },
});

export const users = newRouter()
  .openapi(me, async (c) => c.json(serializeUser(await getUser(c.var.context, c.var.principal)), 200))
  .openapi(updateMe, async (c) => {
    const body = c.req.valid("json");
    const changes = {
      favoriteDisplayMode: body.favorite_display_mode ?? undefined,
      demoModeEnabled: body.demo_mode_enabled,
      immichLibraryId: body.immich_library_id,
      faceDetectionPreference: body.face_detection_preference,
      homeCountry: body.home_country,
      homeSubdivision: body.home_subdivision,
    };
    return c.json(serializeUser(await updatePreferences(c.var.context, c.var.principal, changes)), 200);
  })
  .openapi(list, async (c) => {
    const { limit, starting_after_id: afterId = null } = c.req.valid("query");
    const page = await listUsers(c.var.context, c.var.principal, { afterId, limit });
    return c.json({ data: page.users.map(serializeUser), has_more: page.hasMore }, 200);
  })
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    const fields = {
      email: parseEmail(body.email ?? ""),
      firstName: body.first_name ?? null,
      storageLimitBytes: body.storage_limit_bytes ?? null,
    };
    return c.json(serializeUser(await createUser(c.var.context, c.var.principal, fields, idempotent)), 201);
  })
  .openapi(get, async (c) => {
    const user = await getAnyUser(c.var.context, c.var.principal, c.req.valid("param").user_id);
    return c.json(serializeUser(user), 200);
  })
  .openapi(update, async (c) => {
    const { is_active: isActive, storage_limit_bytes: storageLimitBytes } = c.req.valid("json");
    const { user_id: userId } = c.req.valid("param");
    const user = await updateUser(c.var.context, c.var.principal, userId, { isActive, storageLimitBytes });
    return c.json(serializeUser(user), 200);
  })
  .openapi(remove, async (c) => {
    await deleteUser(c.var.context, c.var.principal, c.req.valid("param").user_id);
    return c.json({}, 200);
  });
