/**
 * HTTP server with the part of OpenAI's embeddings and of Immich's machine learning API that an embedder uses, running
 * in Node. The requested model selects the behaviour. Similar texts get similar vectors: each word turns a vector.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Without a path. */
    embedderServerUrl: string;
  }
}

const DIMENSIONS = 64;

/** Adds up a vector of each word, which its hash decides. */
function vectorOf(text: string): number[] {
  const sum = Array.from({ length: DIMENSIONS }, () => 0);
  for (const word of text.toLowerCase().match(/\p{L}+|\p{N}+/gu) ?? []) {
    const hash = createHash("sha512").update(word).digest();
    for (let i = 0; i < DIMENSIONS; i++) sum[i] = (sum[i] ?? 0) + ((hash[i] ?? 0) - 127.5);
  }
  return sum;
}

type Send = (vector: unknown) => void;
type Behaviour = (text: string, request: IncomingMessage, response: ServerResponse, send: Send) => void;

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

const behaviours: Record<string, Behaviour> = {
  words: (text, _request, _response, send) => send(vectorOf(text)),
  /** The same answer as `words`, under another name. */
  "words-2": (text, _request, _response, send) => send(vectorOf(text)),
  "prompted-embeddinggemma": (text, _request, _response, send) => send(vectorOf(text)),
  short: (_text, _request, _response, send) => send([1, 2, 3]),
  long: (_text, _request, _response, send) => send(Array.from({ length: 5000 }, () => 1)),
  zero: (_text, _request, _response, send) => send(Array.from({ length: DIMENSIONS }, () => 0)),
  infinite: (_text, _request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`{"data": [{"embedding": [${"1e999,".repeat(DIMENSIONS - 1)}1]}]}`);
  },
  "not-a-number": (_text, _request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`{"data": [{"embedding": [${"NaN,".repeat(DIMENSIONS - 1)}1]}]}`);
  },
  texts: (_text, _request, _response, send) => send(Array.from({ length: DIMENSIONS }, () => "1")),
  nothing: (_text, _request, response) => sendJson(response, 200, { data: [] }),
  huge: (_text, _request, response) => sendJson(response, 200, { data: "x".repeat(5 * 1024 * 1024) }),
  malformed: (_text, _request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end('{"data": [{"emb');
  },
  "rate-limited": (_text, _request, response) =>
    sendJson(response, 429, { error: { message: "slow down" } }, { "retry-after": "17" }),
  "server-error": (_text, _request, response) => sendJson(response, 503, { error: { message: "loading" } }),
  disconnect: (_text, request) => {
    request.socket.destroy();
  },
  slow: () => {
    // Never responds.
  },
  locked: (text, request, response, send) => {
    if (request.headers.authorization === "Bearer right-key") return send(vectorOf(text));
    sendJson(response, 401, { error: { message: `wrong key ${request.headers.authorization ?? ""}` } });
  },
  moved: (_text, _request, response) => {
    response.writeHead(302, { location: "/v1/elsewhere" }).end();
  },
};

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answer(model: string, text: string, request: IncomingMessage, response: ServerResponse, send: Send): void {
  const behaviour = behaviours[model];
  if (behaviour === undefined) return sendJson(response, 404, { error: { message: `model "${model}" not found` } });
  behaviour(text, request, response, send);
}

/** An image's "text" is its average colour, by which tests name it. */
async function handlePredict(body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = await new Response(body, {
    headers: { "content-type": request.headers["content-type"] ?? "" },
  }).formData();
  const textOf = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  const entries = JSON.parse(textOf("entries")) as {
    clip: { visual?: { modelName: string }; textual?: { modelName: string } };
  };
  const image = form.get("image");
  const model = (entries.clip.visual ?? entries.clip.textual)?.modelName ?? "";
  const text = image instanceof Blob ? await nameOfImage(image) : textOf("text");
  answer(model, text, request, response, (vector) =>
    // The newer servers send a text for images, the older ones a list.
    sendJson(response, 200, { clip: image instanceof Blob ? JSON.stringify(vector) : vector, imageHeight: 1 }),
  );
}

async function nameOfImage(image: Blob): Promise<string> {
  const { default: sharp } = await import("sharp");
  const { channels } = await sharp(await image.arrayBuffer()).stats();
  const [red = 0, green = 0, blue = 0] = channels.map(({ mean }) => mean);
  if (Math.max(red, green, blue) < 60) return "black";
  return red >= green && red >= blue ? "red" : green >= blue ? "green" : "blue";
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (request.method === "POST" && request.url === "/predict") return await handlePredict(body, request, response);
  if (request.method !== "POST" || request.url !== "/v1/embeddings") {
    return sendJson(response, 404, { error: { message: "404 page not found" } });
  }
  const { model, input } = JSON.parse(body.toString()) as { model: string; input: string };
  answer(model, input, request, response, (vector) =>
    sendJson(response, 200, { object: "list", data: [{ object: "embedding", index: 0, embedding: vector }] }),
  );
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  project.provide("embedderServerUrl", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
}
