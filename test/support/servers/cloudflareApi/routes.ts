/** The shape of an imitated endpoint. */
import type { IncomingHttpHeaders } from "node:http";
import type { Account } from "./account.ts";

export interface ApiRequest {
  method: string;
  /** Without the prefix of the API and of the account. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  origin: string;
}

export interface ApiRoute {
  method: string;
  path: RegExp;
  /** Returns the `result` of the answer; `params` are the groups of `path`. */
  answer: (account: Account, request: ApiRequest, params: string[]) => unknown;
}

/** An answer with `success: false`. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function route(method: string, path: RegExp, answer: ApiRoute["answer"]): ApiRoute {
  return { method, path, answer };
}

export function jsonOf(request: ApiRequest): Record<string, unknown> {
  return request.body.length === 0 ? {} : (JSON.parse(request.body.toString()) as Record<string, unknown>);
}

/** An answer outside of the API's envelope: R2's to the upload of an import. */
export class PlainAnswer {
  readonly headers: Record<string, string>;

  constructor(headers: Record<string, string>) {
    this.headers = headers;
  }
}
