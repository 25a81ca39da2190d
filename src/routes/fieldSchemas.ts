/** Pieces that many routes share: ids, lists in queries, dates, errors. Schemas only. */
import { z } from "@hono/zod-openapi";
import { idPrefixes, isId, type IdKind } from "../kernel/ids.ts";
import { parseDateTime } from "../kernel/time.ts";

export function idSchema(kind: IdKind) {
  return z
    .string()
    .refine((text) => isId(kind, text), {
      error: `must be ${idPrefixes[kind]} and 22 letters of the shortuuid alphabet`,
    })
    .openapi({ example: `${idPrefixes[kind]}BM3nUmJ6fkBqBADyz5FEiu` });
}

/** Repeated keys, one comma-joined value, and mixtures of both, all mean one list. */
export function listOf<T extends z.ZodType<unknown, string>>(item: T, max: number) {
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
    .openapi({ type: "array", items: { type: "string" }, maxItems: max });
}

/** ISO 8601, naive or with an offset. */
export const dateTimeSchema = z
  .string()
  .transform((text, context) => {
    const time = parseDateTime(text);
    if (time !== null) return time;
    context.addIssue({ code: "custom", message: "must be an ISO 8601 date-time, such as 2024-07-15T12:00:00-07:00" });
    return z.NEVER;
  })
  .openapi({ type: "string", example: "2024-07-15T12:00:00-07:00" });

/** A number as a query writes it. NaN, Infinity and the empty string are none. */
export const queryNumber = z
  .string()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/, { error: "must be a number" })
  .transform(Number)
  .pipe(z.number());

function wholeNumber(max: number) {
  return z
    .string()
    .regex(/^\d{1,6}$/, { error: "must be a whole number" })
    .transform(Number)
    .pipe(z.int().min(1).max(max));
}

/** A page size: out of range is a 422, never clamped. */
export function limitSchema(fallback: number, max: number) {
  return wholeNumber(max).default(fallback).openapi({ type: "integer", minimum: 1, maximum: max, default: fallback });
}

export function optionalLimit(max: number) {
  return wholeNumber(max).optional().openapi({ type: "integer", minimum: 1, maximum: max });
}

export const ackSchema = z.object({}).openapi("Acknowledgement");

const issueSchema = z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() });

export const errorSchema = z
  .object({
    detail: z
      .union([z.string(), z.array(issueSchema)])
      .openapi({ description: "Text; for 422 the list of what is wrong where." }),
    message: z.string(),
    error: z.string().openapi({ example: "not_found" }),
  })
  .openapi("Error");

const descriptions = {
  400: "The request cannot be served as it stands: malformed JSON, a bad cursor, or a library that must be named.",
  401: "No credential, or one that is unknown, expired or revoked.",
  403: "The credential does not allow this.",
  404: "Not there, or not the caller's.",
  409: "Something else changed it first.",
  413: "The body is too large.",
  415: "The body is of another type than this route takes.",
  422: "A parameter is invalid; `detail` says which and why.",
  429: "Too many requests; go on after `Retry-After` seconds.",
  502: "The object store failed; try again after `Retry-After` seconds.",
  507: "A storage limit is reached; trying again will not help.",
} as const;

export type ErrorStatus = keyof typeof descriptions;

function errorResponse(status: ErrorStatus) {
  return { description: descriptions[status], content: { "application/json": { schema: errorSchema } } };
}

/** The documented failures of a route, besides those that nearly all share. */
export function failures(...statuses: ErrorStatus[]) {
  const all = new Set<ErrorStatus>([400, 401, 403, 422, 429, ...statuses]);
  return Object.fromEntries([...all].toSorted((a, b) => a - b).map((status) => [status, errorResponse(status)]));
}

export function ok<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

/** The credentials a route takes; `[]` says none. */
export const security = [{ bearer: [] }, { apiKey: [] }];
