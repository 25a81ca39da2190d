/** Bodies of the account and of the users of a deployment. */
import { z } from "@hono/zod-openapi";
import { parseEmail } from "../../kernel/email.ts";
import { isCountry } from "../../kernel/regions/homeRegion.ts";
import { MAX_NAME_BYTES } from "../../kernel/textLimits.ts";
import { FAVORITE_DISPLAY_MODES } from "../../operations/accounts/preferences.ts";
import {
  idFieldSchema,
  idSchema,
  instantFieldSchema,
  limitSchema,
  startingAfterSchema,
  textSchema,
} from "../fieldSchemas.ts";

const text = z.string().nullable();
const favoriteDisplayMode = z.enum(FAVORITE_DISPLAY_MODES);

export const userSchema = z
  .object({
    id: idFieldSchema("user"),
    email: z.string().openapi({ description: "The owner's is OWNER_EMAIL. Under tintype.invalid if none is known" }),
    first_name: text,
    last_name: text,
    timezone: text,
    is_active: z.boolean().openapi({ description: "False after the owner of the deployment locked the account" }),
    is_verified: z.boolean().openapi({ description: "Whether the identity provider verified the address" }),
    is_superuser: z.boolean().openapi({ description: "True for the owner of the deployment" }),
    storage_used_bytes: z.int(),
    storage_limit_bytes: z.int(),
    favorite_display_mode: favoriteDisplayMode,
    demo_mode_enabled: z.boolean(),
    immich_library_id: idFieldSchema("library").nullable().openapi({
      description: "As it was chosen: the library may have been trashed or left since",
    }),
    face_detection_preference: z.boolean().nullable().openapi({
      description: "Whether faces in the user's libraries are detected automatically; null until the user decides",
    }),
    face_detection_available: z.boolean().openapi({
      description: "Whether the user may turn it on: a recognizer is configured, and the home region is not excluded",
    }),
    home_country: text.openapi({ description: "ISO 3166-1 alpha-2", example: "US" }),
    home_subdivision: text.openapi({ description: "ISO 3166-2 without the country", example: "CA" }),
    created_at: instantFieldSchema,
    updated_at: instantFieldSchema,
  })
  .openapi("User");

export const updateMeSchema = z
  .object({
    favorite_display_mode: favoriteDisplayMode.nullish().openapi({ description: "Null leaves it unchanged" }),
    demo_mode_enabled: z.boolean().optional(),
    immich_library_id: idSchema("library").nullish().openapi({
      description: "A live library of the credential in which the user may write; null clears it",
    }),
    face_detection_preference: z.boolean().optional(),
    home_country: z
      .string()
      .regex(/^[A-Z]{2}$/, { error: "must be two upper-case letters, such as US" })
      .refine(isCountry, { error: "must be a country of ISO 3166-1" })
      .optional()
      .openapi({ description: "A new country clears home_subdivision unless both are sent", example: "DE" }),
    home_subdivision: z
      .string()
      .regex(/^[A-Z0-9]{1,3}$/, { error: "must be a code of ISO 3166-2 without its country, such as CA" })
      .nullish()
      .openapi({ description: "Required for the country US; null clears it", example: "BE" }),
  })
  .openapi("UpdateMeRequest", { example: { favorite_display_mode: "rating" } });

/** Users of a page. */
export const MAX_PAGE_USERS = 200;
const DEFAULT_PAGE_USERS = 50;

export const listUsersQuery = z.object({
  limit: limitSchema(DEFAULT_PAGE_USERS, MAX_PAGE_USERS),
  starting_after_id: startingAfterSchema("user"),
});

export const userListSchema = z.object({ data: z.array(userSchema), has_more: z.boolean() }).openapi("UserList");

const storageLimit = z
  .int()
  .min(0)
  .openapi({ maximum: Number.MAX_SAFE_INTEGER, description: "Uploads beyond it get 507. Stored files stay." });

export const createUserSchema = z
  .object({
    email: z
      .string()
      .refine((email) => parseEmail(email) !== null, { error: "must be an e-mail address" })
      .nullish(),
    first_name: textSchema(MAX_NAME_BYTES).trim().min(1).nullish(),
    storage_limit_bytes: storageLimit.nullish(),
  })
  .refine(({ email, first_name: name }) => (email ?? name ?? null) !== null, {
    path: ["first_name"],
    error: "first_name or email is required",
  })
  .openapi("CreateUserRequest", { example: { first_name: "Ann" } });

export const updateUserSchema = z
  .object({
    is_active: z.boolean().optional(),
    storage_limit_bytes: storageLimit.optional(),
  })
  .openapi("UpdateUserRequest", { example: { storage_limit_bytes: 107374182400 } });
