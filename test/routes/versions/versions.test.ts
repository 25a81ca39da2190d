import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { workOn } from "../../../src/operations/tasks/taskRunner.ts";
import { openDatabase } from "../../../src/records/database.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, watchedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { field, MULTIPART, bodyOf } from "../../support/clients/multipart.ts";
import { keptQueue } from "../../support/bindings/queue.ts";
import { recount } from "../../support/rows/recount.ts";
import { insertAssets, insertKey, insertTenant, readEvents, rootOwner } from "../../support/clients/tenants.ts";
import { quietUpload } from "../../support/clients/uploads.ts";
import {
  append,
  bytesAt,
  cornersOf,
  edited,
  list,
  notes,
  objectsOf,
  photo,
  plainPng,
  post,
  read,
  remove,
  replace,
  revert,
  sha256,
  urlOf,
  versionForm,
  versionOf,
} from "../../support/clients/versions.ts";

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await rootOwner();
});

/** All tasks of the asset, as a consumer does them. */
async function work(assetId: string): Promise<void> {
  const db = openDatabase(env.DB, "primary");
  await workOn({ db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs: Date.now() }, assetId);
}

async function openTasks(assetId: string): Promise<unknown[]> {
  const rows = await sqlAll(
    "SELECT task_type FROM tasks WHERE asset_id = ? AND status = 'pending' ORDER BY task_type",
    assetId,
  );
  return rows.map((row) => row["task_type"]);
}

/** The events of one asset behind `seq`. */
async function eventsOf(assetId: string, seq: number): Promise<unknown[]> {
  const { events } = await readEvents(seq);
  return events
    .filter((event) => event.entity_id === assetId)
    .map(({ event_type, payload }) => ({ event_type, payload }));
}

const updated = { event_type: "asset_updated", payload: { stack_id: null } };

describe("the versions of a photo", () => {
  it("are its upload alone until it is edited", async () => {
    const asset = await photo();
    const lean = await list(asset.id, "");
    expect(lean).toMatchObject([
      {
        id: asset.current_version_id,
        position: 0,
        kind: "original",
        mime_type: "image/jpeg",
        width: asset.width,
        height: asset.height,
        file_size_bytes: asset.file_data?.file_size_bytes,
        checksum: asset.file_data?.checksum,
        params: null,
      },
    ]);
    expect(Object.keys(lean[0] ?? {}).toSorted()).toEqual([
      "checksum",
      "file_size_bytes",
      "height",
      "id",
      "kind",
      "mime_type",
      "params",
      "position",
      "version_urls",
      "width",
    ]);
    expect(Object.keys(lean[0]?.version_urls ?? {})).toEqual(["thumbnail"]);
    const [whole] = await list(asset.id);
    expect(whole?.version_urls).toEqual((await read(asset.id)).asset_urls);
  });

  it("of a video are its upload alone", async () => {
    const film = await assetOf(await quietUpload(uniqueBytes(), { name: "film.mp4" }), 201);
    const [only, ...others] = await list(film.id);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ id: film.current_version_id, position: 0, kind: "original", params: null });
    expect(only).toMatchObject({ mime_type: "video/mp4", file_size_bytes: film.file_size_bytes });
    expect(Object.keys(only?.version_urls ?? {})).toEqual(["original"]);
    expect((await refusalOf(await append(film.id, await edited()), 422)).message).toContain("video");
    expect((await revert(film.id, film.current_version_id)).status).toBe(200);
    await refusalOf(await remove(film.id, film.current_version_id), 422);
  });

  it("take no include but variants", async () => {
    const asset = await photo();
    const path = (id: string) => `/api/assets/${id}/versions`;
    await refusalOf(await call("GET", `${path(asset.id)}?include=metadata`), 422);
    await refusalOf(await call("GET", `${path(asset.id)}?include=variants,faces`), 422);
    await refusalOf(await post(`${path(asset.id)}?include=faces`, await edited()), 422);
    await refusalOf(await call("GET", path("asset_nonsense")), 422);
    await refusalOf(await call("GET", path(newId("asset"))), 404);
  });
});

describe("an edited version", () => {
  it("is what the photo shows from then on, while its metadata and faces speak of the upload", async () => {
    const before = await photo();
    await work(before.id);
    const { lastSeq } = await readEvents();
    const sent = await edited();
    const made = await versionOf(
      await append(before.id, sent, { params: '{"crop":[1,2.5],"by":"me"}', kind: "external:snap.seed-2" }),
      201,
    );
    expect(made).toMatchObject({
      position: 1,
      kind: "external:snap.seed-2",
      mime_type: "image/jpeg",
      width: 80,
      height: 40,
      params: { crop: [1, 2.5], by: "me" },
    });
    expect(Object.keys(made.version_urls ?? {})).toEqual(["thumbnail"]);
    const after = await read(before.id);
    expect(after).toMatchObject({
      kind: "external:snap.seed-2",
      current_version_id: made.id,
      mime_type: "image/jpeg",
      width: 80,
      height: 40,
      thumbhash: null,
      file_data: before.file_data,
      metadata: before.metadata,
      original_file_name: before.original_file_name,
      local_datetime: before.local_datetime,
    });
    expect(await eventsOf(before.id, lastSeq)).toEqual([updated]);
    expect(await openTasks(before.id)).toEqual(["image_quality", "thumbhash"]);
    await work(before.id);
    expect((await read(before.id)).thumbhash).toMatch(/^[\w+/=]{20,}$/);
    expect(await recount()).toEqual({});
  });

  it("is stored with the upload's metadata and none of its own, and given out byte for byte", async () => {
    const asset = await photo("0021_IMG_7943.HEIC");
    const sent = await sampleBytes("0014_picasa.jpg");
    const made = await versionOf(await append(asset.id, sent), 201);
    const [original, edit] = await list(asset.id);
    expect(edit).toMatchObject({ id: made.id, checksum: made.checksum });
    const stored = await bytesAt(urlOf(edit?.version_urls ?? null, "original"));
    expect(stored.length).toBe(made.file_size_bytes);
    expect(await sha256(stored)).toBe(made.checksum);
    expect(await sha256(await bytesAt(urlOf(original?.version_urls ?? null, "original")))).toBe(
      asset.file_data?.checksum,
    );
    const jpg = formatOfFileName("a.jpg");
    if (jpg === null) throw new Error("no JPEG");
    const facts = await readFacts(memorySource(stored), jpg);
    expect(facts.metadata).toMatchObject({
      make: "Apple",
      model: asset.metadata?.model,
      latitude: asset.metadata?.latitude,
      longitude: asset.metadata?.longitude,
      livePhotoCid: asset.metadata?.live_photo_cid,
      orientation: 1,
    });
    expect(new TextDecoder("latin1").decode(stored)).not.toContain("Picasa");
    const current = await call("GET", urlOf((await read(asset.id)).asset_urls, "original"), { token: null });
    expect(current.headers.get("content-type")).toBe("image/jpeg");
    expect(current.headers.get("content-disposition")).toContain('filename="0021_IMG_7943.jpg"');
    const first = await call("GET", urlOf(original?.version_urls ?? null, "original"), { token: null });
    expect(first.headers.get("content-disposition")).toContain('filename="0021_IMG_7943.HEIC"');
  });

  it("is shown as its pixels lie, whatever its own EXIF and the upload's say of turning them", async () => {
    const asset = await photo("0023_Portrait_8.jpg");
    const made = await versionOf(await append(asset.id, await edited(80, 40, 6)), 201);
    const [, edit] = await list(asset.id);
    for (const rung of ["thumbnail", "fullsize"]) {
      const shown = await bytesAt(urlOf(edit?.version_urls ?? null, rung));
      expect(await cornersOf(shown)).toEqual(["red", "green", "blue", "white"]);
      expect(await env.IMAGES.info(new Blob([shown]).stream())).toMatchObject({ width: 80, height: 40 });
    }
    expect(urlOf((await read(asset.id)).asset_urls, "thumbnail")).toBe(urlOf(made.version_urls, "thumbnail"));
  });

  it("may be a PNG, its fields may come behind the file, and its part may say what it is", async () => {
    const asset = await photo();
    const png = await plainPng(1);
    const made = await versionOf(
      await append(asset.id, png, { type: "image/png", fieldsLast: true, params: ' {"a":{"b":null}} ' }),
      201,
    );
    expect(made).toMatchObject({ mime_type: "image/png", width: 6, height: 4, params: { a: { b: null } } });
    expect(await read(asset.id)).toMatchObject({ mime_type: "image/png", width: 6, height: 4 });
    const again = await versionOf(
      await append(asset.id, png, { type: "image/png; x=y", params: '{"a":{"b":null}}' }),
      200,
    );
    expect(again.id).toBe(made.id);
    for (const type of ["image/jpg", "IMAGE/JPEG", "application/octet-stream", "image/pjpeg"]) {
      await versionOf(
        await replace(asset.id, (await read(asset.id)).current_version_id, await edited(8, 8 + type.length), { type }),
        201,
      );
    }
  });

  it("keeps the place of a photo in lists, albums and the feed, and in the trash", async () => {
    const asset = await photo();
    await call("POST", "/api/assets/trash", { json: { ids: [asset.id] } });
    const made = await versionOf(await append(asset.id, await edited()), 201);
    const trashed = await read(asset.id);
    expect(trashed.trashed_at).not.toBeNull();
    expect(trashed.current_version_id).toBe(made.id);
    expect((await list(asset.id)).map(({ position }) => position)).toEqual([0, 1]);
    expect(await recount()).toEqual({});
  });
});

describe("a repeated call", () => {
  it("stores nothing and answers 200 with what is there, and 409 with another recipe", async () => {
    const asset = await photo();
    const sent = await edited();
    const made = await versionOf(await append(asset.id, sent, { params: '{"a":1,"b":[2]}' }), 201);
    const { lastSeq } = await readEvents();
    const stored = await objectsOf(asset.id);
    const again = await versionOf(await append(asset.id, sent, { params: '{"b":[2],"a":1}' }), 200);
    expect(again).toEqual(made);
    expect(await versionOf(await replace(asset.id, made.id, sent, { params: '{"b":[2],"a":1}' }), 200)).toEqual(made);
    for (const options of [{ params: '{"a":1}' }, { params: '{"a":1,"b":[2]}', kind: "external:x" }]) {
      const refused = await append(asset.id, sent, options);
      expect(refused.headers.get("x-should-retry")).toBe("false");
      await refusalOf(refused, 409);
    }
    await refusalOf(await append(asset.id, await edited(9, 9), { params: '{"a":1,"b":[2]}' }), 409);
    expect((await readEvents(lastSeq)).events).toEqual([]);
    expect(await objectsOf(asset.id)).toEqual(stored);
    expect(await notes(asset.id)).toEqual([]);
    expect(await recount()).toEqual({});
  });
});

describe("replacing a version", () => {
  it("puts another in its place under another id, and leaves nothing of the old one", async () => {
    const asset = await photo();
    const first = await versionOf(await append(asset.id, await edited()), 201);
    await bytesAt(urlOf(first.version_urls, "thumbnail"));
    const { lastSeq } = await readEvents();
    const second = await versionOf(await replace(asset.id, first.id, await plainPng(2), { kind: "external:a" }), 201);
    expect(second.id).not.toBe(first.id);
    expect((await list(asset.id)).map(({ id, position, kind }) => ({ id, position, kind }))).toEqual([
      { id: asset.current_version_id, position: 0, kind: "original" },
      { id: second.id, position: 1, kind: "external:a" },
    ]);
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`, `originals/${second.id}`]);
    expect(await notes(asset.id)).toEqual([first.id]);
    expect(await eventsOf(asset.id, lastSeq)).toEqual([updated]);
    expect(await openTasks(asset.id)).toEqual(expect.arrayContaining(["image_quality", "thumbhash"]));
    expect((await call("GET", urlOf(first.version_urls, "thumbnail"), { token: null })).status).toBe(404);
    expect(await recount()).toEqual({});
  });

  it("is refused for the upload, for what is not current any more, and for what never was", async () => {
    const asset = await photo();
    const other = await photo();
    const sent = await edited();
    await refusalOf(await replace(asset.id, asset.current_version_id, sent), 422);
    const first = await versionOf(await append(asset.id, sent), 201);
    await refusalOf(await replace(asset.id, asset.current_version_id, await edited(6, 6)), 422);
    await refusalOf(await replace(asset.id, other.current_version_id, sent), 404);
    await refusalOf(await replace(asset.id, newId("assetVersion"), sent), 404);
    await refusalOf(await replace(asset.id, "asset_version_x", sent), 422);
    const second = await versionOf(await replace(asset.id, first.id, await edited(10, 10)), 201);
    const late = await replace(asset.id, first.id, await edited(12, 12));
    expect(late.headers.get("x-should-retry")).toBe("false");
    await refusalOf(late, 409);
    // A client that never heard of its success sends the same again.
    expect(await versionOf(await replace(asset.id, first.id, await edited(10, 10)), 200)).toEqual(second);
  });
});

describe("going back", () => {
  it("to the upload by revert leaves the photo as it was", async () => {
    const before = await photo("0021_IMG_7943.HEIC");
    const sent = await edited();
    await versionOf(await append(before.id, sent), 201);
    const { lastSeq } = await readEvents();
    const after = await assetOf(await revert(before.id, before.current_version_id), 200);
    const same = [
      "kind",
      "current_version_id",
      "mime_type",
      "width",
      "height",
      "file_data",
      "metadata",
      "asset_urls",
    ] as const;
    for (const key of same) expect(after[key], key).toEqual(before[key]);
    expect(after.thumbhash).toBeNull();
    expect(await list(before.id)).toHaveLength(1);
    expect(await eventsOf(before.id, lastSeq)).toEqual([updated]);
    expect(await openTasks(before.id)).toEqual(expect.arrayContaining(["display_proxy_generation", "thumbhash"]));
    expect(await objectsOf(before.id)).toEqual([`originals/${before.current_version_id}`]);
    expect(await sqlAll("SELECT * FROM asset_versions WHERE asset_id = ?", before.id)).toEqual([]);
    const again = await assetOf(await revert(before.id, before.current_version_id), 200);
    expect(again).toEqual(after);
    expect(await eventsOf(before.id, lastSeq)).toEqual([updated]);
    await versionOf(await append(before.id, sent), 201);
    expect(await recount()).toEqual({});
  });

  it("by deleting the edited version does the same", async () => {
    const before = await photo();
    const made = await versionOf(await append(before.id, await plainPng(3)), 201);
    const after = await assetOf(await remove(before.id, made.id), 200);
    expect(after).toMatchObject({
      kind: "original",
      mime_type: "image/jpeg",
      current_version_id: before.current_version_id,
    });
    expect([after.width, after.height]).toEqual([before.width, before.height]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    await refusalOf(await remove(before.id, made.id), 404);
    await refusalOf(await remove(before.id, before.current_version_id), 422);
    await refusalOf(await revert(before.id, made.id), 404);
    expect(await recount()).toEqual({});
  });

  it("in a longer chain takes away what came later, and refuses to take from its middle", async () => {
    const asset = await photo();
    const first = await versionOf(await append(asset.id, await plainPng(4)), 201);
    const row = (await sqlAll("SELECT * FROM asset_versions WHERE id = ?", first.id))[0];
    const [second, third] = [newId("assetVersion"), newId("assetVersion")];
    for (const [i, id] of [second, third].entries()) {
      const insert = `INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height, file_size_bytes, checksum, params, created_at)
        VALUES (?, ?, ?, ?, 'edit', 'image/jpeg', ?, 50, 70, 'c', '{}', 0)`;
      await sqlAll(insert, id, row?.["library_id"], asset.id, 2 + i, 20 + i);
      await env.BUCKET.put(`originals/${asset.id}/${id}`, "x".repeat(70));
    }
    await sqlAll(
      "UPDATE assets SET current_version_id = ?, version_bytes = version_bytes + 140 WHERE id = ?",
      third,
      asset.id,
    );
    await refusalOf(await remove(asset.id, second), 409);
    await refusalOf(await replace(asset.id, second, await edited()), 409);
    expect(await assetOf(await remove(asset.id, third), 200)).toMatchObject({ current_version_id: second, width: 20 });
    expect(await recount()).toEqual({});
    expect(await assetOf(await revert(asset.id, first.id), 200)).toMatchObject({
      current_version_id: first.id,
      width: 6,
    });
    expect((await list(asset.id)).map(({ id }) => id)).toEqual([asset.current_version_id, first.id]);
    expect(await recount()).toEqual({});
  });
});

describe("callers at once", () => {
  it("append one version together: one is stored, the others are told", async () => {
    const asset = await photo();
    const files = await Promise.all([11, 12, 13, 14].map((side) => edited(side, side)));
    const answers = await Promise.all(files.map((file) => append(asset.id, file)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(answer.headers.get("x-should-retry")).toBe("false");
    }
    const versions = await list(asset.id);
    expect(versions).toHaveLength(2);
    expect(await objectsOf(asset.id)).toEqual(versions.map(({ id }) => `originals/${id}`).toSorted());
    expect(await notes(asset.id)).toEqual([]);
    expect(await recount()).toEqual({});
  });

  it("send the same together: one stores it, the others get that", async () => {
    const asset = await photo();
    const file = await edited(15, 15);
    const answers = await Promise.all([1, 2, 3].map(() => append(asset.id, file)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    const ids = await Promise.all(answers.map(async (answer) => (await answer.json<{ id: string }>()).id));
    expect(new Set(ids).size).toBe(1);
    expect((await objectsOf(asset.id)).filter((key) => key.startsWith("originals/"))).toHaveLength(2);
  });

  it("replace and delete together: what is left agrees", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await plainPng(5)), 201);
    const answers = await Promise.all([
      replace(asset.id, made.id, await plainPng(6)),
      replace(asset.id, made.id, await plainPng(7)),
      remove(asset.id, made.id),
      revert(asset.id, asset.current_version_id),
    ]);
    for (const answer of answers) expect([200, 201, 404, 409]).toContain(answer.status);
    const originals = (await objectsOf(asset.id)).filter((key) => key.startsWith("originals/"));
    expect(originals).toEqual((await list(asset.id)).map(({ id }) => `originals/${id}`).toSorted());
    expect(await recount()).toEqual({});
  });
});

describe("whose photo it is", () => {
  it("is asked before anything else: 404 for another's, 403 without the action", async () => {
    const asset = await photo();
    const sent = await edited();
    const made = await versionOf(await append(asset.id, sent), 201);
    const { secret: token, assetId: theirs } = await insertTenant();
    await refusalOf(await call("GET", `/api/assets/${asset.id}/versions`, { token }), 404);
    await refusalOf(await append(asset.id, sent, { token }), 404);
    await refusalOf(await replace(asset.id, made.id, sent, { token }), 404);
    await refusalOf(await revert(asset.id, made.id, { token }), 404);
    await refusalOf(await remove(asset.id, made.id, { token }), 404);
    // Their own asset with a version of ours.
    await refusalOf(await remove(theirs, made.id, { token }), 404);
    await refusalOf(await revert(theirs, made.id, { token }), 404);
    await refusalOf(await replace(theirs, made.id, sent, { token }), 404);
    const { secret: reader } = await insertKey({ userId: owner.userId, actions: ["read"] });
    expect((await call("GET", `/api/assets/${asset.id}/versions`, { token: reader })).status).toBe(200);
    await refusalOf(await append(asset.id, sent, { token: reader }), 403);
    const { secret: writer } = await insertKey({ userId: owner.userId, actions: ["read", "write", "delete"] });
    expect((await append(asset.id, sent, { token: writer })).status).toBe(200);
    await refusalOf(await revert(asset.id, asset.current_version_id, { token: writer }), 403);
    await refusalOf(await remove(asset.id, made.id, { token: writer }), 403);
    const { secret: elsewhere } = await insertKey({ userId: owner.userId, libraryIds: [newId("library")] });
    await refusalOf(await call("GET", `/api/assets/${asset.id}/versions`, { token: elsewhere }), 404);
    expect(await list(asset.id)).toHaveLength(2);
  });
});

describe("what is no version", () => {
  const cases: [
    what: string,
    file: () => Promise<Uint8Array | string | null>,
    options?: Parameters<typeof append>[2],
  ][] = [
    ["no file", async () => null],
    ["an empty file", async () => ""],
    ["text", async () => "a text that is long enough to be looked at, and looked at again, and more"],
    ["a GIF", async () => await sampleBytes("0010_test.gif")],
    ["a WebP", async () => await sampleBytes("0024_denali.webp")],
    ["a HEIC", async () => await sampleBytes("0019_IMG_2682.heic")],
    ["half a JPEG", async () => (await edited()).slice(0, 400)],
    ["half a PNG", async () => (await plainPng(8)).slice(0, 50)],
    ["a JPEG that calls itself a PNG", edited, { type: "image/png" }],
    ["a PNG that calls itself a JPEG", async () => await plainPng(9), { type: "image/jpeg" }],
    ["a JPEG that calls itself a text", edited, { type: "text/plain" }],
    ["no kind", edited, { kind: null }],
    ["the upload's kind", edited, { kind: "original" }],
    ["an unknown kind", edited, { kind: "crop" }],
    ["an upper-case kind", edited, { kind: "Edit" }],
    ["a kind with space", edited, { kind: " edit" }],
    ["no service", edited, { kind: "external:" }],
    ["a service in upper case", edited, { kind: "external:Snapseed" }],
    ["a service with a slash", edited, { kind: "external:a/b" }],
    ["a service of 64 letters", edited, { kind: `external:${"a".repeat(64)}` }],
    ["no params", edited, { params: null }],
    ["empty params", edited, { params: "" }],
    ["params that are no JSON", edited, { params: "{a:1}" }],
    ["an array of params", edited, { params: "[1]" }],
    ["null params", edited, { params: "null" }],
    ["params as text", edited, { params: '"{}"' }],
    ["params of 64 KiB and one", edited, { params: `{"a":"${"x".repeat(64 * 1024 - 7)}"}` }],
    ["params too deep", edited, { params: `{"a":${"[".repeat(70)}${"]".repeat(70)}}` }],
    ["params as deep as 64 KiB are", edited, { params: `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}` }],
  ];
  it("is refused with 422, and nothing of it stays", async () => {
    const asset = await photo();
    const before = { keys: await storedKeys(), seq: (await readEvents()).lastSeq };
    for (const [what, make, options] of cases) {
      const file = await make();
      for (const fieldsLast of [false, true]) {
        const response = await post(`/api/assets/${asset.id}/versions`, file, { ...options, fieldsLast });
        expect(response.status, `${what}: ${await response.clone().text()}`).toBe(422);
        await refusalOf(response, 422);
      }
    }
    expect(await storedKeys()).toEqual(before.keys);
    expect((await readEvents(before.seq)).events).toEqual([]);
    expect(await notes(asset.id)).toEqual([]);
    expect(await list(asset.id)).toHaveLength(1);
  });

  it("is taken at the edges of what is allowed", async () => {
    const asset = await photo();
    const kind = `external:${"a".repeat(63)}`;
    const params = `{"a":"${"x".repeat(64 * 1024 - 8)}"}`;
    const made = await versionOf(await append(asset.id, await edited(), { kind, params }), 201);
    expect(made.kind).toBe(kind);
    expect(JSON.stringify(made.params)).toBe(params);
    const odd = '{"__proto__":{"x":1},"toString":"\\u0000\\ud800","n":1e400,"unknown key":true}';
    const replaced = await versionOf(await replace(asset.id, made.id, await edited(), { params: odd }), 201);
    expect(await versionOf(await replace(asset.id, replaced.id, await edited(), { params: odd }), 200)).toEqual(
      replaced,
    );
  });

  it("is refused for its form: two files, a field twice, no multipart, a body that breaks off", async () => {
    const asset = await photo();
    const path = `/api/assets/${asset.id}/versions`;
    const two = versionForm(await edited());
    two.append("file", new File([await edited()], "b.jpg"));
    await refusalOf(await post(path, null, { body: two }), 422);
    const twice = versionForm(await edited());
    twice.append("kind", "edit");
    await refusalOf(await post(path, null, { body: twice }), 422);
    await refusalOf(await call("POST", path, { json: {} }), 415);
    await refusalOf(await call("POST", path), 422);
    const parts = [field("kind", "edit"), { disposition: '; name="file"; filename="a.jpg"', content: await edited() }];
    const headers = { "content-type": MULTIPART };
    await refusalOf(await call("POST", path, { body: await bodyOf(parts, false), headers }), 400);
    expect(await objectsOf(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await notes(asset.id)).toEqual([]);
    const unnamed = [
      field("kind", "edit"),
      field("params", "{}"),
      { disposition: '; name="file"', content: await edited() },
    ];
    expect((await call("POST", path, { body: await bodyOf(unnamed), headers })).status).toBe(201);
  });

  it("is refused with 507 where there is no room, before anything is stored", async () => {
    const asset = await photo();
    const made = await versionOf(await append(asset.id, await edited()), 201);
    const other = await photo();
    for (const table of ["users", "libraries"]) {
      const [before] = await sqlAll(
        `SELECT id, storage_limit_bytes FROM ${table} WHERE id IN (?, ?)`,
        owner.userId,
        owner.libraryId,
      );
      await sqlAll(`UPDATE ${table} SET storage_limit_bytes = storage_used_bytes WHERE id = ?`, before?.["id"]);
      const { binding, calls } = watchedBucket();
      const refused = await append(other.id, await edited(), { env: { BUCKET: binding } });
      expect(refused.headers.get("x-should-retry")).toBe("false");
      await refusalOf(refused, 507);
      await refusalOf(await replace(asset.id, made.id, await edited(7, 7), { env: { BUCKET: binding } }), 507);
      expect(calls).toEqual([]);
      await sqlAll(
        `UPDATE ${table} SET storage_limit_bytes = ? WHERE id = ?`,
        before?.["storage_limit_bytes"],
        before?.["id"],
      );
    }
  });
});

describe("a photo that is deleted while another version comes", () => {
  it("is answered with 404, whatever was read of it last, and nothing stays", async () => {
    const asset = await photo();
    const late = new Proxy(env.BUCKET, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        if (name !== "get") return member.bind(target) as unknown;
        return async (...args: unknown[]): Promise<unknown> => {
          await call("DELETE", `/api/assets/${asset.id}`);
          return await (member.apply(target, args) as Promise<unknown>);
        };
      },
    });
    await refusalOf(await append(asset.id, await edited(), { env: { BUCKET: late } }), 404);
    expect(await objectsOf(asset.id)).toEqual([]);
  });
});

describe("room for one version more", () => {
  it("is for one of those that come at once; the others leave nothing", async () => {
    const assets = [await photo(), await photo(), await photo()];
    const [before] = await sqlAll("SELECT storage_limit_bytes FROM users WHERE id = ?", owner.userId);
    await sqlAll("UPDATE users SET storage_limit_bytes = storage_used_bytes + 1 WHERE id = ?", owner.userId);
    const file = await edited();
    const answers = await Promise.all(assets.map(async ({ id }) => await append(id, file)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 507, 507]);
    for (const [i, { id, current_version_id }] of assets.entries()) {
      if (answers[i]?.status === 201) continue;
      expect(await objectsOf(id)).toEqual([`originals/${current_version_id}`]);
      expect(await notes(id)).toEqual([]);
    }
    await sqlAll(
      "UPDATE users SET storage_limit_bytes = ? WHERE id = ?",
      before?.["storage_limit_bytes"],
      owner.userId,
    );
  });
});

describe("what it costs", () => {
  it("is four round trips to add, four to go back and two to list, with the credential's", async () => {
    const asset = await photo();
    const database = countingD1(env.DB);
    const bindings = { env: { DB: database.binding } };
    const cost = async (run: () => Promise<Response>) => {
      database.reset();
      expect((await run()).status).toBeLessThan(300);
      return { roundTrips: database.counts.roundTrips, statements: database.counts.statements.length };
    };
    const [file, other] = [await edited(), await edited(20, 20)];
    expect(await cost(() => append(asset.id, file, bindings))).toEqual({ roundTrips: 4, statements: 11 });
    const [, first] = await list(asset.id);
    expect(await cost(() => call("GET", `/api/assets/${asset.id}/versions`, bindings))).toEqual({
      roundTrips: 2,
      statements: 3,
    });
    expect(await cost(() => replace(asset.id, first?.id ?? "", other, bindings))).toEqual({
      roundTrips: 4,
      statements: 11,
    });
    const [, second] = await list(asset.id);
    expect(await cost(() => remove(asset.id, second?.id ?? "", bindings))).toEqual({ roundTrips: 4, statements: 9 });
  });

  it("holds no more of a file than two parts of 8 MiB, and gives out what it stored", async () => {
    const { id: assetId } = await photo();
    const head = await edited(16, 16);
    const body = head.slice(0, -2);
    const noise = new Uint8Array(9 * 1024 * 1024).map((_, at) => (at * 31 + (at >> 8)) % 255);
    const sent = new Uint8Array(await new Blob([body, noise, Uint8Array.of(0xff, 0xd9)]).arrayBuffer());
    const made = await versionOf(await append(assetId, sent), 201);
    expect(made.file_size_bytes).toBeGreaterThan(9 * 1024 * 1024);
    const [, edit] = await list(assetId);
    const stored = await bytesAt(urlOf(edit?.version_urls ?? null, "original"));
    expect(await sha256(stored)).toBe(made.checksum);
    expect(stored.subarray(-noise.length - 2, -2)).toEqual(noise);
    expect(await recount()).toEqual({});
  });
});

describe("an asset without an object", () => {
  it("takes no version, since its metadata cannot be read: 502", async () => {
    const [assetId = ""] = await insertAssets(owner, [{}]);
    const response = await append(assetId, await edited());
    expect(response.headers.get("retry-after")).toBe("5");
    await refusalOf(response, 502);
    await sqlAll("DELETE FROM assets WHERE id = ?", assetId);
  });
});
