/**
 * HTTP server with Nominatim's /reverse and its variations, running in Node.
 * The first path segment selects the behaviour, so tests need no setup.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The URL to which `/{behaviour}` is appended. */
    placeServerUrl: string;
  }
}

type Behaviour = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

const tower = {
  place_id: 1,
  licence: "Data © OpenStreetMap contributors, ODbL 1.0",
  category: "tourism",
  type: "attraction",
  name: "Eiffel Tower",
  display_name: "Eiffel Tower, 5, Avenue Anatole France, Paris",
  address: {
    tourism: "Eiffel Tower",
    road: "Avenue Anatole France",
    suburb: "7th Arrondissement",
    city: "Paris (as the server has it)",
    state: "Ile-de-France (as the server has it)",
    country: "Frankreich",
    country_code: "fr",
  },
};

const behaviours: Record<string, Behaviour> = {
  tower: (_request, response) => sendJson(response, 200, tower),
  /** Returns the request as JSON in the name fields. */
  echo: (request, response, url) => {
    const received = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      userAgent: request.headers["user-agent"] ?? null,
      authorization: request.headers.authorization ?? null,
    };
    // Split because names are truncated to 200 characters.
    const text = JSON.stringify(received);
    sendJson(response, 200, {
      category: "tourism",
      name: text.slice(0, 200),
      address: { suburb: text.slice(200, 400), municipality: text.slice(400, 600), state: text.slice(600) },
    });
  },
  street: (_request, response) =>
    sendJson(response, 200, {
      category: "highway",
      type: "residential",
      name: "Main Street",
      address: { road: "Main Street", neighbourhood: "Hill" },
    }),
  square: (_request, response) =>
    sendJson(response, 200, {
      category: "place",
      type: "square",
      name: "Trafalgar Square",
      address: { borough: "Westminster" },
    }),
  "older-format": (_request, response) =>
    sendJson(response, 200, {
      class: "historic",
      type: "castle",
      display_name: "x",
      address: { historic: "Castle", village: "Hamlet" },
    }),
  wilderness: (_request, response) =>
    sendJson(response, 200, {
      category: "natural",
      type: "peak",
      name: "Pico",
      address: { natural: "Pico", municipality: "Sermersooq", state: "Ice", suburb: "" },
    }),
  "invalid-names": (_request, response) =>
    sendJson(response, 200, {
      category: "tourism",
      name: "x".repeat(5000),
      address: { suburb: 7, city: null, state: ["x"] },
    }),
  "not-found": (_request, response) => sendJson(response, 200, { error: "Unable to geocode" }),
  "not-found-404": (_request, response) => sendJson(response, 404, { error: "Unable to geocode" }),
  "rate-limited": (_request, response) => sendJson(response, 429, { error: "slow down" }, { "retry-after": "17" }),
  "rate-limited-no-seconds": (_request, response) => sendJson(response, 429, "x", { "retry-after": "soon" }),
  "rate-limited-long": (_request, response) => sendJson(response, 429, {}, { "retry-after": "999999" }),
  "server-error": (_request, response) => sendJson(response, 503, { error: "no database" }),
  disconnect: (request) => {
    request.socket.destroy();
  },
  slow: () => {
    // Never responds.
  },
  "slow-body": (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"name":');
  },
  blocked: (_request, response) => {
    response.writeHead(403, { "content-type": "text/html" }).end("<h1>Access blocked</h1>");
  },
  locked: (request, response, url) => {
    const key = url.searchParams.get("key") ?? "";
    if (key === "right-key" && request.headers.authorization === "Bearer right-key")
      return sendJson(response, 200, tower);
    sendJson(response, 401, { error: `Invalid key: ${key}` });
  },
  "bad-request": (_request, response) =>
    sendJson(response, 400, { error: { code: 400, message: "Parameter 'lat'\nmust be a number" } }),
  moved: (_request, response) => {
    response.writeHead(302, { location: "/tower/reverse" }).end();
  },
  html: (_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>a web site</html>");
  },
  "other-json": (_request, response) => sendJson(response, 200, { hello: "world" }),
  "null-json": (_request, response) => sendJson(response, 200, null),
  huge: (_request, response) => sendJson(response, 200, { ...tower, extra: "x".repeat(1024 * 1024) }),
};

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, name = "", rest] = url.pathname.split("/");
    const behaviour = rest === "reverse" ? behaviours[name] : undefined;
    if (behaviour === undefined) sendJson(response, 404, { error: "404 page not found" });
    else behaviour(request, response, url);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  project.provide("placeServerUrl", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
}
