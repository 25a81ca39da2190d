/**
 * The platform's own floor: the bare D1 and R2 operations behind a read, a page, a thumbnail and an upload, without
 * credentials, validation, metadata or signatures. No photo service on this platform can be cheaper.
 */

interface Env {
  DB: D1Database;
  BUCKET: R2Bucket;
}

/** The columns that a lean asset of Tintype is serialized from. */
const SCHEMA = `CREATE TABLE photos (id TEXT PRIMARY KEY, sort_key INTEGER NOT NULL, library_id TEXT NOT NULL,
  mime_type TEXT, file_name TEXT, local_time TEXT, created_at INTEGER, updated_at INTEGER, trashed_at INTEGER, kind TEXT,
  version_id TEXT, stack_id TEXT, width INTEGER, height INTEGER, duration REAL, description TEXT, thumbhash TEXT,
  checksum TEXT)`;

const SEED = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
  INSERT INTO photos SELECT 'photo_' || printf('%022d', i), i, 'library_0000000000000000000000', 'image/jpeg',
    'photo' || i || '.jpg', '2024-05-06T07:08:09.123456+02:00', 1700000000000 + i, 1700000000000 + i, NULL, 'image',
    'version_' || printf('%022d', i), NULL, 4000, 3000, NULL, NULL, 'YJqGPQw7sFlslqhFafSE+Q6oJ1h2iHB2Rw', printf('%064d', i)
  FROM n`;

const PAGE = "SELECT * FROM photos WHERE library_id = ? ORDER BY sort_key DESC LIMIT 100";

async function seed(env: Env, rows: number): Promise<Response> {
  await env.DB.batch([
    env.DB.prepare("DROP TABLE IF EXISTS photos"),
    env.DB.prepare(SCHEMA),
    env.DB.prepare("CREATE INDEX photos_by_time ON photos (library_id, sort_key)"),
    env.DB.prepare(SEED).bind(rows),
  ]);
  return Response.json({ rows });
}

async function digestBase64(stream: ReadableStream<Uint8Array>): Promise<string> {
  const digest = new crypto.DigestStream("SHA-256");
  await stream.pipeTo(digest);
  return new Uint8Array(await digest.digest).toBase64();
}

/** Stores the body while hashing it, then inserts a row. */
async function upload(request: Request, env: Env): Promise<Response> {
  if (request.body === null) return new Response(null, { status: 400 });
  const id = crypto.randomUUID();
  const [stored, hashed] = request.body.tee();
  const length = Number(request.headers.get("content-length"));
  const [checksum] = await Promise.all([
    digestBase64(hashed),
    env.BUCKET.put(id, stored.pipeThrough(new FixedLengthStream(length))),
  ]);
  await env.DB.prepare("INSERT INTO photos (id, sort_key, library_id, checksum) VALUES (?, ?, 'uploads', ?)")
    .bind(id, Date.now(), checksum)
    .run();
  return Response.json({ id, checksum }, { status: 201 });
}

async function getObject(env: Env, key: string): Promise<Response> {
  const object = await env.BUCKET.get(key);
  if (object === null) return new Response(null, { status: 404 });
  return new Response(object.body, { headers: { "Content-Type": "image/webp", ETag: object.httpEtag } });
}

/** Reads a row beside the object, as a service does whose URLs end when a photo is deleted. */
async function getCheckedObject(env: Env, key: string): Promise<Response> {
  const id = `photo_${"0".repeat(22)}`;
  const [row, response] = await Promise.all([
    env.DB.prepare("SELECT id FROM photos WHERE id = ?").bind(id).first(),
    getObject(env, key),
  ]);
  return row === null ? new Response(null, { status: 404 }) : response;
}

async function putObject(request: Request, env: Env, key: string): Promise<Response> {
  await env.BUCKET.put(key, request.body);
  return new Response(null, { status: 201 });
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const [, route = "", key = ""] = url.pathname.split("/");
    switch (`${request.method} ${route}`) {
      case "GET photo":
        return Response.json(await env.DB.prepare("SELECT * FROM photos WHERE id = ?").bind(key).first());
      case "GET page":
        return Response.json({
          data: (await env.DB.prepare(PAGE).bind("library_0000000000000000000000").all()).results,
        });
      case "GET object":
        return await getObject(env, key);
      case "GET checked":
        return await getCheckedObject(env, key);
      case "PUT object":
        return await putObject(request, env, key);
      case "POST upload":
        return await upload(request, env);
      case "POST seed":
        return await seed(env, Number(key));
      case "GET ":
        return new Response("ready");
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<Env>;
