/** Sign-in: the URL for the user's browser, the exchange of its code for a session, and the end of a session. */
import { createRoute } from "@hono/zod-openapi";
import { primaryContext } from "../../middleware/context.ts";
import { jsonBody as limitedJsonBody } from "../../middleware/jsonBody.ts";
import { limitSignIns } from "../../middleware/rateLimits.ts";
import { exchangeCode } from "../../operations/accounts/oauth/exchange.ts";
import { logoutEndpoint } from "../../operations/accounts/oauth/logout.ts";
import { beginSignIn } from "../../operations/accounts/oauth/signInRequests.ts";
import { errorResponse, jsonBody, jsonResponse, type ErrorStatus } from "../fieldSchemas.ts";
import { newRouter } from "../router.ts";
import { authUrlQuery, authUrlSchema, exchangedSchema, exchangeSchema, logoutSchema } from "./sessionSchemas.ts";

const shared = { tags: ["Sign-in"], security: [] };

/** Public routes answer no 401. */
function errors(...statuses: ErrorStatus[]) {
  return Object.fromEntries(statuses.map((status) => [status, errorResponse(status)]));
}

const authUrl = createRoute({
  ...shared,
  method: "get",
  path: "/api/oauth/auth-url",
  operationId: "oauth_auth_url",
  summary: "Begin a sign-in",
  description:
    "Returns the URL of the OpenID provider, or of this deployment's own sign-in page. The browser comes back to `redirect_uri` with `code` and `state`, which POST /api/oauth/exchange takes within ten minutes. When 10,000 sign-ins are stored, a new one replaces the oldest. Needs no credential.",
  request: { query: authUrlQuery },
  middleware: [limitSignIns, primaryContext] as const,
  responses: { 200: jsonResponse(authUrlSchema, "The URL"), ...errors(400, 403, 422, 429) },
});

const exchange = createRoute({
  ...shared,
  middleware: [limitSignIns, limitedJsonBody, primaryContext] as const,
  method: "post",
  path: "/api/oauth/exchange",
  operationId: "oauth_exchange",
  summary: "Exchange a code for a session",
  description:
    "A state is good for one exchange; a code of the built-in sign-in for one minute. A failed exchange gets 400 with the reason. The first sign-in creates the user, if SIGN_UPS admits them. Needs no credential.",
  request: { body: jsonBody(exchangeSchema) },
  responses: {
    200: jsonResponse(exchangedSchema, "The access token and its user"),
    ...errors(400, 403, 413, 415, 422, 429),
  },
});

const logout = createRoute({
  ...shared,
  method: "get",
  path: "/api/oauth/logout-endpoint",
  operationId: "oauth_logout_endpoint",
  summary: "Get the sign-out page",
  description:
    "The OpenID provider's `end_session_endpoint`, or this deployment's own page. DELETE /api/sessions/{session_id} ends the session of an app. Needs no credential.",
  middleware: [limitSignIns, primaryContext] as const,
  responses: { 200: jsonResponse(logoutSchema, "The URL"), ...errors(400, 403, 429) },
});

export const oauth = newRouter()
  .openapi(authUrl, async (c) => {
    const query = c.req.valid("query");
    const url = await beginSignIn(c.var.context, c.var.origin, {
      redirectUri: query.redirect_uri,
      codeChallenge: query.code_challenge ?? null,
      codeChallengeMethod: query.code_challenge_method ?? null,
    });
    return c.json({ url }, 200);
  })
  .openapi(exchange, async (c) => {
    const body = c.req.valid("json");
    const { code = null, state = null, code_verifier: codeVerifier = null, error = null, invitation = null } = body;
    const label = c.req.header("user-agent") ?? "";
    const { accessToken, user } = await exchangeCode(
      c.var.context,
      { code, state, codeVerifier, error, invitation },
      label,
    );
    const exchanged = {
      id: user.id,
      clerk_user_id: null,
      email: user.email,
      first_name: user.firstName,
      last_name: user.lastName,
      is_active: user.isActive,
      is_verified: user.isVerified,
    };
    return c.json({ access_token: accessToken, user: exchanged }, 200);
  })
  .openapi(logout, async (c) => c.json({ logout_endpoint: await logoutEndpoint(c.var.context, c.var.origin) }, 200));
