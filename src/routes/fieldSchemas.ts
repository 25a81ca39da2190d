/** Zod schemas for fields, parameters and responses that several routes use. */
import { z } from "@hono/zod-openapi";
import { ID_PREFIXES, idPattern, isId, type IdKind } from "../kernel/ids.ts";
import { MAX_RATING, MAX_RATINGS } from "../kernel/rating.ts";
import { fitsJsonBytes } from "../kernel/textLimits.ts";
import { parseDateTime, toInstantUs, type WallTime } from "../kernel/time.ts";

/** Nouns of the ids, for the OpenAPI document. */
const idNouns: Record<IdKind, string> = {
  asset: "an asset",
  assetVersion: "a version of an asset",
  stack: "a stack",
  album: "an album",
  albumAsset: "an album membership",
  library: "a library",
  person: "a person",
  face: "a face",
  user: "a user",
  apiKey: "an API key",
  task: "a task",
  session: "a session",
  member: "a membership",
  invitation: "an invitation",
  passkey: "a passkey",
  feedback: "a feedback report",
};

/** An id in a response. */
export function idFieldSchema(kind: IdKind) {
  return z.string().openapi({ pattern: idPattern(kind), example: `${ID_PREFIXES[kind]}BM3nUmJ6fkBqBADyz5FEiu` });
}

/** An instant in a response. */
export const instantFieldSchema = z.string().openapi({ format: "date-time", description: "UTC instant, ending in Z" });

/** An id in a request. It has no example: the reference page would send it, and get 404. */
export function idSchema(kind: IdKind) {
  return z
    .string()
    .refine((text) => isId(kind, text), {
      error: `must be ${ID_PREFIXES[kind]} followed by a 22-character shortuuid`,
    })
    .openapi({ pattern: idPattern(kind), description: `Id of ${idNouns[kind]}` });
}

/**
 * Text that is stored, of at most `maxBytes` bytes of JSON. Unpaired surrogates are replaced: strict JSON parsers
 * reject a whole response that contains one.
 */
export function textSchema(maxBytes: number) {
  return z
    .string()
    .max(maxBytes, { abort: true })
    .overwrite((text) => text.toWellFormed())
    .refine((text) => fitsJsonBytes(text, maxBytes), { error: `must be at most ${maxBytes} bytes of JSON in UTF-8` });
}

/** The name of something, without outer space. A blank one is rejected. */
export function nameSchema(maxBytes: number) {
  return textSchema(maxBytes)
    .trim()
    .min(1, { error: "must not be blank" })
    .openapi({ pattern: String.raw`\S` });
}

/** A body array. Its length is checked before its items, so that a long list of wrong ones makes one issue. */
export function arraySchema<T extends z.ZodType>(item: T, min: number, max: number) {
  // The parameter's type becomes the input that typed clients send; a request can hold anything.
  return z.preprocess((value: z.input<T>[], context) => {
    if (!Array.isArray(value) || value.length <= max) return value;
    context.addIssue({ code: "too_big", origin: "array", maximum: max, message: `must have at most ${max} items` });
    return z.NEVER;
  }, z.array(item).min(min).max(max));
}

/** A query array: repeated keys, one comma-separated value, or a mixture of both. */
function listSchema<T extends z.ZodType<unknown, string>>(
  item: T,
  max: number,
  documentedItem: { pattern: string } | { enum: string[] },
) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((value) =>
      [value]
        .flat()
        .flatMap((part) => part.split(","))
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(item).max(max))
    .openapi({ type: "array", items: { type: "string", ...documentedItem }, maxItems: max });
}

export function idListSchema(kind: IdKind, max: number) {
  const description = `Ids of the items to return: at most ${max}, comma-separated or as repeated parameters`;
  return listSchema(idSchema(kind), max, { pattern: idPattern(kind) }).openapi({ description });
}

/** Values may repeat: clients send some of them twice. */
export function enumListSchema<const T extends readonly string[]>(values: T, max: number) {
  return listSchema(z.enum(values), max, { enum: [...values] });
}

/** Like `enumListSchema`, for operations that answer an unknown value themselves. */
export function openEnumListSchema(values: readonly string[], max: number) {
  return listSchema(z.string(), max, { enum: [...values] });
}

const RATING = /^[0-5]$/;
const ratingSchema = z.string().regex(RATING, { error: "must be an integer from 0 to 5" }).transform(Number);

/** Ratings as a query array, sorted and distinct; null if all of them are listed, because then every asset matches. */
export const ratingsParameter = listSchema(ratingSchema, MAX_RATINGS, { pattern: RATING.source })
  .pipe(z.array(z.number()).min(1))
  .transform((ratings) => {
    const distinct = [...new Set(ratings)].toSorted((a, b) => a - b);
    return distinct.length > MAX_RATING ? null : distinct;
  })
  .openapi({
    type: "array",
    items: { type: "integer", minimum: 0, maximum: MAX_RATING },
    minItems: 1,
    maxItems: MAX_RATINGS,
    description:
      "Assets with one of these ratings, comma-separated or as repeated parameters. 0 is every asset without a rating of 1 to 5",
  });

/** Month and day. 29 February matches in every year. */
const MONTH_DAY =
  "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))";
const TIME = "T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?";
const OFFSET = "(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))";

/**
 * Regular expression of date-times for the OpenAPI document: RFC 3339, where the offset, the seconds and the time are
 * optional. `parseDateTime` also accepts ISO 8601 variants, such as an offset without a colon.
 */
function dateTimePattern(year: string): string {
  return `^${year}-${MONTH_DAY}(?:${TIME}${OFFSET}?)?$`;
}

/** An ISO 8601 date-time, naive or with a UTC offset. */
export const dateTimeSchema = z
  .string()
  .transform((text, context) => {
    const time = parseDateTime(text);
    if (time !== null) return time;
    context.addIssue({ code: "custom", message: "must be an ISO 8601 date-time, such as 2024-07-15T12:00:00-07:00" });
    return z.NEVER;
  })
  .openapi({ type: "string", pattern: dateTimePattern("[0-9]{4}") });

/** An ISO 8601 date-time without a UTC offset. */
export const naiveDateTimeSchema = dateTimeSchema
  .refine(({ offsetMinutes }) => offsetMinutes === null, { error: "must not have a UTC offset" })
  .openapi({ pattern: `^[0-9]{4}-${MONTH_DAY}(?:${TIME})?$` });

/** An instant, in Unix milliseconds. A time without an offset would mean another instant to each reader. */
export const instantSchema = dateTimeSchema
  .refine((time) => time.offsetMinutes !== null, { error: "must have a UTC offset, such as 2030-01-01T00:00:00Z" })
  .transform((time) => Math.floor(toInstantUs(time) / 1000))
  .openapi({ type: "string", format: "date-time", example: "2030-01-01T00:00:00Z" });

/** Microseconds since the epoch are exact integers only between 1685 and 2254. */
export const FIRST_YEAR = 1700;
export const LAST_YEAR = 2200;

function isStorableYear({ wallUs }: WallTime): boolean {
  return wallUs >= Date.UTC(FIRST_YEAR, 0) * 1000 && wallUs < Date.UTC(LAST_YEAR + 1, 0) * 1000;
}

/** FIRST_YEAR to LAST_YEAR. */
const STORABLE_YEAR = "(?:1[7-9][0-9]{2}|2[01][0-9]{2}|2200)";

const yearError = { error: `year must be between ${FIRST_YEAR} and ${LAST_YEAR}` };

/** A date-time that is stored as a capture time. */
export const storedTimeSchema = dateTimeSchema
  .refine(isStorableYear, yearError)
  .openapi({ pattern: dateTimePattern(STORABLE_YEAR) });

/** The year 0, and the first and last day of .NET's and Python's calendars, which clients send for an unknown date. */
const NO_DATE = /^\s*(?:0000-\d\d-\d\d|0001-01-01|9999-12-31)(?:[Tt ][\d:.,]{1,20}(?:Z|z|[+-][\d:]{2,5})?)?\s*$/;

const FILE_TIME_PATTERN = `^(?:(?:0000|${STORABLE_YEAR})-${MONTH_DAY}|0001-01-01|9999-12-31)(?:${TIME}${OFFSET}?)?$`;

/** A file's date-time; null for the placeholders that clients send for an unknown one. */
export const fileTimeSchema = z
  .string()
  .transform((text, context) => {
    if (NO_DATE.test(text)) return null;
    const time = storedTimeSchema.safeParse(text);
    if (time.success) return time.data;
    for (const { message } of time.error.issues) context.addIssue({ code: "custom", message });
    return z.NEVER;
  })
  .openapi({ type: "string", pattern: FILE_TIME_PATTERN, example: "2024-07-15T12:00:00-07:00" });

/** A decimal number in a query string. Rejects NaN, Infinity and the empty string. */
export const queryNumberSchema = z
  .string()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/, { error: "must be a number" })
  .transform(Number)
  .pipe(z.number());

function queryIntegerSchema(max: number) {
  return z
    .string()
    .regex(/^\d{1,6}$/, { error: "must be an integer" })
    .transform(Number)
    .pipe(z.int().min(1).max(max));
}

/** A page size. A value out of range is rejected with 422 instead of being clamped. */
export function limitSchema(fallback: number, max: number) {
  return queryIntegerSchema(max)
    .default(fallback)
    .openapi({ type: "integer", minimum: 1, maximum: max, default: fallback, description: "Items of a page" });
}

export const MAX_PAGE_NUMBER = 999_999;

/** The number of a page, from 1, for lists without a cursor. */
export const pageNumberSchema = queryIntegerSchema(MAX_PAGE_NUMBER).default(1).openapi({
  type: "integer",
  minimum: 1,
  maximum: MAX_PAGE_NUMBER,
  default: 1,
  description: "Number of the page, from 1",
});

export function optionalLimitSchema(max: number, description: string) {
  return queryIntegerSchema(max).optional().openapi({ type: "integer", minimum: 1, maximum: max, description });
}

/** The cursor of a page. */
export function startingAfterSchema(kind: IdKind) {
  return idSchema(kind).optional().openapi({ description: "The last id of the page before" });
}

/** The library of a request that needs one. */
export const libraryParameter = idSchema("library").optional().openapi({
  description:
    "The library, own or joined. Without it: the only live library that the caller owns, or the only one that a restricted key lists; required if there are several",
});

export const acknowledgementSchema = z.object({}).openapi("Acknowledgement");

const issueSchema = z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() });

export const errorSchema = z
  .object({
    detail: z
      .union([z.string(), z.array(issueSchema)])
      .openapi({ description: "Error message; for 422 a list of validation issues with their locations." }),
    message: z.string(),
    error: z.string().openapi({ example: "not_found" }),
  })
  .openapi("Error");

const errorDescriptions = {
  400: "Bad request: malformed JSON, an invalid cursor, or `library_id` missing while several libraries exist.",
  401: "The credential is missing, unknown, expired or revoked.",
  403: "The credential does not permit this action.",
  404: "The resource does not exist or belongs to another account.",
  409: "Conflict with a concurrent change or with the current state of the resource.",
  413: "The request body is too large.",
  415: "Unsupported Content-Type.",
  422: "Validation error; `detail` lists each invalid parameter and the reason.",
  429: "Too many requests; retry after `Retry-After` seconds.",
  502: "Object storage failed; retry after `Retry-After` seconds.",
  503: "Rendering or the database is unavailable; retry after `Retry-After` seconds.",
  507: "The storage limit is reached; retrying will not help.",
} as const;

export type ErrorStatus = keyof typeof errorDescriptions;

/** One documented error response. */
export function errorResponse(status: ErrorStatus) {
  return { description: errorDescriptions[status], content: { "application/json": { schema: errorSchema } } };
}

/** Documented error responses of a route: the common ones plus `statuses`. */
export function errorResponses(...statuses: ErrorStatus[]) {
  const all = new Set<ErrorStatus>([400, 401, 403, 422, 429, ...statuses]);
  return Object.fromEntries([...all].toSorted((a, b) => a - b).map((status) => [status, errorResponse(status)]));
}

export function jsonResponse<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

/** Accepted credentials: either scheme. Public routes use `[]` instead. */
export const credentialSecurity = [{ bearer: [] }, { apiKey: [] }];
