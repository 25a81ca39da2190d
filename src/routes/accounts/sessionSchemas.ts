import { z } from "@hono/zod-openapi";
import { MAX_REDIRECT_URI_CHARACTERS } from "../../kernel/settings/signInSettings.ts";
import { idFieldSchema, idSchema, instantFieldSchema } from "../fieldSchemas.ts";

export const sessionSchema = z
  .object({
    id: idFieldSchema("session"),
    label: z.string().openapi({ description: "The User-Agent that signed in", example: "Immich_Android_2.4.1" }),
    is_current: z.boolean().openapi({ description: "Whether this request used the session" }),
    created_at: instantFieldSchema,
    last_used_at: instantFieldSchema,
    expires_at: instantFieldSchema.openapi({
      description: "When the session ends unless it is used before: 30 days after its last use",
    }),
  })
  .openapi("Session");

export const sessionListSchema = z.object({ data: z.array(sessionSchema) }).openapi("SessionList");

/** Longest code, state and error of a provider, in characters. */
export const MAX_OAUTH_PARAMETER_CHARACTERS = 4096;

export const authUrlQuery = z.object({
  redirect_uri: z.string().min(1).max(MAX_REDIRECT_URI_CHARACTERS).openapi({
    description: "The URL to which the browser returns with `code` and `state`. Must be registered in REDIRECT_URIS.",
    example: "app.immich:///oauth-callback",
  }),
  code_challenge: z.string().max(MAX_OAUTH_PARAMETER_CHARACTERS).optional().openapi({
    description: "PKCE: SHA-256 of the client's `code_verifier` in base64url",
  }),
  code_challenge_method: z.string().max(MAX_OAUTH_PARAMETER_CHARACTERS).optional().openapi({
    description: "`S256`, the only method; required with `code_challenge`",
  }),
});

export const authUrlSchema = z
  .object({ url: z.string().openapi({ format: "uri", description: "Open it in the user's browser" }) })
  .openapi("AuthUrl");

const parameter = z.string().max(MAX_OAUTH_PARAMETER_CHARACTERS).nullish();

export const exchangeSchema = z
  .object({
    code: parameter.openapi({ description: "`code` of the redirect" }),
    state: parameter.openapi({ description: "`state` of the redirect" }),
    code_verifier: parameter.openapi({ description: "The client's PKCE verifier; required after `code_challenge`" }),
    error: parameter.openapi({ description: "`error` of the redirect: the response is 400" }),
    invitation: z
      .object({ id: idSchema("invitation"), secret: z.string().max(MAX_OAUTH_PARAMETER_CHARACTERS) })
      .nullish()
      .openapi({
        description:
          "An invitation link's id and secret, which admit a new user, who joins its library. Tintype extension.",
      }),
  })
  .openapi("OAuthExchangeRequest", { example: { code: "code", state: "state" } });

const text = z.string().nullable();

export const exchangedSchema = z
  .object({
    access_token: z.string().openapi({ description: "Send it as a Bearer token; replace it by x-new-access-token" }),
    user: z.object({
      id: idFieldSchema("user"),
      clerk_user_id: z.null().openapi({ description: "Always null" }),
      email: text,
      first_name: text,
      last_name: text,
      is_active: z.boolean(),
      is_verified: z.boolean(),
    }),
  })
  .openapi("OAuthExchange");

export const logoutSchema = z
  .object({ logout_endpoint: z.string().openapi({ format: "uri", description: "Open it in the user's browser" }) })
  .openapi("LogoutEndpoint");
