/** The requests whose CPU time is measured, and the library that they read. */
import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Worker } from "./bundle.ts";
import { D1, executionContext, migratedDatabase, workerBindings } from "./bindings.ts";
import { cpuMs } from "./clock.ts";

const ORIGIN = "https://bench.example";
const PHOTO = "samples/thompson-springs.jpg";
const LIBRARY_ASSETS = 1200;
const UPLOAD_BYTES = 4 * 1000 * 1000;
/** The average of the reads of a request body in workerd. */
const READ_BYTES = 41 * 1024;
/** As long as the boundaries of Python clients; those of browsers are 38, of curl 46 characters long. */
const BOUNDARY = "b2f1c7a95e0d4836b2f1c7a95e0d4836";

export const scenarios = {
  asset: { title: "one asset", path: "/api/assets/{id}" },
  list20: { title: "list of 20, lean", path: "/api/assets?include=&limit=20" },
  list100: { title: "list of 100, lean", path: "/api/assets?include=&limit=100" },
  groups100: { title: "list of 100, all groups", path: "/api/assets?limit=100" },
  groups1000: { title: "list of 1,000, all groups", path: "/api/assets?limit=1000" },
  thumbnail: { title: "warm thumbnail", path: "/api/assets/{id}" },
  upload: { title: "upload of 4 MB", path: "/api/assets" },
} as const;

export type ScenarioName = keyof typeof scenarios;

export interface Library {
  /** The SQLite file. */
  path: string;
  /** The asset that is read. */
  assetId: string;
}

export interface Bench {
  /** CPU milliseconds of one request. */
  measure(name: ScenarioName): Promise<number>;
}

function formBytes(file: Uint8Array): Uint8Array {
  const fields = {
    device_asset_id: "IMG_0001.JPG-75033",
    device_id: "bench",
    file_created_at: "2024-05-06T07:08:09Z",
    file_modified_at: "2024-05-06T07:08:10Z",
  };
  const head = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  head.push(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="asset_data"; filename="IMG_0001.JPG"\r\nContent-Type: image/jpeg\r\n\r\n`,
  );
  return Buffer.concat([Buffer.from(head.join("")), file, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}

/** A photo with random bytes after its end, so that no upload is a duplicate. */
function photoOf(bytes: number): Uint8Array {
  const file = new Uint8Array(Math.max(bytes, readFileSync(PHOTO).byteLength));
  file.set(readFileSync(PHOTO));
  randomFillSync(file, readFileSync(PHOTO).byteLength);
  return file;
}

/** A request body in reads of `READ_BYTES`, as workerd gives them to a BYOB reader. */
function bodyOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const view = controller.byobRequest?.view;
      const count = Math.min(READ_BYTES, bytes.byteLength - offset, view?.byteLength ?? READ_BYTES);
      if (count === 0) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else if (view == null) controller.enqueue(bytes.slice(offset, offset + count));
      else {
        new Uint8Array(view.buffer, view.byteOffset).set(bytes.subarray(offset, offset + count));
        controller.byobRequest?.respond(count);
      }
      offset += count;
    },
  });
}

/** Copies one asset with other ids and capture times. Columns that the schema generates are left out. */
function copyAsset(database: DatabaseSync, id: string): void {
  const columns = database
    .prepare("SELECT name FROM pragma_table_xinfo('assets') WHERE hidden = 0")
    .all()
    .map(({ name }) => String(name));
  const changed: Record<string, string> = {
    id: "substr(id, 1, 19) || replace(replace(printf('%09d', i), '0', 'z'), '1', 'y')",
    checksum: "substr(printf('%09d', i) || checksum, 1, 44)",
    local_us: "local_us - i * 3600000000",
  };
  const values = columns.map((column) => changed[column] ?? column).join(", ");
  database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LIBRARY_ASSETS})
    INSERT INTO assets (${columns.join(", ")}) SELECT ${values} FROM n CROSS JOIN assets WHERE id = '${id}'`);
}

/** What the tasks of a photo store. */
function completeAsset(database: DatabaseSync, id: string): void {
  const place = { city: "Thompson Springs", state: "Utah", country: "United States", countryCode: "US" };
  const metrics = { brightness: 0.42, contrast: 0.21, sharpness: 0.68, noise: 0.03, colourfulness: 0.31 };
  database
    .prepare(
      `UPDATE assets SET thumbhash = 'mAgGDYL4iXiPd4eAh3h4eHiPd4eAh3h4eA==', metrics = ?, description = 'A dry valley below cliffs',
        derived_metadata = json_patch(derived_metadata, ?) WHERE id = ?`,
    )
    .run(JSON.stringify(metrics), JSON.stringify(place), id);
}

class Service {
  readonly #worker: Worker;
  readonly #bindings: Record<string, unknown>;

  constructor(worker: Worker, database: DatabaseSync) {
    this.#worker = worker;
    this.#bindings = workerBindings(database);
  }

  request(path: string): Request {
    const headers = {
      authorization: `Bearer ${String(this.#bindings["ROOT_API_KEY"])}`,
      "cf-connecting-ip": "192.0.2.1",
    };
    return new Request(`${ORIGIN}${path}`, { headers });
  }

  upload(path: string, bytes: number): Request {
    const form = formBytes(photoOf(bytes));
    const { headers } = this.request(path);
    headers.set("content-type", `multipart/form-data; boundary=${BOUNDARY}`);
    headers.set("content-length", String(form.byteLength));
    const init = { method: "POST", headers, body: bodyOf(form), duplex: "half" } as const;
    return new Request(`${ORIGIN}${path}`, init);
  }

  /** Measures a request, but neither its creation nor the reading of its response. */
  async send(request: Request): Promise<{ text: string; ms: number }> {
    const { context, settled } = executionContext();
    const { log } = console;
    console.log = () => undefined;
    let response: Response | undefined;
    const ms = await cpuMs(async () => {
      response = await this.#worker.fetch(request, this.#bindings, context);
    });
    console.log = log;
    const text = (await response?.text()) ?? "";
    await settled();
    if (response?.ok !== true) throw new Error(`${request.method} ${request.url}: ${response?.status} ${text}`);
    return { text, ms };
  }
}

/** Fills a file with a library of `LIBRARY_ASSETS` photos, so that another process finds it without a request. */
export async function createLibrary(worker: Worker, path: string): Promise<Library> {
  const database = migratedDatabase();
  const service = new Service(worker, database);
  const { text } = await service.send(service.upload("/api/assets", 0));
  const { id }: { id: string } = JSON.parse(text);
  completeAsset(database, id);
  copyAsset(database, id);
  database.prepare("VACUUM INTO ?").run(path);
  return { path, assetId: id };
}

/** Compiles what workerd has built in: Node loads requests, responses and streams when they are first used. */
async function warmUpPlatform(service: Service, database: DatabaseSync): Promise<void> {
  const d1 = new D1(database);
  for (let i = 0; i < 5; i++) {
    const request = service.upload("/", i * 100_000);
    const reader = request.body?.getReader({ mode: "byob" });
    while ((await reader?.read(new Uint8Array(READ_BYTES)))?.done === false);
    reader?.releaseLock();
    const response = new Response("{}", { status: 200, headers: { "content-type": "application/json" } });
    response.headers.set("x-test", String([...new Headers(response.headers)].length));
    await new Response(response.body, response).text();
    new URL(request.url).searchParams.getAll("x");
    new TextEncoder().encode(new TextDecoder().decode(new Uint8Array(8)));
    await d1.batch([d1.prepare("SELECT ? AS value").bind(i)]);
    await crypto.subtle.digest("SHA-256", new Uint8Array(8));
    crypto.getRandomValues(new Uint8Array(8)).toBase64();
  }
}

/** The path of a thumbnail's signed URL. */
async function readThumbnailPath(service: Service, assetPath: string): Promise<string> {
  const { text } = await service.send(service.request(assetPath));
  const asset: { asset_urls: { thumbnail: { url: string } } } = JSON.parse(text);
  return asset.asset_urls.thumbnail.url.slice(ORIGIN.length);
}

/** Opens the library of `createLibrary` for requests. */
export async function openBench(worker: Worker, { path, assetId }: Library): Promise<Bench> {
  const database = new DatabaseSync(path);
  const service = new Service(worker, database);
  await warmUpPlatform(service, database);
  let thumbnailPath: string | null = null;
  const pathOf = async (name: ScenarioName): Promise<string> => {
    const route = scenarios[name].path.replace("{id}", assetId);
    if (name !== "thumbnail") return route;
    return (thumbnailPath ??= await readThumbnailPath(service, route));
  };
  return {
    measure: async (name) => {
      const route = await pathOf(name);
      return (await service.send(name === "upload" ? service.upload(route, UPLOAD_BYTES) : service.request(route))).ms;
    },
  };
}
