/**
 * A naive baseline: node:http, sharp and node:sqlite on one machine, without accounts, metadata, versions or events.
 * `node bench/baseline/server.ts PORT DIRECTORY ROWS` listens on the loopback interface. It makes a 360 px and a
 * 1,440 px image and a thumbhash of each upload, as many at once as there are processors.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import sharp from "sharp";
import { rgbaToThumbHash } from "thumbhash";

const [port = "0", directory = ".", rows = "0"] = process.argv.slice(2);
const THUMBNAIL_PX = 360;
const PREVIEW_PX = 1440;
const THUMBHASH_PX = 100;

mkdirSync(directory, { recursive: true });
const db = new DatabaseSync(join(directory, "photos.sqlite"));
db.exec(`PRAGMA journal_mode = WAL;
  CREATE TABLE photos (id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, mime_type TEXT, file_name TEXT, checksum TEXT,
    bytes INTEGER, width INTEGER, height INTEGER, thumbhash TEXT);
  CREATE INDEX photos_by_time ON photos (created_at)`);
db.prepare(
  `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
   INSERT INTO photos SELECT printf('%022d', i), i, 'image/jpeg', 'photo' || i || '.jpg', printf('%064d', i), 4000000,
     4000, 3000, 'YJqGPQw7sFlslqhFafSE+Q6oJ1h2iHB2Rw' FROM n`,
).run(Number(rows));
const insert = db.prepare("INSERT INTO photos (id, created_at, mime_type, checksum, bytes) VALUES (?, ?, ?, ?, ?)");
const selectOne = db.prepare("SELECT * FROM photos WHERE id = ?");
const selectPage = db.prepare("SELECT * FROM photos ORDER BY created_at DESC LIMIT ?");
const finish = db.prepare("UPDATE photos SET width = ?, height = ?, thumbhash = ? WHERE id = ?");

const filePath = (id: string, suffix: string): string => join(directory, `${id}.${suffix}`);

async function makeImages(id: string): Promise<void> {
  const preview = await sharp(filePath(id, "jpg"))
    .rotate()
    .resize(PREVIEW_PX, PREVIEW_PX, { fit: "inside", withoutEnlargement: true })
    .webp()
    .toBuffer({ resolveWithObject: true });
  const resized = (edgePx: number) => sharp(preview.data).resize(edgePx, edgePx, { fit: "inside" });
  const tiny = await resized(THUMBHASH_PX).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  await writeFile(filePath(id, "preview"), preview.data);
  await resized(THUMBNAIL_PX).webp().toFile(filePath(id, "thumbnail"));
  const hash = rgbaToThumbHash(tiny.info.width, tiny.info.height, tiny.data);
  finish.run(preview.info.width, preview.info.height, Buffer.from(hash).toString("base64"), id);
}

const waiting: string[] = [];
let running = 0;

function processNext(): void {
  const id = running < availableParallelism() ? waiting.shift() : undefined;
  if (id === undefined) return;
  running += 1;
  void makeImages(id)
    .catch((error: unknown) => console.error(id, error))
    .finally(() => {
      running -= 1;
      processNext();
    });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

/** Streams the body to a file while hashing it. */
async function upload(request: IncomingMessage, response: ServerResponse, withImages: boolean): Promise<void> {
  const id = randomUUID();
  const hash = createHash("sha256");
  let bytes = 0;
  const measured = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  const partial = filePath(id, "part");
  await pipeline(request, measured, createWriteStream(partial));
  await rename(partial, filePath(id, "jpg"));
  insert.run(id, Date.now(), "image/jpeg", hash.digest("hex"), bytes);
  if (withImages) waiting.push(id);
  processNext();
  sendJson(response, 201, { id });
}

async function sendFile(response: ServerResponse, path: string): Promise<void> {
  response.setHeader("Content-Type", "image/webp");
  await pipeline(createReadStream(path), response);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, route = "", id = "", file = ""] = (request.url ?? "/").split("/");
  const path = `${request.method} ${route}`;
  if (path === "POST photos") return await upload(request, response, id !== "untouched");
  if (path === "GET photos" && file !== "") return await sendFile(response, filePath(id, file));
  if (path === "GET photos") return sendJson(response, 200, selectOne.get(id) ?? null);
  if (path === "GET page") return sendJson(response, 200, { data: selectPage.all(Number(id)) });
  sendJson(response, 200, "ready");
}

createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
}).listen(Number(port), "127.0.0.1");
