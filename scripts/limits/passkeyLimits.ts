/** Limits of the built-in sign-in: docs/passkeys.md. */
import * as passkeys from "../../src/operations/accounts/passkeys/passkeys.ts";
import * as webauthn from "../../src/operations/accounts/passkeys/webauthn.ts";
import * as signInLinks from "../../src/operations/accounts/signIn/signInLinks.ts";
import * as signInPage from "../../src/operations/accounts/signIn/signInPage.ts";
import * as oneTimeSecrets from "../../src/records/accounts/oneTimeSecrets.ts";
import * as passkeySchemas from "../../src/routes/accounts/passkeySchemas.ts";
import * as signInSchemas from "../../src/routes/accounts/signInSchemas.ts";
import { limit, type Section } from "./entry.ts";

export const passkeySection: Section = {
  title: "Passkeys and one-time links",
  limits: [
    limit(passkeys, "MAX_PASSKEYS_PER_USER", "items", "passkeys of a user", "409"),
    limit(passkeys, "MAX_TRANSPORTS", "items", "transports of a passkey", "422"),
    limit(webauthn, "CHALLENGE_LIFETIME_MS", "ms", "time for the browser's passkey dialog", "400"),
    limit(oneTimeSecrets, "MAX_PASSKEY_CHALLENGES", "items", "stored challenges", "the oldest one ends"),
    limit(passkeySchemas, "MAX_CREDENTIAL_ID_CHARACTERS", "characters", "id of a passkey's credential", "422"),
    limit(passkeySchemas, "MAX_CREDENTIAL_CHARACTERS", "characters", "each part of a passkey's response", "422"),
    limit(passkeySchemas, "MAX_USER_HANDLE_CHARACTERS", "characters", "user handle of a passkey", "422"),
    limit(
      signInSchemas,
      "MAX_SIGN_IN_SECRET_CHARACTERS",
      "characters",
      "`request` of the sign-in page and secret of a one-time link",
      "422",
    ),
    limit(signInLinks, "MAX_LINK_LIFETIME_SECONDS", "seconds", "life of a one-time link", "422"),
    limit(
      signInPage,
      "MAX_EXPIRED_SECRETS_PER_RUN",
      "items",
      "expired challenges, and as many links, deleted per run",
      "the next run continues",
    ),
  ],
};
