/**
 * An imitation of the parts of Cloudflare's REST API that `npm run deploy` and wrangler use, written from
 * https://developers.cloudflare.com/api/ and from the requests of wrangler 4.155. State is kept in an `Account`;
 * D1 databases are SQLite databases, so migrations really run.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Account } from "./account.ts";
import { databaseRoutes } from "./databaseRoutes.ts";
import { resourceRoutes } from "./resourceRoutes.ts";
import { ApiFailure, PlainAnswer, type ApiRequest, type ApiRoute } from "./routes.ts";
import { workerRoutes } from "./workerRoutes.ts";

export interface CloudflareApi {
  /** The value of CLOUDFLARE_API_BASE_URL. */
  baseUrl: string;
  close(): Promise<void>;
}

const PREFIX = "/client/v4";
const routes: ApiRoute[] = [...databaseRoutes, ...resourceRoutes, ...workerRoutes];

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** The account's faults come first, then the routes. */
async function answer(account: Account, request: ApiRequest): Promise<unknown> {
  const fault = account.faults.find(
    ({ method, path, times }) => times > 0 && method === request.method && path.test(request.path),
  );
  if (fault !== undefined) {
    fault.times--;
    throw new ApiFailure(fault.status, fault.code, fault.message);
  }
  for (const route of routes) {
    const match = request.method === route.method ? route.path.exec(request.path) : null;
    if (match !== null) return await route.answer(account, request, match.slice(1));
  }
  account.unknown.push(`${request.method} ${request.path}`);
  throw new ApiFailure(404, 7003, `Could not route to ${request.path}, perhaps your object identifier is invalid?`);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function handle(account: Account, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(message.url ?? "/", `http://${message.headers.host ?? "localhost"}`);
  const path = url.pathname.replace(PREFIX, "").replace(`/accounts/${account.id}`, "") || "/";
  const body = await readBody(message);
  const request = { method: message.method ?? "GET", path, query: url.searchParams, headers: message.headers, body };
  account.requests.push(`${request.method} ${path}`);
  try {
    const result = await answer(account, { ...request, origin: url.origin });
    if (result instanceof PlainAnswer) {
      response.writeHead(200, result.headers).end();
      return;
    }
    send(response, 200, { success: true, errors: [], messages: [], result, result_info: { page: 1, total_pages: 1 } });
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const { status, code, message: text } = error;
    send(response, status, { success: false, errors: [{ code, message: text }], messages: [], result: null });
  }
}

/** Starts the imitation on `port`, or on a free one. */
export async function startCloudflareApi(account: Account, port = 0): Promise<CloudflareApi> {
  const server = createServer((message, response) => {
    handle(account, message, response).catch((error: unknown) => {
      send(response, 500, {
        success: false,
        errors: [{ code: 1, message: String(error) }],
        messages: [],
        result: null,
      });
    });
  });
  await new Promise<void>((settle) => server.listen(port, "127.0.0.1", settle));
  const address = server.address();
  const actualPort = typeof address === "object" && address !== null ? address.port : port;
  return {
    baseUrl: `http://127.0.0.1:${actualPort}${PREFIX}`,
    close: () =>
      new Promise((settle) => {
        server.closeAllConnections();
        server.close(() => settle());
      }),
  };
}
