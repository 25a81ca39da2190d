/**
 * HTTP server with the part of OpenAI's chat completions that a describer uses, running in Node.
 * The requested model selects the behaviour, so tests need no setup.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Including `/v1`, without a trailing slash. */
    modelServerUrl: string;
  }
}

interface ChatRequest {
  model: string;
  max_tokens?: number;
  max_completion_tokens?: number;
  messages: { role: string; content: { type: string; text?: string; image_url?: { url: string } }[] }[];
}

type Behaviour = (chat: ChatRequest, request: IncomingMessage, response: ServerResponse) => void;

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function sendCompletion(response: ServerResponse, message: Record<string, unknown>, finish = "stop"): void {
  const choice = { index: 0, message: { role: "assistant", ...message }, finish_reason: finish };
  sendJson(response, 200, { id: "chatcmpl-1", object: "chat.completion", choices: [choice] });
}

function sendError(response: ServerResponse, status: number, message: string, code: string | null = null): void {
  sendJson(response, status, { error: { message, code, type: "invalid_request_error" } });
}

/** Summarizes the request as JSON for assertions. */
function summarize(chat: ChatRequest, request: IncomingMessage): string {
  const parts = chat.messages[0]?.content ?? [];
  const [, mimeType = "", base64 = ""] =
    /^data:([^;]+);base64,(.*)$/s.exec(parts.find((part) => part.image_url)?.image_url?.url ?? "") ?? [];
  return JSON.stringify({
    authorization: request.headers.authorization ?? null,
    prompt: parts.find((part) => part.type === "text")?.text ?? null,
    mimeType,
    imageBase64: base64.slice(0, 64),
    imageBytes: Buffer.from(base64, "base64").byteLength,
    maxTokens: chat.max_tokens ?? null,
    maxCompletionTokens: chat.max_completion_tokens ?? null,
  });
}

const behaviours: Record<string, Behaviour> = {
  caption: (_chat, _request, response) =>
    sendCompletion(response, { content: "A falcon on a post. Sharp and well lit." }),
  echo: (chat, request, response) => sendCompletion(response, { content: summarize(chat, request) }),
  parts: (_chat, _request, response) => sendCompletion(response, { content: [{ type: "text", text: "In parts." }] }),
  thinking: (_chat, _request, response) =>
    sendCompletion(response, { content: "<think>Hm.\nA bird?</think>\n\nA bird." }),
  "thinks-too-long": (_chat, _request, response) => sendCompletion(response, { content: "" }, "length"),
  empty: (_chat, _request, response) => sendCompletion(response, { content: "" }),
  sorry: (_chat, _request, response) => sendCompletion(response, { content: "I'm sorry, but I can't help with that." }),
  refusal: (_chat, _request, response) => sendCompletion(response, { content: null, refusal: "I won't." }),
  filtered: (_chat, _request, response) => sendCompletion(response, { content: "A" }, "content_filter"),
  "filtered-400": (_chat, _request, response) => sendError(response, 400, "stopped by policy", "content_filter"),
  "long-caption": (_chat, _request, response) => sendCompletion(response, { content: "word ".repeat(10_000) }),
  huge: (_chat, _request, response) => sendCompletion(response, { content: "x".repeat(3 * 1024 * 1024) }),
  malformed: (_chat, _request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end('{"choices": [{"mess');
  },
  "other-json": (_chat, _request, response) => sendJson(response, 200, { error: "Unexpected endpoint or method" }),
  "rate-limited": (_chat, _request, response) =>
    sendJson(response, 429, { error: { message: "slow down" } }, { "retry-after": "17" }),
  "server-error": (_chat, _request, response) => sendError(response, 500, "out of memory"),
  disconnect: (_chat, request) => {
    request.socket.destroy();
  },
  slow: () => {
    // Never responds.
  },
  "slow-body": (_chat, _request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"choices":');
  },
  "bad-image": (_chat, _request, response) => sendError(response, 400, "cannot identify image file"),
  "text-only": (_chat, _request, response) => sendError(response, 400, "this model does not support image input"),
  moved: (_chat, _request, response) => {
    response.writeHead(302, { location: "/v1/elsewhere" }).end();
  },
  "new-token-field": (chat, request, response) => {
    if (chat.max_tokens === undefined) return sendCompletion(response, { content: summarize(chat, request) });
    sendError(response, 400, "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.");
  },
};

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") {
    return sendError(response, 404, "404 page not found");
  }
  const chat = JSON.parse(body) as ChatRequest;
  if (chat.model === "locked" && request.headers.authorization !== "Bearer right-key") {
    return sendError(response, 401, `Incorrect API key provided: ${request.headers.authorization ?? ""}`);
  }
  const behaviour = behaviours[chat.model === "locked" ? "caption" : chat.model];
  if (behaviour === undefined) return sendError(response, 404, `model "${chat.model}" not found, try pulling it first`);
  behaviour(chat, request, response);
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  project.provide("modelServerUrl", `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
}
