/** The caller's own account, and the ping that needs none. */
import { createRoute } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import { getUser } from "../../operations/accounts/users.ts";
import { newRouter } from "../router.ts";
import { userSchema } from "./schemas.ts";
import { failures, ok, security } from "../fieldSchemas.ts";

const me = createRoute({
  method: "get",
  path: "/api/users/me",
  tags: ["Users"],
  summary: "The caller's account",
  security,
  middleware: [allows("read")] as const,
  responses: { 200: ok(userSchema, "The account"), ...failures() },
});

export const users = newRouter().openapi(me, async (c) => {
  const user = await getUser(c.var.db, c.var.principal);
  return c.json(
    {
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
      created_at: formatInstant(user.createdAt),
      updated_at: formatInstant(user.updatedAt),
    },
    200,
  );
});
