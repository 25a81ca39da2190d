/** Limits of sign-in and sessions. */
import * as signInSettings from "../../src/kernel/settings/signInSettings.ts";
import * as accessTokens from "../../src/operations/accounts/sessions/accessTokens.ts";
import * as signIns from "../../src/operations/accounts/oauth/signInRequests.ts";
import * as sessionAuthentication from "../../src/operations/accounts/sessions/sessionAuthentication.ts";
import * as sessions from "../../src/operations/accounts/sessions/sessions.ts";
import * as boundedFetch from "../../src/providers/identity/boundedFetch.ts";
import * as openIdConnect from "../../src/providers/identity/openIdConnect.ts";
import * as sessionRecords from "../../src/records/accounts/sessions.ts";
import * as signInRecords from "../../src/records/accounts/signInRequests.ts";
import * as sessionSchemas from "../../src/routes/accounts/sessionSchemas.ts";
import { limit, type Section } from "./entry.ts";

export const signInSection: Section = {
  title: "Sign-in and sessions",
  limits: [
    limit(accessTokens, "ACCESS_TOKEN_LIFETIME_MS", "ms", "life of an access token", "401 once a newer one was used"),
    limit(accessTokens, "ACCESS_TOKEN_RENEWAL_MS", "ms", "age of an access token", "`x-new-access-token`"),
    limit(
      sessionAuthentication,
      "SUPERSEDED_TOKEN_GRACE_MS",
      "ms",
      "how much older than the newest used token an expired one may be",
      "401",
    ),
    limit(accessTokens, "MAX_ACCESS_TOKEN_CHARACTERS", "characters", "access token", "401"),
    limit(sessionRecords, "SESSION_IDLE_MS", "ms", "time without a use of a session", "the session ends"),
    limit(sessionRecords, "MAX_SESSION_MS", "ms", "age of a session", "the session ends"),
    limit(
      sessionRecords,
      "MAX_SESSIONS_PER_USER",
      "items",
      "live sessions of a user",
      "the least recently used one ends",
    ),
    limit(sessions, "MAX_SESSION_LABEL_BYTES", "bytes", "label of a session", "it is cut"),
    limit(sessionRecords, "ENDED_SESSION_RETENTION_MS", "ms", "time since the end of a session", "its row is deleted"),
    limit(sessions, "MAX_ENDED_SESSIONS_PER_RUN", "items", "ended sessions deleted per run", "the next run continues"),
    limit(signIns, "SIGN_IN_LIFETIME_MS", "ms", "time from auth-url to the exchange", "400"),
    limit(signIns, "SIGN_IN_CODE_LIFETIME_MS", "ms", "life of a code of the built-in sign-in", "400"),
    limit(signInRecords, "MAX_SIGN_IN_REQUESTS", "items", "stored sign-ins", "the oldest one ends"),
    limit(
      signIns,
      "MAX_EXPIRED_SIGN_INS_PER_RUN",
      "items",
      "expired sign-ins deleted per run",
      "the next run continues",
    ),
    limit(signInSettings, "MAX_REDIRECT_URI_CHARACTERS", "characters", "redirect target", "422"),
    limit(
      sessionSchemas,
      "MAX_OAUTH_PARAMETER_CHARACTERS",
      "characters",
      "`code`, `state`, `code_verifier` and `error` of an exchange",
      "422",
    ),
    limit(boundedFetch, "PROVIDER_TIMEOUT_MS", "ms", "one answer of an OpenID provider", "400"),
    limit(boundedFetch, "MAX_PROVIDER_CHARACTERS", "characters", "one answer of an OpenID provider", "400"),
    limit(openIdConnect, "DISCOVERY_CACHE_MS", "ms", "age of a discovery document in an isolate", "it is read again"),
    limit(
      openIdConnect,
      "DISCOVERY_FAILURE_CACHE_MS",
      "ms",
      "memory of a failed discovery in an isolate",
      "it is tried again",
    ),
    limit(openIdConnect, "CLOCK_TOLERANCE_SECONDS", "seconds", "difference of an OpenID provider's clock", "400"),
    limit(openIdConnect, "MAX_SUBJECT_CHARACTERS", "characters", "`sub` of an OpenID provider", "400"),
  ],
};
