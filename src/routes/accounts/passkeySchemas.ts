import { z } from "@hono/zod-openapi";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import { MAX_TRANSPORTS } from "../../operations/accounts/passkeys/passkeys.ts";
import { arraySchema, idFieldSchema, instantFieldSchema, textSchema } from "../fieldSchemas.ts";

/** Longest id of a credential in characters: 1,023 bytes (WebAuthn, 4) in base64url. */
export const MAX_CREDENTIAL_ID_CHARACTERS = 1364;
/** Longest part of a passkey's response in characters: 24 KiB in base64url. Without attestation one has less than 2,000. */
export const MAX_CREDENTIAL_CHARACTERS = 32_768;
/** Longest user handle in characters: 64 bytes (WebAuthn, 4) in base64url. */
export const MAX_USER_HANDLE_CHARACTERS = 86;

function base64urlSchema(maxCharacters: number) {
  return z
    .string()
    .max(maxCharacters)
    .regex(/^[\w-]*$/, { error: "must be base64url without padding" });
}

const keyType = z.literal("public-key");
const part = base64urlSchema(MAX_CREDENTIAL_CHARACTERS);

const credentialFields = {
  id: base64urlSchema(MAX_CREDENTIAL_ID_CHARACTERS).min(1),
  rawId: base64urlSchema(MAX_CREDENTIAL_ID_CHARACTERS).min(1),
  type: keyType,
};

/** `PublicKeyCredential.toJSON()` after `navigator.credentials.create()`. */
export const newCredentialSchema = z
  .object({
    ...credentialFields,
    response: z.object({
      clientDataJSON: part,
      attestationObject: part,
      transports: arraySchema(z.string().max(32), 0, MAX_TRANSPORTS).optional(),
    }),
  })
  .openapi("NewPasskeyCredential");

/** `PublicKeyCredential.toJSON()` after `navigator.credentials.get()`. */
export const signedCredentialSchema = z
  .object({
    ...credentialFields,
    response: z.object({
      clientDataJSON: part,
      authenticatorData: part,
      signature: part,
      userHandle: base64urlSchema(MAX_USER_HANDLE_CHARACTERS).optional(),
    }),
  })
  .openapi("SignedPasskeyCredential");

const challenge = z.string().openapi({ description: "base64url; good once and for five minutes" });

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn. */
export const requestOptionsSchema = z
  .object({ challenge, rpId: z.string(), timeout: z.int(), userVerification: z.literal("required") })
  .openapi("PasskeyRequestOptions", { description: "For `navigator.credentials.get()`" });

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn. */
export const creationOptionsSchema = z
  .object({
    challenge,
    rp: z.object({ id: z.string(), name: z.string() }),
    user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
    pubKeyCredParams: z.array(z.object({ type: keyType, alg: z.int() })),
    timeout: z.int(),
    attestation: z.literal("none"),
    excludeCredentials: z.array(z.object({ type: keyType, id: z.string(), transports: z.array(z.string()) })),
    authenticatorSelection: z.object({
      residentKey: z.literal("required"),
      requireResidentKey: z.boolean(),
      userVerification: z.literal("required"),
    }),
  })
  .openapi("PasskeyCreationOptions", { description: "For `navigator.credentials.create()`" });

export const passkeySchema = z
  .object({
    id: idFieldSchema("passkey"),
    name: z.string(),
    created_at: instantFieldSchema,
    last_used_at: instantFieldSchema.nullable(),
  })
  .openapi("Passkey");

export const passkeyListSchema = z.object({ data: z.array(passkeySchema) }).openapi("PasskeyList");

export const passkeyNameSchema = textSchema(MAX_NAME_BYTES).trim().min(1).openapi({
  description: "The user's name for the passkey, such as the device's",
  example: "Phone",
});

export const addPasskeySchema = z
  .object({ credential: newCredentialSchema, name: passkeyNameSchema })
  .openapi("AddPasskeyRequest");

export const renamePasskeySchema = z
  .object({ name: passkeyNameSchema })
  .openapi("RenamePasskeyRequest", { example: { name: "Phone" } });

export const deletePasskeyQuery = z.object({
  allow_last: z
    .enum(["true", "false"])
    .default("false")
    .openapi({ description: "Whether the user's last passkey may be deleted" }),
});
