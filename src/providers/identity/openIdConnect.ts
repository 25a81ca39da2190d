/** OpenID Connect with any provider: discovery, authorization code flow with PKCE, and ID-token validation. */
import * as oauth from "oauth4webapi";
import { AppError } from "../../kernel/errors.ts";
import { ExpiringMap } from "../../kernel/expiringMap.ts";
import { warn } from "../../kernel/log.ts";
import type { IdentitySource } from "../../kernel/settings/signInSettings.ts";
import { boundedFetch, PROVIDER_TIMEOUT_MS } from "./boundedFetch.ts";
import {
  signInFailure,
  type AuthorizationRequest,
  type CodeRedemption,
  type IdentityProvider,
  type ProviderIdentity,
} from "./identityProvider.ts";

type Settings = Extract<IdentitySource, { kind: "oidc" }>;
type Metadata = oauth.AuthorizationServer;

/** How long an isolate uses a discovery document. */
export const DISCOVERY_CACHE_MS = 60 * 60_000;
/** How long an isolate remembers that discovery failed: each attempt of an unreachable provider takes 5 s. */
export const DISCOVERY_FAILURE_CACHE_MS = 10_000;
/** How far the provider's clock may be off. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Signatures with a public key. The others of a discovery document are `none`, and HMAC with the client secret, which
 * everybody who has the secret could sign.
 */
const PUBLIC_KEY_ALGORITHM = /^(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519)$/;

/** A deployment has one; tests have several. */
const MAX_REMEMBERED_ISSUERS = 100;

/** Discovery documents by issuer. oauth4webapi keeps the key set of each: for 5 minutes, for unknown keys 1 minute. */
const discovered = new ExpiringMap<Metadata>(MAX_REMEMBERED_ISSUERS);
/** Errors of failed discoveries by issuer. */
const failedDiscoveries = new ExpiringMap<Error>(MAX_REMEMBERED_ISSUERS);

interface Requests {
  [oauth.customFetch]: typeof boundedFetch;
  [oauth.allowInsecureRequests]: boolean;
}

/** Trusts only signatures with a public key, whatever else the provider supports. */
function pinAlgorithms(metadata: Metadata): Metadata {
  const { id_token_signing_alg_values_supported: supported } = metadata;
  if (!Array.isArray(supported)) return { ...metadata, id_token_signing_alg_values_supported: ["RS256"] };
  return { ...metadata, id_token_signing_alg_values_supported: supported.filter((name) => isPublicKeyAlgorithm(name)) };
}

function isPublicKeyAlgorithm(name: unknown): boolean {
  return typeof name === "string" && PUBLIC_KEY_ALGORITHM.test(name);
}

async function discover({ issuer }: Settings, requests: Requests): Promise<Metadata> {
  const nowMs = Date.now();
  const known = discovered.get(issuer, nowMs);
  if (known !== undefined) return known;
  const failure = failedDiscoveries.get(issuer, nowMs);
  if (failure !== undefined) throw failure;
  try {
    const metadata = await requestDiscovery(new URL(issuer), requests);
    discovered.set(issuer, metadata, nowMs + DISCOVERY_CACHE_MS);
    return metadata;
  } catch (error) {
    if (error instanceof Error) failedDiscoveries.set(issuer, error, Date.now() + DISCOVERY_FAILURE_CACHE_MS);
    throw error;
  }
}

async function requestDiscovery(url: URL, requests: Requests): Promise<Metadata> {
  const response = await oauth.discoveryRequest(url, requests);
  return pinAlgorithms(await oauth.processDiscoveryResponse(url, response));
}

/** An endpoint of the discovery document; null for a missing one or one that is no web address. */
function endpoint(url: unknown, allowHttp: boolean): URL | null {
  if (typeof url !== "string" || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  return parsed.protocol === "https:" || (allowHttp && parsed.protocol === "http:") ? parsed : null;
}

/** HTTP Basic unless the provider only takes the secret in the form; none for a public client. */
function clientAuthentication({ clientSecret }: Settings, metadata: Metadata): oauth.ClientAuth {
  if (clientSecret === null) return oauth.None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const takesOnlyForm = methods.includes("client_secret_post") && !methods.includes("client_secret_basic");
  return takesOnlyForm ? oauth.ClientSecretPost(clientSecret) : oauth.ClientSecretBasic(clientSecret);
}

function textClaim(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** Longest `sub` in characters (OpenID Connect Core 1.0, section 2). */
export const MAX_SUBJECT_CHARACTERS = 255;

function toIdentity(issuer: string, claims: Record<string, unknown>): ProviderIdentity {
  const subject = textClaim(claims["sub"]);
  if (subject === null || subject.length > MAX_SUBJECT_CHARACTERS)
    throw signInFailure("invalid sub claim in the ID token");
  const { email_verified: isVerified } = claims;
  return {
    issuer,
    subject,
    email: textClaim(claims["email"]),
    // Some providers send booleans as text.
    emailVerified: isVerified === true || isVerified === "true",
    name: textClaim(claims["name"]),
  };
}

/** Providers answer wrong credentials with `invalid_client`, alone or with a challenge (RFC 6749, 5.2). */
function isClientRefused(error: unknown): boolean {
  if (error instanceof oauth.ResponseBodyError) return error.error === "invalid_client";
  return error instanceof oauth.WWWAuthenticateChallengeError && error.status === 401;
}

function reasonOf(error: unknown): string {
  if (isClientRefused(error)) return "the identity provider refused OIDC_CLIENT_ID or OIDC_CLIENT_SECRET";
  if (error instanceof oauth.ResponseBodyError)
    return `the identity provider refused the code: ${error.error.slice(0, 100)}`;
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError)
    return error.message;
  if (error instanceof DOMException && ["TimeoutError", "AbortError"].includes(error.name))
    return `the identity provider did not answer within ${PROVIDER_TIMEOUT_MS / 1000} seconds`;
  return "the identity provider is unreachable or its answer is invalid";
}

/** Every failure of the provider is the same to a client: this sign-in is over. The log has the cause. */
async function withReason<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    warn("sign-in failed at the identity provider", { error: String(error) });
    throw error instanceof AppError ? error : signInFailure(reasonOf(error));
  }
}

function authorizationUrl(
  { clientId }: Settings,
  metadata: Metadata,
  request: AuthorizationRequest,
  allowHttp: boolean,
): string {
  const url = endpoint(metadata.authorization_endpoint, allowHttp);
  if (url === null) throw signInFailure("invalid authorization_endpoint in the discovery document");
  const parameters = {
    client_id: clientId,
    response_type: "code",
    scope: "openid email profile",
    redirect_uri: request.redirectUri,
    state: request.state,
    nonce: request.nonce,
    code_challenge: request.codeChallenge,
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** The claims of the user-info endpoint: most providers leave the address out of the ID token. */
async function userInfoClaims(
  metadata: Metadata,
  client: oauth.Client,
  tokens: { accessToken: string; subject: string },
  requests: Requests,
): Promise<Record<string, unknown>> {
  if (metadata.userinfo_endpoint === undefined) return {};
  const response = await oauth.userInfoRequest(metadata, client, tokens.accessToken, requests);
  return await oauth.processUserInfoResponse(metadata, client, tokens.subject, response);
}

async function redeemCode(
  settings: Settings,
  requests: Requests,
  redemption: CodeRedemption,
): Promise<ProviderIdentity> {
  const metadata = await discover(settings, requests);
  const client: oauth.Client = {
    client_id: settings.clientId,
    [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
  };
  const { code, redirectUri, codeVerifier, nonce } = redemption;
  // The client received the state, which the caller has checked, and passes on only the code.
  const parameters = new URLSearchParams({ code });
  if (metadata.authorization_response_iss_parameter_supported === true) parameters.set("iss", metadata.issuer);
  const callback = oauth.validateAuthResponse(metadata, client, parameters, oauth.expectNoState);
  const authentication = clientAuthentication(settings, metadata);
  const response = await oauth.authorizationCodeGrantRequest(
    ...([metadata, client, authentication, callback, redirectUri, codeVerifier, requests] as const),
  );
  const options = { expectedNonce: nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(metadata, client, response, options);
  await oauth.validateApplicationLevelSignature(metadata, response, requests);
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  if (claims === undefined) throw signInFailure("the identity provider sent no ID token");
  if (textClaim(claims["email"]) !== null) return toIdentity(metadata.issuer, claims);
  const access = { accessToken: tokens.access_token, subject: claims.sub };
  const further = await userInfoClaims(metadata, client, access, requests);
  return toIdentity(metadata.issuer, { ...further, ...claims });
}

/** Creates the client of an OpenID provider. `allowHttp` is for local development. */
export function openIdConnect(settings: Settings, { allowHttp }: { allowHttp: boolean }): IdentityProvider {
  const requests: Requests = { [oauth.customFetch]: boundedFetch, [oauth.allowInsecureRequests]: allowHttp };
  const metadata = async (): Promise<Metadata> => await discover(settings, requests);
  return {
    authorizationUrl: async (request) =>
      await withReason(metadata().then((found) => authorizationUrl(settings, found, request, allowHttp))),
    redeemCode: async (redemption) => await withReason(redeemCode(settings, requests, redemption)),
    endSessionUrl: async () =>
      await withReason(metadata().then((found) => endpoint(found.end_session_endpoint, allowHttp)?.href ?? null)),
  };
}
