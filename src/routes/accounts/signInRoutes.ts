/** The built-in sign-in: what its page offers, passkeys, one-time links and the root key. Extends the Gumnut API. */
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { notFound } from "../../kernel/errors.ts";
import { formatInstant } from "../../kernel/time.ts";
import { requireOwner, requireSession } from "../../middleware/authentication.ts";
import { primaryContext, type AppEnv } from "../../middleware/context.ts";
import { jsonBody as limitedJsonBody } from "../../middleware/jsonBody.ts";
import { limitSignIns } from "../../middleware/rateLimits.ts";
import { startPasskeySignIn } from "../../operations/accounts/passkeys/passkeySignIn.ts";
import { startSignUp } from "../../operations/accounts/passkeys/passkeySignUp.ts";
import * as operations from "../../operations/accounts/signIn/signInPage.ts";
import { createSignInLink } from "../../operations/accounts/signIn/signInLinks.ts";
import { describeInvitation } from "../../operations/libraries/joinLibrary.ts";
import { credentialSecurity, errorResponses, jsonBody, jsonResponse } from "../fieldSchemas.ts";
import { serializeOffer } from "../libraries/serializer.ts";
import { newRouter } from "../router.ts";
import { creationOptionsSchema, requestOptionsSchema } from "./passkeySchemas.ts";
import {
  continueSchema,
  createLinkSchema,
  invitationKeySchema,
  offerSchema,
  passkeySignInSchema,
  redeemLinkSchema,
  requestBodySchema,
  signInLinkSchema,
  signInOfferSchema,
  signInOutcomeSchema,
  signInQuery,
  signUpOptionsSchema,
  signUpOutcomeSchema,
  signUpSchema,
} from "./signInSchemas.ts";

const EXTENSION = "Tintype extension; not part of the Gumnut API.";
const tags = ["Sign-in"];
const outcome = jsonResponse(signInOutcomeSchema, "Signed in");
/** Public routes, which the pages call before anybody has signed in. */
const open = { tags, security: [], middleware: [limitSignIns, limitedJsonBody, primaryContext] };

const offer = createRoute({
  ...open,
  method: "get",
  path: "/api/sign-in",
  operationId: "sign_in_offer",
  summary: "Get the options of the sign-in page",
  description: `400 if the sign-in of an app is unknown, finished or older than ten minutes. Needs no credential. ${EXTENSION}`,
  request: { query: signInQuery },
  responses: { 200: jsonResponse(signInOfferSchema, "The offer"), ...errorResponses() },
});

const start = createRoute({
  ...open,
  method: "post",
  path: "/api/sign-in/passkey/options",
  operationId: "sign_in_passkey_options",
  summary: "Begin a sign-in with a passkey",
  description: `The options for the browser, whose challenge is good once, for five minutes and for this sign-in. Needs no credential. ${EXTENSION}`,
  request: { body: jsonBody(requestBodySchema) },
  responses: { 200: jsonResponse(requestOptionsSchema, "The options"), ...errorResponses(413, 415) },
});

const passkey = createRoute({
  ...open,
  method: "post",
  path: "/api/sign-in/passkey",
  operationId: "sign_in_passkey",
  summary: "Sign in with a passkey",
  description: `400 for an expired, used or foreign challenge or another origin, 401 for a passkey that is not accepted. Needs no credential. ${EXTENSION}`,
  request: { body: jsonBody(passkeySignInSchema) },
  responses: { 200: outcome, ...errorResponses(413, 415) },
});

const redeemLink = createRoute({
  ...open,
  method: "post",
  path: "/api/sign-in/link",
  operationId: "sign_in_link",
  summary: "Sign in with a one-time link",
  description: `401 if the link has expired, was used or was replaced. Needs no credential. ${EXTENSION}`,
  request: { body: jsonBody(redeemLinkSchema) },
  responses: { 200: outcome, ...errorResponses(413, 415) },
});

const invitation = createRoute({
  ...open,
  method: "post",
  path: "/api/sign-in/invitation",
  operationId: "sign_in_invitation",
  summary: "Look at an invitation before the sign-in",
  description: `Returns the offer of an invitation link. A wrong secret, an unknown invitation and a library that is gone give the same 404. Needs no credential. ${EXTENSION}`,
  request: { body: jsonBody(invitationKeySchema) },
  responses: { 200: jsonResponse(offerSchema, "The offer"), ...errorResponses(404, 413, 415) },
});

const startSignUpRoute = createRoute({
  ...open,
  method: "post",
  path: "/api/sign-in/sign-up/options",
  operationId: "sign_up_options",
  summary: "Begin to create an account",
  description: `The options for the browser, whose challenge is good once and for five minutes. 403 unless SIGN_UPS admits the person. Needs no credential. ${EXTENSION}`,
  request: { body: jsonBody(signUpOptionsSchema) },
  responses: { 200: jsonResponse(creationOptionsSchema, "The options"), ...errorResponses(413, 415) },
});

const signUpRoute = createRoute({
  ...open,
  method: "post",
  path: "/api/sign-in/sign-up",
  operationId: "sign_up",
  summary: "Create an account with a passkey",
  description: `400 for an expired or used challenge or another origin, 403 unless SIGN_UPS admits the person. Needs no credential. ${EXTENSION}`,
  request: { body: jsonBody(signUpSchema) },
  responses: { 200: jsonResponse(signUpOutcomeSchema, "Signed in"), ...errorResponses(409, 413, 415) },
});

/** Mounted before the authentication. */
export const publicSignIn = newRouter()
  .openapi(offer, async (c) => {
    const { request = null } = c.req.valid("query");
    const found = await operations.describeSignIn(c.var.context, c.var.origin, request);
    const { origin, hasProvider, signUp, redirectUri } = found;
    return c.json({ origin, has_openid_provider: hasProvider, sign_up: signUp, redirect_uri: redirectUri }, 200);
  })
  .openapi(start, async (c) => {
    const { request = null } = c.req.valid("json");
    return c.json(await startPasskeySignIn(c.var.context, c.var.origin, request), 200);
  })
  .openapi(passkey, async (c) => {
    const { credential, request = null } = c.req.valid("json");
    const signIn = { credential, request };
    return c.json(
      serializeOutcome(await operations.signInWithPasskey(c.var.context, c.var.origin, signIn, labelOf(c))),
      200,
    );
  })
  .openapi(redeemLink, async (c) => {
    const { secret } = c.req.valid("json");
    return c.json(serializeOutcome(await operations.signInWithLink(c.var.context, secret, labelOf(c))), 200);
  })
  .openapi(startSignUpRoute, async (c) => {
    const { name, email = null, invitation: key = null } = c.req.valid("json");
    return c.json(await startSignUp(c.var.context, c.var.origin, { name, email }, key), 200);
  })
  .openapi(signUpRoute, async (c) => {
    const { name, email = null, invitation: key = null, credential, passkey_name: passkeyName } = c.req.valid("json");
    const account = { person: { name, email }, invitation: key, credential, passkeyName };
    const signedUp = await operations.signUpWithPasskey(c.var.context, c.var.origin, account, labelOf(c));
    return c.json({ ...serializeOutcome(signedUp), library: signedUp.library }, 200);
  })
  .openapi(invitation, async (c) => {
    const offered = await describeInvitation(c.var.context, c.req.valid("json"));
    if (offered === null) throw notFound("invitation");
    return c.json(serializeOffer(offered), 200);
  });

const rootKey = createRoute({
  tags,
  security: credentialSecurity,
  middleware: requireOwner,
  method: "post",
  path: "/api/sign-in/root-key",
  operationId: "sign_in_root_key",
  summary: "Sign the owner in with the root key",
  description: `Begins a session of the service's own pages. The credential is the root key itself; any other gets 403. ${EXTENSION}`,
  responses: { 200: outcome, ...errorResponses() },
});

const resume = createRoute({
  tags,
  security: credentialSecurity,
  middleware: requireSession,
  method: "post",
  path: "/api/sign-in/continue",
  operationId: "sign_in_continue",
  summary: "Sign in to an app with a session of the service's pages",
  description: `400 if the app's sign-in is unknown, finished or older than ten minutes. Requires a signed-in session or the owner's key. ${EXTENSION}`,
  request: { body: jsonBody(continueSchema) },
  responses: { 200: outcome, ...errorResponses(413, 415) },
});

const createLink = createRoute({
  tags,
  security: credentialSecurity,
  middleware: requireOwner,
  method: "post",
  path: "/api/sign-in/links",
  operationId: "sign_in_links_create",
  summary: "Create a one-time link",
  description: `Signs the user in once, within an hour if nothing else is said, and ends the user's earlier link. 409 for a deactivated user. Requires the owner of the deployment. ${EXTENSION}`,
  request: { body: jsonBody(createLinkSchema) },
  responses: { 201: jsonResponse(signInLinkSchema, "The link"), ...errorResponses(404, 409, 413, 415) },
});

export const signIn = newRouter()
  .openapi(rootKey, async (c) => {
    const { context, principal, credentialId } = c.var;
    return c.json(
      serializeOutcome(await operations.signInWithRootKey(context, principal, credentialId, labelOf(c))),
      200,
    );
  })
  .openapi(resume, async (c) => {
    const { request } = c.req.valid("json");
    return c.json(serializeOutcome(await operations.continueSignIn(c.var.context, c.var.principal, request)), 200);
  })
  .openapi(createLink, async (c) => {
    const { user_id: userId, lifetime_seconds: lifetimeSeconds } = c.req.valid("json");
    const { context, principal, origin } = c.var;
    const link = await createSignInLink(context, principal, origin, { userId, lifetimeSeconds });
    return c.json({ url: link.url, expires_at: formatInstant(link.expiresAtMs) }, 201);
  });

/** The User-Agent, by which a user recognizes a session. */
function labelOf(c: Context<AppEnv>): string {
  return c.req.header("user-agent") ?? "";
}

function serializeOutcome({ accessToken, redirectUrl }: operations.SignInOutcome) {
  return { access_token: accessToken, redirect_url: redirectUrl };
}
