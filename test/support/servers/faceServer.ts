/**
 * HTTP server with the face part of Immich's machine-learning API, running in Node. It refuses requests that the real
 * container would refuse. The requested model selects the behaviour.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Without a path. */
    faceServerUrl: string;
  }
}

const DIMENSIONS = 512;
const SIZE = { imageHeight: 300, imageWidth: 400 };

interface FaceRequest {
  bytes: number;
  type: string;
  minScore: unknown;
  apiKey: string | null;
}

type Behaviour = (face: FaceRequest, response: ServerResponse) => void;

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function embedding(dimensions: number, first = 3): number[] {
  return Array.from({ length: dimensions }, (_, i) => (i === 0 ? first : i === 1 ? 4 : 0));
}

function faceAt(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  vector: unknown = JSON.stringify(embedding(DIMENSIONS)),
) {
  return { boundingBox: { x1, y1, x2, y2 }, embedding: vector, score: 0.9 };
}

function sendFaces(response: ServerResponse, faces: unknown[]): void {
  sendJson(response, 200, { "facial-recognition": faces, ...SIZE });
}

const behaviours: Record<string, Behaviour> = {
  buffalo_l: (_face, response) => sendFaces(response, [faceAt(40, 30, 80, 90), faceAt(200, 150, 300, 300)]),
  /** Versions of the container before 1.118 sent a list. */
  older: (_face, response) => sendFaces(response, [faceAt(40, 30, 80, 90, embedding(DIMENSIONS))]),
  nobody: (_face, response) => sendFaces(response, []),
  /** Writes what it received into the score of faces. */
  locked: ({ apiKey }, response) =>
    apiKey === "right-key" ? sendFaces(response, []) : sendJson(response, 401, { detail: `wrong key ${apiKey}` }),
  requested: ({ bytes, type, minScore }, response) =>
    sendFaces(response, [{ ...faceAt(0, 0, bytes, type.length), score: minScore }]),
  outside: (_face, response) =>
    sendFaces(response, [
      faceAt(-20, -10, 40, 60),
      faceAt(380, 290, 450, 350),
      faceAt(500, 10, 600, 40),
      faceAt(50, 50, 50, 80),
      faceAt(90, 90, 60, 60),
    ]),
  "wrong-dimension": (_face, response) => sendFaces(response, [faceAt(1, 1, 9, 9, JSON.stringify(embedding(128)))]),
  zeros: (_face, response) =>
    sendFaces(response, [
      faceAt(
        1,
        1,
        9,
        9,
        Array.from({ length: DIMENSIONS }, () => 0),
      ),
    ]),
  infinite: (_face, response) => {
    const text = JSON.stringify({ "facial-recognition": [faceAt(1, 1, 9, 9)], ...SIZE });
    response.writeHead(200).end(text.replace('"x1":1', '"x1":1e999'));
  },
  texts: (_face, response) => sendFaces(response, [faceAt(1, 1, 9, 9, '["a"]')]),
  "no-size": (_face, response) => sendJson(response, 200, { "facial-recognition": [], imageHeight: 0, imageWidth: 0 }),
  "other-json": (_face, response) => sendJson(response, 200, { clip: "[]" }),
  malformed: (_face, response) => void response.writeHead(200).end('{"facial-recog'),
  huge: (_face, response) => sendJson(response, 200, { padding: "x".repeat(5 * 1024 * 1024) }),
  "server-error": (_face, response) => sendJson(response, 500, { detail: "Failed to load model" }),
  unprocessable: (_face, response) => sendJson(response, 422, { detail: "Invalid request format." }),
  "rate-limited": (_face, response) => sendJson(response, 429, {}, { "retry-after": "17" }),
  redirect: (_face, response) => void response.writeHead(307, { location: "http://127.0.0.1:9/predict" }).end(),
  disconnect: (_face, response) => void response.destroy(),
  slow: () => {
    // Never responds.
  },
  trickle: (_face, response) => {
    // Never ends.
    response.writeHead(200).write("{");
  },
};

async function readForm(request: IncomingMessage): Promise<FormData> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  const headers = { "content-type": request.headers["content-type"] ?? "" };
  return await new Response(new Uint8Array(Buffer.concat(chunks)), { headers }).formData();
}

interface Entries {
  "facial-recognition": {
    detection: { modelName: string; options?: { minScore?: number } };
    recognition: { modelName: string };
  };
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "POST" || request.url !== "/predict") return sendJson(response, 404, { detail: "Not Found" });
  const form = await readForm(request);
  const [entries, image] = [form.get("entries"), form.get("image")];
  if (!(image instanceof Blob)) return sendJson(response, 400, { detail: "Either image or text must be provided" });
  if (typeof entries !== "string") return sendJson(response, 422, { detail: "Invalid request format." });
  const { detection, recognition } = (JSON.parse(entries) as Entries)["facial-recognition"];
  if (detection.modelName !== recognition.modelName) return sendJson(response, 422, { detail: "two models" });
  const apiKey = request.headers["x-api-key"];
  behaviours[detection.modelName]?.(
    {
      bytes: image.size,
      type: image.type,
      minScore: detection.options?.minScore,
      apiKey: typeof apiKey === "string" ? apiKey : null,
    },
    response,
  );
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => sendJson(response, 422, { detail: "Invalid request format." }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  project.provide("faceServerUrl", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
}
