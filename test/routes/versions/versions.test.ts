import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import { newId } from "../../../src/kernel/ids.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { storedKeys, instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { field, MULTIPART, multipartBody } from "../../support/clients/multipart.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { insertAssets, insertKey, insertTenant, readEvents } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import {
  appendVersion,
  fetchBytes,
  cornerColours,
  editedJpeg,
  listVersions,
  pendingVersionDeletions,
  listAssetObjects,
  uploadPhoto,
  solidPng,
  postVersion,
  readAsset,
  deleteVersion,
  replaceVersion,
  revertToVersion,
  sha256Base64,
  variantUrl,
  versionForm,
  expectVersion,
} from "../../support/clients/versions.ts";
import { testContext } from "../../support/context.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

let owner: { userId: string; libraryId: string };
beforeAll(async () => {
  owner = await getRootOwner();
});

/** Runs all pending tasks of the asset. */
async function runTasks(assetId: string): Promise<void> {
  await runPendingTasks(testContext(), assetId);
}

async function openTasks(assetId: string): Promise<unknown[]> {
  return (await readTasks(assetId)).filter((task) => task.status === "pending").map((task) => task.task_type);
}

/** Events of one asset after `seq`. */
async function eventsOf(assetId: string, seq: number): Promise<unknown[]> {
  const { events } = await readEvents(seq);
  return events
    .filter((event) => event.entity_id === assetId)
    .map(({ event_type, payload }) => ({ event_type, payload }));
}

const updated = { event_type: "asset_updated", payload: { stack_id: null } };

describe("the versions of a photo", () => {
  it("are only the upload until it is edited", async () => {
    const asset = await uploadPhoto();
    const lean = await listVersions(asset.id, "");
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
    const [whole] = await listVersions(asset.id);
    expect(whole?.version_urls).toEqual((await readAsset(asset.id)).asset_urls);
  });

  it("of a video are only the upload", async () => {
    const film = await expectAsset(await uploadWithoutConsumer(uniqueBytes(), { name: "film.mp4" }), 201);
    const [only, ...others] = await listVersions(film.id);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ id: film.current_version_id, position: 0, kind: "original", params: null });
    expect(only).toMatchObject({ mime_type: "video/mp4", file_size_bytes: film.file_size_bytes });
    expect(Object.keys(only?.version_urls ?? {})).toEqual(["original"]);
    expect((await expectError(await appendVersion(film.id, await editedJpeg()), 422)).message).toContain("video");
    expect((await revertToVersion(film.id, film.current_version_id)).status).toBe(200);
    await expectError(await deleteVersion(film.id, film.current_version_id), 422);
  });

  it("accept no include except variants", async () => {
    const asset = await uploadPhoto();
    const path = (id: string) => `/api/assets/${id}/versions`;
    await expectError(await call("GET", `${path(asset.id)}?include=metadata`), 422);
    await expectError(await call("GET", `${path(asset.id)}?include=variants,faces`), 422);
    await expectError(await postVersion(`${path(asset.id)}?include=faces`, await editedJpeg()), 422);
    await expectError(await call("GET", path("asset_nonsense")), 422);
    await expectError(await call("GET", path(newId("asset"))), 404);
  });
});

describe("an edited version", () => {
  it("is shown as the photo, while metadata and faces stay the upload's", async () => {
    const before = await uploadPhoto();
    await runTasks(before.id);
    const { lastSeq } = await readEvents();
    const sent = await editedJpeg();
    const made = await expectVersion(
      await appendVersion(before.id, sent, { params: '{"crop":[1,2.5],"by":"me"}', kind: "external:snap.seed-2" }),
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
    const after = await readAsset(before.id);
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
    expect(await openTasks(before.id)).toEqual(["embedding", "quality_scoring", "thumbhash"]);
    await runTasks(before.id);
    expect((await readAsset(before.id)).thumbhash).toMatch(/^[\w+/=]{20,}$/);
    expect(await findInconsistencies()).toEqual({});
  });

  it("is stored with the upload's metadata in place of its own, and served byte for byte", async () => {
    const asset = await uploadPhoto("IMG_7943.HEIC");
    const sent = await sampleBytes("picasa.jpg");
    const made = await expectVersion(await appendVersion(asset.id, sent), 201);
    const [original, edit] = await listVersions(asset.id);
    expect(edit).toMatchObject({ id: made.id, checksum: made.checksum });
    const stored = await fetchBytes(variantUrl(edit?.version_urls ?? null, "original"));
    expect(stored.length).toBe(made.file_size_bytes);
    expect(await sha256Base64(stored)).toBe(made.checksum);
    expect(await sha256Base64(await fetchBytes(variantUrl(original?.version_urls ?? null, "original")))).toBe(
      asset.file_data?.checksum,
    );
    const jpg = formatForFileName("a.jpg");
    if (jpg === null) throw new Error("no JPEG");
    const facts = await readMediaInfo(memorySource(stored), jpg);
    expect(facts.metadata).toMatchObject({
      make: "Apple",
      model: asset.metadata?.model,
      latitude: asset.metadata?.latitude,
      longitude: asset.metadata?.longitude,
      livePhotoCid: asset.metadata?.live_photo_cid,
      orientation: 1,
    });
    expect(new TextDecoder("latin1").decode(stored)).not.toContain("Picasa");
    const current = await call("GET", variantUrl((await readAsset(asset.id)).asset_urls, "original"), { token: null });
    expect(current.headers.get("content-type")).toBe("image/jpeg");
    expect(current.headers.get("content-disposition")).toContain('filename="IMG_7943.jpg"');
    const first = await call("GET", variantUrl(original?.version_urls ?? null, "original"), { token: null });
    expect(first.headers.get("content-disposition")).toContain('filename="IMG_7943.HEIC"');
  });

  it("is shown without rotation, whatever the EXIF orientation of the edit and the upload", async () => {
    const asset = await uploadPhoto("Portrait_8.jpg");
    const made = await expectVersion(await appendVersion(asset.id, await editedJpeg(80, 40, 6)), 201);
    const [, edit] = await listVersions(asset.id);
    for (const rung of ["thumbnail", "fullsize"]) {
      const shown = await fetchBytes(variantUrl(edit?.version_urls ?? null, rung));
      expect(await cornerColours(shown)).toEqual(["red", "green", "blue", "white"]);
      expect(await env.IMAGES.info(new Blob([shown]).stream())).toMatchObject({ width: 80, height: 40 });
    }
    expect(variantUrl((await readAsset(asset.id)).asset_urls, "thumbnail")).toBe(
      variantUrl(made.version_urls, "thumbnail"),
    );
  });

  it("may be a PNG with fields after the file and with a Content-Type", async () => {
    const asset = await uploadPhoto();
    const png = await solidPng(1);
    const made = await expectVersion(
      await appendVersion(asset.id, png, { type: "image/png", fieldsLast: true, params: ' {"a":{"b":null}} ' }),
      201,
    );
    expect(made).toMatchObject({ mime_type: "image/png", width: 6, height: 4, params: { a: { b: null } } });
    expect(await readAsset(asset.id)).toMatchObject({ mime_type: "image/png", width: 6, height: 4 });
    const again = await expectVersion(
      await appendVersion(asset.id, png, { type: "image/png; x=y", params: '{"a":{"b":null}}' }),
      200,
    );
    expect(again.id).toBe(made.id);
    for (const type of ["image/jpg", "IMAGE/JPEG", "application/octet-stream", "image/pjpeg"]) {
      await expectVersion(
        await replaceVersion(
          asset.id,
          (await readAsset(asset.id)).current_version_id,
          await editedJpeg(8, 8 + type.length),
          { type },
        ),
        201,
      );
    }
  });

  it("leaves the photo's position in lists, albums, the feed and the trash unchanged", async () => {
    const asset = await uploadPhoto();
    await call("POST", "/api/assets/trash", { json: { ids: [asset.id] } });
    const made = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    const trashed = await readAsset(asset.id);
    expect(trashed.trashed_at).not.toBeNull();
    expect(trashed.current_version_id).toBe(made.id);
    expect((await listVersions(asset.id)).map(({ position }) => position)).toEqual([0, 1]);
    expect(await findInconsistencies()).toEqual({});
  });
});

describe("a repeated call", () => {
  it("returns 200 and stores nothing for the same fields, and 409 for others", async () => {
    const asset = await uploadPhoto();
    const sent = await editedJpeg();
    const made = await expectVersion(await appendVersion(asset.id, sent, { params: '{"a":1,"b":[2]}' }), 201);
    const { lastSeq } = await readEvents();
    const stored = await listAssetObjects(asset.id);
    const again = await expectVersion(await appendVersion(asset.id, sent, { params: '{"b":[2],"a":1}' }), 200);
    expect(again).toEqual(made);
    expect(
      await expectVersion(await replaceVersion(asset.id, made.id, sent, { params: '{"b":[2],"a":1}' }), 200),
    ).toEqual(made);
    for (const options of [{ params: '{"a":1}' }, { params: '{"a":1,"b":[2]}', kind: "external:x" }]) {
      const rejected = await appendVersion(asset.id, sent, options);
      expect(rejected.headers.get("x-should-retry")).toBe("false");
      await expectError(rejected, 409);
    }
    await expectError(await appendVersion(asset.id, await editedJpeg(9, 9), { params: '{"a":1,"b":[2]}' }), 409);
    expect((await readEvents(lastSeq)).events).toEqual([]);
    expect(await listAssetObjects(asset.id)).toEqual(stored);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    expect(await findInconsistencies()).toEqual({});
  });
});

describe("replacing a version", () => {
  it("stores the new version under another id and deletes the old one", async () => {
    const asset = await uploadPhoto();
    const first = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    await fetchBytes(variantUrl(first.version_urls, "thumbnail"));
    const { lastSeq } = await readEvents();
    const second = await expectVersion(
      await replaceVersion(asset.id, first.id, await solidPng(2), { kind: "external:a" }),
      201,
    );
    expect(second.id).not.toBe(first.id);
    expect((await listVersions(asset.id)).map(({ id, position, kind }) => ({ id, position, kind }))).toEqual([
      { id: asset.current_version_id, position: 0, kind: "original" },
      { id: second.id, position: 1, kind: "external:a" },
    ]);
    expect(await listAssetObjects(asset.id)).toEqual([
      `originals/${asset.current_version_id}`,
      `originals/${second.id}`,
    ]);
    expect(await pendingVersionDeletions(asset.id)).toEqual([first.id]);
    expect(await eventsOf(asset.id, lastSeq)).toEqual([updated]);
    expect(await openTasks(asset.id)).toEqual(expect.arrayContaining(["quality_scoring", "thumbhash"]));
    expect((await call("GET", variantUrl(first.version_urls, "thumbnail"), { token: null })).status).toBe(404);
    expect(await findInconsistencies()).toEqual({});
  });

  it("is rejected for the upload, a superseded version and an unknown one", async () => {
    const asset = await uploadPhoto();
    const other = await uploadPhoto();
    const sent = await editedJpeg();
    await expectError(await replaceVersion(asset.id, asset.current_version_id, sent), 422);
    const first = await expectVersion(await appendVersion(asset.id, sent), 201);
    await expectError(await replaceVersion(asset.id, asset.current_version_id, await editedJpeg(6, 6)), 422);
    await expectError(await replaceVersion(asset.id, other.current_version_id, sent), 404);
    await expectError(await replaceVersion(asset.id, newId("assetVersion"), sent), 404);
    await expectError(await replaceVersion(asset.id, "asset_version_x", sent), 422);
    const second = await expectVersion(await replaceVersion(asset.id, first.id, await editedJpeg(10, 10)), 201);
    const late = await replaceVersion(asset.id, first.id, await editedJpeg(12, 12));
    expect(late.headers.get("x-should-retry")).toBe("false");
    await expectError(late, 409);
    // A client that lost the response sends the same request again.
    expect(await expectVersion(await replaceVersion(asset.id, first.id, await editedJpeg(10, 10)), 200)).toEqual(
      second,
    );
  });
});

describe("reverting", () => {
  it("to the upload restores the photo", async () => {
    const before = await uploadPhoto("IMG_7943.HEIC");
    const sent = await editedJpeg();
    await expectVersion(await appendVersion(before.id, sent), 201);
    const { lastSeq } = await readEvents();
    const after = await expectAsset(await revertToVersion(before.id, before.current_version_id), 200);
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
    expect(await listVersions(before.id)).toHaveLength(1);
    expect(await eventsOf(before.id, lastSeq)).toEqual([updated]);
    expect(await openTasks(before.id)).toEqual(expect.arrayContaining(["display_proxy_generation", "thumbhash"]));
    expect(await listAssetObjects(before.id)).toEqual([`originals/${before.current_version_id}`]);
    expect(await sqlAll("SELECT * FROM asset_versions WHERE asset_id = ?", before.id)).toEqual([]);
    const again = await expectAsset(await revertToVersion(before.id, before.current_version_id), 200);
    expect(again).toEqual(after);
    expect(await eventsOf(before.id, lastSeq)).toEqual([updated]);
    await expectVersion(await appendVersion(before.id, sent), 201);
    expect(await findInconsistencies()).toEqual({});
  });

  it("by deleting the edited version restores the photo", async () => {
    const before = await uploadPhoto();
    const made = await expectVersion(await appendVersion(before.id, await solidPng(3)), 201);
    const after = await expectAsset(await deleteVersion(before.id, made.id), 200);
    expect(after).toMatchObject({
      kind: "original",
      mime_type: "image/jpeg",
      current_version_id: before.current_version_id,
    });
    expect([after.width, after.height]).toEqual([before.width, before.height]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    await expectError(await deleteVersion(before.id, made.id), 404);
    await expectError(await deleteVersion(before.id, before.current_version_id), 422);
    await expectError(await revertToVersion(before.id, made.id), 404);
    expect(await findInconsistencies()).toEqual({});
  });

  it("in a longer chain deletes the later versions, and deleting a middle one is rejected", async () => {
    const asset = await uploadPhoto();
    const first = await expectVersion(await appendVersion(asset.id, await solidPng(4)), 201);
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
    await expectError(await deleteVersion(asset.id, second), 409);
    await expectError(await replaceVersion(asset.id, second, await editedJpeg()), 409);
    expect(await expectAsset(await deleteVersion(asset.id, third), 200)).toMatchObject({
      current_version_id: second,
      width: 20,
    });
    expect(await findInconsistencies()).toEqual({});
    expect(await expectAsset(await revertToVersion(asset.id, first.id), 200)).toMatchObject({
      current_version_id: first.id,
      width: 6,
    });
    expect((await listVersions(asset.id)).map(({ id }) => id)).toEqual([asset.current_version_id, first.id]);
    expect(await findInconsistencies()).toEqual({});
  });
});

describe("concurrent calls", () => {
  it("that append different versions store one and return 409 for the others", async () => {
    const asset = await uploadPhoto();
    const files = await Promise.all([11, 12, 13, 14].map((side) => editedJpeg(side, side)));
    const responses = await Promise.all(files.map((file) => appendVersion(asset.id, file)));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
    for (const response of responses.filter(({ status }) => status === 409)) {
      expect(response.headers.get("x-should-retry")).toBe("false");
    }
    const versions = await listVersions(asset.id);
    expect(versions).toHaveLength(2);
    expect(await listAssetObjects(asset.id)).toEqual(versions.map(({ id }) => `originals/${id}`).toSorted());
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    expect(await findInconsistencies()).toEqual({});
  });

  it("with the same version store it once and return it to all", async () => {
    const asset = await uploadPhoto();
    const file = await editedJpeg(15, 15);
    const responses = await Promise.all([1, 2, 3].map(() => appendVersion(asset.id, file)));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    const ids = await Promise.all(responses.map(async (response) => (await response.json<{ id: string }>()).id));
    expect(new Set(ids).size).toBe(1);
    expect((await listAssetObjects(asset.id)).filter((key) => key.startsWith("originals/"))).toHaveLength(2);
  });

  it("of replace and delete leave consistent rows and objects", async () => {
    const asset = await uploadPhoto();
    const made = await expectVersion(await appendVersion(asset.id, await solidPng(5)), 201);
    const responses = await Promise.all([
      replaceVersion(asset.id, made.id, await solidPng(6)),
      replaceVersion(asset.id, made.id, await solidPng(7)),
      deleteVersion(asset.id, made.id),
      revertToVersion(asset.id, asset.current_version_id),
    ]);
    for (const response of responses) expect([200, 201, 404, 409]).toContain(response.status);
    const originals = (await listAssetObjects(asset.id)).filter((key) => key.startsWith("originals/"));
    expect(originals).toEqual((await listVersions(asset.id)).map(({ id }) => `originals/${id}`).toSorted());
    expect(await findInconsistencies()).toEqual({});
  });
});

describe("authorization", () => {
  it("is checked first: 404 for another user's photo, 403 without the action", async () => {
    const asset = await uploadPhoto();
    const sent = await editedJpeg();
    const made = await expectVersion(await appendVersion(asset.id, sent), 201);
    const { secret: token, assetId: theirs } = await insertTenant();
    await expectError(await call("GET", `/api/assets/${asset.id}/versions`, { token }), 404);
    await expectError(await appendVersion(asset.id, sent, { token }), 404);
    await expectError(await replaceVersion(asset.id, made.id, sent, { token }), 404);
    await expectError(await revertToVersion(asset.id, made.id, { token }), 404);
    await expectError(await deleteVersion(asset.id, made.id, { token }), 404);
    // Their own asset with another user's version id.
    await expectError(await deleteVersion(theirs, made.id, { token }), 404);
    await expectError(await revertToVersion(theirs, made.id, { token }), 404);
    await expectError(await replaceVersion(theirs, made.id, sent, { token }), 404);
    const { secret: reader } = await insertKey({ userId: owner.userId, actions: ["read"] });
    expect((await call("GET", `/api/assets/${asset.id}/versions`, { token: reader })).status).toBe(200);
    await expectError(await appendVersion(asset.id, sent, { token: reader }), 403);
    const { secret: writer } = await insertKey({ userId: owner.userId, actions: ["read", "write", "delete"] });
    expect((await appendVersion(asset.id, sent, { token: writer })).status).toBe(200);
    await expectError(await revertToVersion(asset.id, asset.current_version_id, { token: writer }), 403);
    await expectError(await deleteVersion(asset.id, made.id, { token: writer }), 403);
    const { secret: elsewhere } = await insertKey({ userId: owner.userId, libraryIds: [newId("library")] });
    await expectError(await call("GET", `/api/assets/${asset.id}/versions`, { token: elsewhere }), 404);
    expect(await listVersions(asset.id)).toHaveLength(2);
  });
});

describe("an invalid version", () => {
  const cases: [
    what: string,
    file: () => Promise<Uint8Array | string | null>,
    options?: Parameters<typeof appendVersion>[2],
  ][] = [
    ["no file", async () => null],
    ["an empty file", async () => ""],
    ["text", async () => "a text that is long enough for every format to be recognized by its first bytes"],
    ["a GIF", async () => await sampleBytes("0010_test.gif")],
    ["a WebP", async () => await sampleBytes("denali.webp")],
    ["a HEIC", async () => await sampleBytes("IMG_2682.heic")],
    ["a truncated JPEG", async () => (await editedJpeg()).slice(0, 400)],
    ["a truncated PNG", async () => (await solidPng(8)).slice(0, 50)],
    ["a JPEG declared as PNG", editedJpeg, { type: "image/png" }],
    ["a PNG declared as JPEG", async () => await solidPng(9), { type: "image/jpeg" }],
    ["a JPEG declared as text", editedJpeg, { type: "text/plain" }],
    ["no kind", editedJpeg, { kind: null }],
    ["the upload's kind", editedJpeg, { kind: "original" }],
    ["an unknown kind", editedJpeg, { kind: "crop" }],
    ["an upper-case kind", editedJpeg, { kind: "Edit" }],
    ["a kind with space", editedJpeg, { kind: " edit" }],
    ["no service", editedJpeg, { kind: "external:" }],
    ["a service in upper case", editedJpeg, { kind: "external:Snapseed" }],
    ["a service with a slash", editedJpeg, { kind: "external:a/b" }],
    ["a service of 64 characters", editedJpeg, { kind: `external:${"a".repeat(64)}` }],
    ["no params", editedJpeg, { params: null }],
    ["empty params", editedJpeg, { params: "" }],
    ["params of invalid JSON", editedJpeg, { params: "{a:1}" }],
    ["params as an array", editedJpeg, { params: "[1]" }],
    ["null params", editedJpeg, { params: "null" }],
    ["params as text", editedJpeg, { params: '"{}"' }],
    ["params of 64 KiB and one byte", editedJpeg, { params: `{"a":"${"x".repeat(64 * 1024 - 7)}"}` }],
    ["params nested too deep", editedJpeg, { params: `{"a":${"[".repeat(70)}${"]".repeat(70)}}` }],
    ["params nested 30,000 levels deep", editedJpeg, { params: `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}` }],
  ];
  it("returns 422 and leaves no trace", async () => {
    const asset = await uploadPhoto();
    const before = { keys: await storedKeys(), seq: (await readEvents()).lastSeq };
    for (const [what, make, options] of cases) {
      const file = await make();
      for (const fieldsLast of [false, true]) {
        const response = await postVersion(`/api/assets/${asset.id}/versions`, file, { ...options, fieldsLast });
        expect(response.status, `${what}: ${await response.clone().text()}`).toBe(422);
        await expectError(response, 422);
      }
    }
    expect(await storedKeys()).toEqual(before.keys);
    expect((await readEvents(before.seq)).events).toEqual([]);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    expect(await listVersions(asset.id)).toHaveLength(1);
  });

  it("is accepted at the limits", async () => {
    const asset = await uploadPhoto();
    const kind = `external:${"a".repeat(63)}`;
    const params = `{"a":"${"x".repeat(64 * 1024 - 8)}"}`;
    const made = await expectVersion(await appendVersion(asset.id, await editedJpeg(), { kind, params }), 201);
    expect(made.kind).toBe(kind);
    expect(JSON.stringify(made.params)).toBe(params);
    const odd = '{"__proto__":{"x":1},"toString":"\\u0000\\ud800","n":1e400,"unknown key":true}';
    const replaced = await expectVersion(
      await replaceVersion(asset.id, made.id, await editedJpeg(), { params: odd }),
      201,
    );
    expect(
      await expectVersion(await replaceVersion(asset.id, replaced.id, await editedJpeg(), { params: odd }), 200),
    ).toEqual(replaced);
  });

  it("is rejected for two files, a repeated field, another Content-Type or a truncated body", async () => {
    const asset = await uploadPhoto();
    const path = `/api/assets/${asset.id}/versions`;
    const two = versionForm(await editedJpeg());
    two.append("file", new File([await editedJpeg()], "b.jpg"));
    await expectError(await postVersion(path, null, { body: two }), 422);
    const twice = versionForm(await editedJpeg());
    twice.append("kind", "edit");
    await expectError(await postVersion(path, null, { body: twice }), 422);
    await expectError(await call("POST", path, { json: {} }), 415);
    await expectError(await call("POST", path), 422);
    const parts = [
      field("kind", "edit"),
      { disposition: '; name="file"; filename="a.jpg"', content: await editedJpeg() },
    ];
    const headers = { "content-type": MULTIPART };
    await expectError(await call("POST", path, { body: await multipartBody(parts, false), headers }), 400);
    expect(await listAssetObjects(asset.id)).toEqual([`originals/${asset.current_version_id}`]);
    expect(await pendingVersionDeletions(asset.id)).toEqual([]);
    const unnamed = [
      field("kind", "edit"),
      field("params", "{}"),
      { disposition: '; name="file"', content: await editedJpeg() },
    ];
    expect((await call("POST", path, { body: await multipartBody(unnamed), headers })).status).toBe(201);
  });

  it("returns 507 before anything is stored when the limit is reached", async () => {
    const asset = await uploadPhoto();
    const made = await expectVersion(await appendVersion(asset.id, await editedJpeg()), 201);
    const other = await uploadPhoto();
    for (const table of ["users", "libraries"]) {
      const [before] = await sqlAll(
        `SELECT id, storage_limit_bytes FROM ${table} WHERE id IN (?, ?)`,
        owner.userId,
        owner.libraryId,
      );
      const owned = table === "users" ? "user_id" : "id";
      await sqlAll(
        `UPDATE ${table} SET storage_limit_bytes =
           (SELECT sum(l.storage_used_bytes) FROM libraries l WHERE l.${owned} = ${table}.id) WHERE id = ?`,
        before?.["id"],
      );
      const { binding, calls } = instrumentedBucket();
      const rejected = await appendVersion(other.id, await editedJpeg(), { env: { BUCKET: binding } });
      expect(rejected.headers.get("x-should-retry")).toBe("false");
      await expectError(rejected, 507);
      await expectError(
        await replaceVersion(asset.id, made.id, await editedJpeg(7, 7), { env: { BUCKET: binding } }),
        507,
      );
      expect(calls).toEqual([]);
      await sqlAll(
        `UPDATE ${table} SET storage_limit_bytes = ? WHERE id = ?`,
        before?.["storage_limit_bytes"],
        before?.["id"],
      );
    }
  });
});

describe("a photo that is deleted during the upload of a version", () => {
  it("returns 404 and leaves no trace, at whatever step it is deleted", async () => {
    const asset = await uploadPhoto();
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
    await expectError(await appendVersion(asset.id, await editedJpeg(), { env: { BUCKET: late } }), 404);
    expect(await listAssetObjects(asset.id)).toEqual([]);
  });
});

/** Leaves one byte of storage: enough for one more version, because a write that starts below the limit succeeds. */
async function leaveOneByte(): Promise<void> {
  await sqlAll(
    `UPDATE users SET storage_limit_bytes = 1 +
       (SELECT sum(l.storage_used_bytes) FROM libraries l WHERE l.user_id = users.id) WHERE id = ?`,
    owner.userId,
  );
}

describe("storage for one more version", () => {
  it("is given to one of several concurrent calls; the others leave no trace", async () => {
    const assets = [await uploadPhoto(), await uploadPhoto(), await uploadPhoto()];
    const [before] = await sqlAll("SELECT storage_limit_bytes FROM users WHERE id = ?", owner.userId);
    const file = await editedJpeg();
    const appendToAll = async (): Promise<Response[]> => {
      await leaveOneByte();
      return await Promise.all(assets.map(async ({ id }) => await appendVersion(id, file)));
    };
    let responses = await appendToAll();
    // Renditions of earlier tests may take the last byte meanwhile.
    if (responses.every(({ status }) => status === 507)) responses = await appendToAll();
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 507, 507]);
    for (const [i, { id, current_version_id }] of assets.entries()) {
      if (responses[i]?.status === 201) continue;
      expect(await listAssetObjects(id)).toEqual([`originals/${current_version_id}`]);
      expect(await pendingVersionDeletions(id)).toEqual([]);
    }
    await sqlAll(
      "UPDATE users SET storage_limit_bytes = ? WHERE id = ?",
      before?.["storage_limit_bytes"],
      owner.userId,
    );
  });
});

describe("the cost of a version", () => {
  it("is four round trips to add, four to revert and one to list, including authentication", async () => {
    const asset = await uploadPhoto();
    const database = countingD1(env.DB);
    const bindings = { env: { DB: database.binding } };
    const cost = async (run: () => Promise<Response>) => {
      database.reset();
      expect((await run()).status).toBeLessThan(300);
      return { roundTrips: database.counts.roundTrips, statements: database.counts.statements.length };
    };
    const [file, other] = [await editedJpeg(), await editedJpeg(20, 20)];
    expect(await cost(() => appendVersion(asset.id, file, bindings))).toEqual({ roundTrips: 4, statements: 11 });
    const [, first] = await listVersions(asset.id);
    expect(await cost(() => call("GET", `/api/assets/${asset.id}/versions`, bindings))).toEqual({
      roundTrips: 1,
      statements: 2,
    });
    expect(await cost(() => replaceVersion(asset.id, first?.id ?? "", other, bindings))).toEqual({
      roundTrips: 4,
      statements: 11,
    });
    const [, second] = await listVersions(asset.id);
    expect(await cost(() => deleteVersion(asset.id, second?.id ?? "", bindings))).toEqual({
      roundTrips: 4,
      statements: 9,
    });
  });

  it("is at most two parts of 8 MiB in memory, and the stored bytes are served", async () => {
    const { id: assetId } = await uploadPhoto();
    const head = await editedJpeg(16, 16);
    const body = head.slice(0, -2);
    const noise = new Uint8Array(9 * 1024 * 1024).map((_, at) => (at * 31 + (at >> 8)) % 255);
    const sent = new Uint8Array(await new Blob([body, noise, Uint8Array.of(0xff, 0xd9)]).arrayBuffer());
    const made = await expectVersion(await appendVersion(assetId, sent), 201);
    expect(made.file_size_bytes).toBeGreaterThan(9 * 1024 * 1024);
    const [, edit] = await listVersions(assetId);
    const stored = await fetchBytes(variantUrl(edit?.version_urls ?? null, "original"));
    expect(await sha256Base64(stored)).toBe(made.checksum);
    expect(stored.subarray(-noise.length - 2, -2)).toEqual(noise);
    expect(await findInconsistencies()).toEqual({});
  });
});

describe("an asset whose original is missing", () => {
  it("returns 502 for a new version, because its metadata cannot be read", async () => {
    const [assetId = ""] = await insertAssets(owner, [{}]);
    const response = await appendVersion(assetId, await editedJpeg());
    expect(response.headers.get("retry-after")).toBe("5");
    await expectError(response, 502);
    await sqlAll("DELETE FROM assets WHERE id = ?", assetId);
  });
});
