import { z } from "@hono/zod-openapi";
import { MAX_EMAIL_BYTES, parseEmail } from "../../kernel/email.ts";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import {
  DEFAULT_LINK_LIFETIME_SECONDS,
  MAX_LINK_LIFETIME_SECONDS,
} from "../../operations/accounts/signIn/signInLinks.ts";
import { idFieldSchema, idSchema, instantFieldSchema, textSchema } from "../fieldSchemas.ts";
import { MAX_INVITATION_SECRET_CHARACTERS } from "../libraries/invitationSchemas.ts";
import { joinedRoleSchema } from "../libraries/memberSchemas.ts";
import { userSummarySchema } from "../libraries/schemas.ts";
import { newCredentialSchema, passkeyNameSchema, signedCredentialSchema } from "./passkeySchemas.ts";

/** Longest parameter of a sign-in page and longest secret of a link, in characters; ours have 43. */
export const MAX_SIGN_IN_SECRET_CHARACTERS = 128;

const secret = z.string().min(1).max(MAX_SIGN_IN_SECRET_CHARACTERS);
const request = secret.openapi({ description: "The parameter `request` of the sign-in page" });

export const signInQuery = z.object({ request: request.optional() });

export const signInOfferSchema = z
  .object({
    origin: z.string().openapi({ format: "uri", description: "The origin at which passkeys work" }),
    has_openid_provider: z.boolean().openapi({ description: "Whether users sign in with an OpenID provider" }),
    sign_up: z.enum(["open", "invited", "closed"]).openapi({
      description: "Whether a person without an account can create one with a passkey, here or with an invitation",
    }),
    redirect_uri: z
      .string()
      .nullable()
      .openapi({ description: "The redirect target of an app's sign-in; null without one" }),
  })
  .openapi("SignInOffer");

export const requestBodySchema = z
  .object({ request: request.nullish() })
  .openapi("PasskeySignInOptionsRequest", { example: {} });

export const passkeySignInSchema = z
  .object({ credential: signedCredentialSchema, request: request.nullish() })
  .openapi("PasskeySignInRequest");

export const signInOutcomeSchema = z
  .object({
    access_token: z.string().nullable().openapi({ description: "A session of the service's own pages" }),
    redirect_url: z
      .string()
      .nullable()
      .openapi({ description: "The URL to which the browser takes the code of an app" }),
  })
  .openapi("SignInOutcome", { description: "One of the two is null" });

export const continueSchema = z.object({ request }).openapi("ContinueSignInRequest", { example: { request: "state" } });

export const redeemLinkSchema = z
  .object({ secret: secret.openapi({ description: "The part of the link after `#link=`" }) })
  .openapi("RedeemSignInLinkRequest", { example: { secret: "secret" } });

export const createLinkSchema = z
  .object({
    user_id: idSchema("user"),
    lifetime_seconds: z.int().min(60).max(MAX_LINK_LIFETIME_SECONDS).default(DEFAULT_LINK_LIFETIME_SECONDS),
  })
  .openapi("CreateSignInLinkRequest");

export const signInLinkSchema = z
  .object({
    url: z.string().openapi({ format: "uri", description: "Signs the user in once; returned only here" }),
    expires_at: instantFieldSchema,
  })
  .openapi("SignInLink");

export const invitationKeySchema = z
  .object({
    id: idSchema("invitation"),
    secret: z.string().min(1).max(MAX_INVITATION_SECRET_CHARACTERS).openapi({
      description: "The part of the link's fragment after the dot",
      example: "n7VQ0uXxk2mWm0D1pJt8yq3cE5fGhZbL9aRsTvUwXyz",
    }),
  })
  .openapi("InvitationKey");

export const offerSchema = z
  .object({
    invitation_id: idFieldSchema("invitation"),
    library: z.object({ id: idFieldSchema("library"), name: z.string(), owner: userSummarySchema }),
    offered_role: joinedRoleSchema,
    expires_at: instantFieldSchema,
    eligibility: z.enum(["joinable", "expired", "disabled", "exhausted"]),
  })
  .openapi("InvitationOffer");

const personFields = {
  name: textSchema(MAX_NAME_BYTES)
    .trim()
    .min(1)
    .openapi({ description: "The name that others see", example: "Anna Example" }),
  email: z
    .string()
    .max(MAX_EMAIL_BYTES)
    .refine((text) => parseEmail(text) !== null, { error: "must be an e-mail address" })
    .nullish()
    .openapi({ description: "Not verified; helps the owner recognize the person" }),
  invitation: invitationKeySchema.nullish().openapi({ description: "Admits the person, who joins its library" }),
};

export const signUpOptionsSchema = z
  .object(personFields)
  .openapi("SignUpOptionsRequest", { example: { name: "Anna Example" } });

export const signUpSchema = z
  .object({ ...personFields, credential: newCredentialSchema, passkey_name: passkeyNameSchema })
  .openapi("SignUpRequest");

export const signUpOutcomeSchema = z
  .object({
    access_token: z.string().nullable().openapi({ description: "A session of the service's own pages" }),
    redirect_url: z.string().nullable().openapi({ description: "Always null" }),
    library: z
      .object({ id: idFieldSchema("library"), name: z.string() })
      .nullable()
      .openapi({ description: "The library that the user has joined; null without one" }),
  })
  .openapi("SignUpOutcome");
