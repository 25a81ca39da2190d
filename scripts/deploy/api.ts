/** Calls Cloudflare's REST API (https://developers.cloudflare.com/api/) for what wrangler has no machine-readable answer. */
import { z } from "zod";

const DEFAULT_BASE_URL = "https://api.cloudflare.com/client/v4";
const TIMEOUT_MS = 30_000;

const envelope = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).default([]),
  result: z.unknown(),
});

/** A refusal by the API. `code` is the code of its first error; 0 without one. */
export class CloudflareError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(`${message}${code === 0 ? "" : ` [code: ${code}]`}`);
    this.status = status;
    this.code = code;
  }

  /** The token is invalid or lacks a permission. */
  get isUnauthorized(): boolean {
    return this.status === 401 || this.status === 403 || this.code === 10_000;
  }
}

export interface ApiOptions {
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends one request to a path below the account and parses its `result`. */
export type AccountApi = <T>(method: string, path: string, schema: z.ZodType<T>, options?: ApiOptions) => Promise<T>;

async function request(token: string, method: string, url: string, { body, headers }: ApiOptions): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    throw new Error(`Cloudflare's API cannot be reached (${method} ${url})${cause}`, { cause: error });
  }
  const parsed = envelope.safeParse(await response.json().catch(() => null));
  if (!parsed.success)
    throw new CloudflareError(response.status, 0, `unexpected answer ${response.status} from ${url}`);
  const { success, errors, result } = parsed.data;
  const [first] = errors;
  if (!success) throw new CloudflareError(response.status, first?.code ?? 0, first?.message ?? "unknown error");
  return result;
}

export function baseUrl(): string {
  return process.env["CLOUDFLARE_API_BASE_URL"] ?? DEFAULT_BASE_URL;
}

/** Sends a request that belongs to no account. */
export async function callApi<T>(token: string, path: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(await request(token, "GET", `${baseUrl()}${path}`, {}));
}

export function accountApi(token: string, accountId: string): AccountApi {
  return async (method, path, schema, options = {}) =>
    schema.parse(await request(token, method, `${baseUrl()}/accounts/${accountId}${path}`, options));
}
