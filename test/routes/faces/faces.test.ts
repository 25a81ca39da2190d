import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { MAX_FACES_PER_ASSET } from "../../../src/records/faces/createFace.ts";
import { faceSchema } from "../../../src/routes/faces/schemas.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call, uniqueBytes, uploadForm } from "../../support/clients/api.ts";
import { BOX, newPeopleClient, type PeopleClient } from "../../support/clients/people.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { insertLibrary } from "../../support/clients/tenants.ts";
import { renderPng } from "../../support/media/images.ts";
import { findInconsistencies } from "../../support/rows/consistency.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";

let me: PeopleClient;
let asset: string;
let other: string;
beforeEach(async () => {
  me = await newPeopleClient();
  [asset = "", other = ""] = await me.newAssets([{}, {}]);
});
afterEach(async () => {
  expect(await findInconsistencies()).toEqual({});
});

const post = async (json: Record<string, unknown>) => await me.send("POST", "/api/faces", { json });
const box = (x: number, y: number, w: number, h: number) => ({ asset_id: asset, bounding_box: { x, y, w, h } });
const assign = async (face: string, person_id: string | null, query = "") =>
  await me.send("PATCH", `/api/faces/${face}${query}`, { json: { person_id } });

describe("POST /api/faces", () => {
  it("adds a manual face, with an event", async () => {
    const face = await me.newFace(asset);
    expect(face).toMatchObject({ asset_id: asset, person_id: null, bounding_box: BOX, source: "manual" });
    expect(face).toMatchObject({ confidence: null, timestamp_ms: null });
    expect(Object.keys(face.asset_urls ?? {})).toEqual(["thumbnail"]);
    expect(await me.getFace(face.id)).toEqual(face);
    expect(await me.takeEvents()).toEqual([{ event_type: "face_created", entity_id: face.id, payload: null }]);
  });

  it("assigns the face to a person of the library", async () => {
    const person = await me.newPerson();
    expect((await me.newFace(asset, person.id)).person_id).toBe(person.id);
    expect(await me.getPerson(person.id)).toMatchObject({ asset_count: 1 });
    const [row] = await sqlAll("SELECT assigned_by FROM faces WHERE person_id = ?", person.id);
    expect(row).toEqual({ assigned_by: "user" });
  });

  it.each([
    ["the whole image", [0, 0, 400, 300]],
    ["one pixel in the last corner", [399, 299, 1, 1]],
  ] as const)("accepts a box of %s", async (_, [x, y, w, h]) => {
    expect((await post(box(x, y, w, h))).status).toBe(201);
  });

  it.each([
    ["beyond the right edge", [391, 0, 10, 10]],
    ["beyond the lower edge", [0, 291, 10, 10]],
    ["outside of the image", [400, 300, 1, 1]],
    ["larger than the image", [0, 0, 401, 300]],
    ["with a negative corner", [-1, 0, 10, 10]],
    ["with a negative size", [10, 10, -5, 5]],
    ["without a width", [10, 10, 0, 5]],
    ["without a height", [10, 10, 5, 0]],
    ["with a fraction of a pixel", [10, 10, 5.5, 5]],
    ["with a coordinate beyond every image", [2 ** 53, 0, 1, 1]],
  ] as const)("rejects a box %s and stores nothing", async (_, [x, y, w, h]) => {
    await expectError(await post(box(x, y, w, h)), 422);
    expect((await me.listFaces()).data).toEqual([]);
  });

  it.each([
    ["a missing box", { bounding_box: undefined }],
    ["a box of text", { bounding_box: { x: "1", y: 2, w: 3, h: 4 } }],
    ["a box without a height", { bounding_box: { x: 1, y: 2, w: 3 } }],
    ["a malformed asset", { asset_id: "asset_1" }],
    ["a malformed person", { person_id: "ada" }],
  ])("rejects %s with 422", async (_, fields) => {
    await expectError(await post({ asset_id: asset, bounding_box: BOX, ...fields }), 422);
  });

  it("measures the box by the original upload while an edited version is current", async () => {
    const version = newId("assetVersion");
    await sqlAll(
      `INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height, file_size_bytes, checksum, created_at)
       VALUES (?1, ?2, ?3, 0, 'original', 'image/jpeg', 400, 300, 10, 'c', 0)`,
      version,
      me.libraryId,
      asset,
    );
    const edit = newId("assetVersion");
    await sqlAll(
      `INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height, file_size_bytes, checksum, created_at)
       VALUES (?1, ?2, ?3, 1, 'edit', 'image/jpeg', 100, 100, 10, 'd', 0)`,
      edit,
      me.libraryId,
      asset,
    );
    await sqlAll(
      "UPDATE assets SET width = 100, height = 100, original_version_id = ?2, current_version_id = ?3, version_bytes = 10, current_size_bytes = 10 WHERE id = ?1",
      asset,
      version,
      edit,
    );
    expect((await post(box(300, 200, 100, 100))).status).toBe(201);
    await expectError(await post(box(300, 200, 101, 100)), 422);
  });

  it("rejects every box on an image of unknown size", async () => {
    await sqlAll("UPDATE assets SET width = 0, height = 0 WHERE id = ?", asset);
    await expectError(await post(box(0, 0, 1, 1)), 422);
  });

  it("measures the box on a video by its poster", async () => {
    const body = uploadForm(uniqueBytes(), { name: "video.mp4", libraryId: me.libraryId });
    const video = await expectAsset(await call("POST", "/api/assets", { body, token: me.token }), 201);
    const json = { asset_id: video.id, bounding_box: { x: 30, y: 10, w: 10, h: 10 } };
    await expectError(await post(json), 422);
    const poster = await renderPng(40, 20, () => [9, 9, 9, 255]);
    const headers = { "content-type": "image/png" };
    await me.send("PUT", `/api/assets/${video.id}/still`, { body: poster, headers });
    const face = faceSchema.parse(await (await post(json)).json());
    expect(face).toMatchObject({ bounding_box: json.bounding_box, timestamp_ms: null });
    await expectError(await post({ ...json, bounding_box: { x: 31, y: 10, w: 10, h: 10 } }), 422);
  });

  it("is 404 for an asset or a person that is unknown, of another tenant or of another library", async () => {
    const tenant = await newPeopleClient();
    const [foreignAsset = ""] = await tenant.newAssets([{}]);
    const secondLibrary = await insertLibrary(me.userId, "second");
    const second = { ...me, libraryId: secondLibrary };
    for (const fields of [
      { asset_id: newId("asset") },
      { asset_id: foreignAsset },
      { person_id: newId("person") },
      { person_id: (await tenant.newPerson()).id },
      { person_id: await insertPerson(second) },
      { library_id: secondLibrary },
      { library_id: tenant.libraryId },
    ]) {
      await expectError(await post({ asset_id: asset, bounding_box: BOX, ...fields }), 404);
    }
    expect(await sqlAll("SELECT id FROM faces WHERE library_id IN (?, ?)", me.libraryId, secondLibrary)).toEqual([]);
  });

  it("answers a repeated Idempotency-Key with the first face", async () => {
    const send = async () =>
      await me.send("POST", "/api/faces", { json: box(1, 2, 3, 4), headers: { "idempotency-key": "face-1" } });
    const [first, second] = [await send(), await send()];
    expect(await second.json()).toEqual(await first.json());
    expect((await me.listFaces()).data).toHaveLength(1);
  });

  it("answers 409 for an asset that has as many faces as it may have", async () => {
    await insertFaces(
      me,
      Array.from({ length: MAX_FACES_PER_ASSET - 1 }, () => ({ assetId: asset })),
    );
    expect((await post(box(0, 0, 1, 1))).status).toBe(201);
    await expectError(await post(box(0, 0, 1, 1)), 409);
  });
});

describe("PATCH /api/faces/{face_id}", () => {
  it("assigns, reassigns and detaches a face, with events that name both people", async () => {
    const [ada, eve] = [await me.newPerson(), await me.newPerson()];
    const face = await me.newFace(asset);
    await me.takeEvents();
    for (const [person_id, previous_person_id] of [
      [ada.id, null],
      [eve.id, ada.id],
      [null, eve.id],
    ] as const) {
      const updated = faceSchema.parse(await (await assign(face.id, person_id)).json());
      expect(updated).toEqual({ ...face, person_id, updated_at: updated.updated_at });
      expect(await me.takeEvents()).toEqual([
        { event_type: "face_updated", entity_id: face.id, payload: { person_id, previous_person_id } },
      ]);
    }
  });

  it("writes no event if the person stays, and then the user has chosen the person", async () => {
    const person = await me.newPerson();
    const face = await me.newFace(asset, person.id);
    await sqlAll("UPDATE faces SET assigned_by = 'clustering' WHERE id = ?", face.id);
    await me.takeEvents();
    expect((await assign(face.id, person.id)).status).toBe(200);
    expect((await me.send("PATCH", `/api/faces/${face.id}`, { json: {} })).status).toBe(200);
    expect(await me.takeEvents()).toEqual([]);
    expect(await me.getFace(face.id)).toEqual(face);
    expect(await sqlAll("SELECT assigned_by FROM faces WHERE id = ?", face.id)).toEqual([{ assigned_by: "user" }]);
  });

  it("unpins the portrait of the person that a face leaves, and of one that pinned it without having it", async () => {
    const [ada, eve] = [await me.newPerson(), await me.newPerson()];
    const [own, free] = [await me.newFace(asset, ada.id), await me.newFace(asset)];
    await me.send("PATCH", `/api/people/${ada.id}`, { json: { thumbnail_face_id: own.id } });
    await me.send("PATCH", `/api/people/${eve.id}`, { json: { thumbnail_face_id: free.id } });
    await me.takeEvents();
    await assign(own.id, eve.id);
    await assign(free.id, ada.id);
    expect((await me.takeEvents()).map((event) => [event.event_type, event.entity_id])).toEqual([
      ["face_updated", own.id],
      ["person_updated", ada.id],
      ["face_updated", free.id],
      ["person_updated", eve.id],
    ]);
    expect((await me.getPerson(ada.id)).thumbnail_face_id).toBe(free.id);
    expect((await me.getPerson(eve.id)).thumbnail_face_id).toBe(own.id);
  });

  it("keeps the portrait that becomes a face of the person", async () => {
    const face = await me.newFace(asset);
    const person = await me.newPerson({ thumbnail_face_id: face.id });
    await assign(face.id, person.id);
    const [row] = await sqlAll("SELECT thumbnail_face_id FROM people WHERE id = ?", person.id);
    expect(row).toEqual({ thumbnail_face_id: face.id });
  });

  it("is 404 for a face or a person that is unknown, of another tenant or of another library", async () => {
    const tenant = await newPeopleClient();
    const [foreignAsset = ""] = await tenant.newAssets([{}]);
    const foreign = await tenant.newFace(foreignAsset);
    const face = await me.newFace(asset);
    const elsewhere = await insertPerson({ ...me, libraryId: await insertLibrary(me.userId, "second") });
    for (const person of [newId("person"), (await tenant.newPerson()).id, elsewhere]) {
      await expectError(await assign(face.id, person), 404);
    }
    for (const id of [newId("face"), foreign.id]) await expectError(await assign(id, null), 404);
    await expectError(await assign(face.id, null, `?library_id=${tenant.libraryId}`), 404);
    expect((await assign(face.id, null, `?library_id=${me.libraryId}`)).status).toBe(200);
  });

  it("does not assign a face to a person who is deleted meanwhile", async () => {
    const person = await me.newPerson();
    const face = await me.newFace(asset);
    const meddling = countingD1(env.DB, {
      beforeBatch: async (texts) => {
        if (texts.some((text) => text.startsWith("UPDATE faces"))) await me.send("DELETE", `/api/people/${person.id}`);
      },
    });
    const json = { person_id: person.id };
    await expectError(await me.send("PATCH", `/api/faces/${face.id}`, { json, env: { DB: meddling.binding } }), 404);
    expect((await me.getFace(face.id)).person_id).toBeNull();
  });
});

describe("DELETE /api/faces/{face_id}", () => {
  it("keeps the asset and the person, whose portrait it no longer is", async () => {
    const person = await me.newPerson();
    const face = await me.newFace(asset, person.id);
    await me.send("PATCH", `/api/people/${person.id}`, { json: { thumbnail_face_id: face.id } });
    await me.takeEvents();
    const response = await me.send("DELETE", `/api/faces/${face.id}`);
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect(await me.takeEvents()).toEqual([
      {
        event_type: "face_deleted",
        entity_id: face.id,
        payload: { asset_id: asset, previous_person_id: person.id },
      },
      { event_type: "person_updated", entity_id: person.id, payload: null },
    ]);
    expect(await me.getPerson(person.id)).toMatchObject({ asset_count: 0, thumbnail_face_id: null, asset_urls: null });
    await expectError(await me.send("GET", `/api/faces/${face.id}`), 404);
    await expectError(await me.send("DELETE", `/api/faces/${face.id}`), 404);
    expect((await me.send("GET", `/api/assets/${asset}`)).status).toBe(200);
  });
});

describe("GET /api/faces", () => {
  it("lists faces, the newest first, by asset, person, ids and all of them", async () => {
    const [ada, eve] = [await me.newPerson(), await me.newPerson()];
    const [a, b, c, d] = [
      (await me.newFace(asset, ada.id)).id,
      (await me.newFace(other, ada.id)).id,
      (await me.newFace(asset, eve.id)).id,
      (await me.newFace(asset)).id,
    ];
    const ids = async (query: string): Promise<string[]> => (await me.listFaces(query)).data.map(({ id }) => id);
    expect(await ids("")).toEqual([d, c, b, a]);
    expect(await ids(`asset_id=${asset}`)).toEqual([d, c, a]);
    expect(await ids(`person_id=${ada.id}`)).toEqual([b, a]);
    expect(await ids(`person_id=${ada.id}&asset_id=${asset}`)).toEqual([a]);
    expect(await ids(`ids=${a},${d},${newId("face")}`)).toEqual([d, a]);
    expect(await ids(`ids=${a},${b}&person_id=${ada.id}&asset_id=${other}`)).toEqual([b]);
    const page = await me.listFaces(`limit=2&asset_id=${asset}`);
    expect([page.data.map(({ id }) => id), page.has_more]).toEqual([[d, c], true]);
    expect(await me.listFaces(`limit=2&asset_id=${asset}&starting_after_id=${c}`)).toMatchObject({
      data: [{ id: a }],
      has_more: false,
    });
  });

  it("leaves out faces of trashed assets, which a single read still returns", async () => {
    const person = await me.newPerson();
    const face = await me.newFace(asset, person.id);
    await me.newFace(other, person.id);
    await me.send("POST", "/api/assets/trash", { json: { ids: [asset] } });
    for (const query of ["", `asset_id=${asset}`, `person_id=${person.id}`, `ids=${face.id}`]) {
      expect((await me.listFaces(query)).data.filter(({ id }) => id === face.id)).toEqual([]);
    }
    expect((await me.getFace(face.id)).id).toBe(face.id);
    await me.send("POST", "/api/assets/restore", { json: { ids: [asset] } });
    expect((await me.listFaces(`asset_id=${asset}`)).data).toHaveLength(1);
    await me.send("POST", "/api/assets/trash", { json: { ids: [asset] } });
    await me.send("POST", "/api/assets/empty-trash");
    await expectError(await me.send("GET", `/api/faces/${face.id}`), 404);
  });

  it("rejects a wrong cursor with 400, and wrong values with 422", async () => {
    const tenant = await newPeopleClient();
    const [foreignAsset = ""] = await tenant.newAssets([{}]);
    for (const id of [newId("face"), (await tenant.newFace(foreignAsset)).id]) {
      await expectError(await me.send("GET", `/api/faces?starting_after_id=${id}`), 400);
    }
    for (const query of ["limit=201", "include=cluster_metrics", "ids=asset_2", "person_id=ada"]) {
      await expectError(await me.send("GET", `/api/faces?${query}`), 422);
    }
  });

  it("reads rows in proportion to the page, whatever is in the trash", async () => {
    const person = await insertPerson(me);
    const [trashed = ""] = await me.newAssets([{ trashedAt: 1_700_000_000_000 }]);
    for (const assetId of [asset, trashed]) {
      await insertFaces(
        me,
        Array.from({ length: 900 }, () => ({ assetId, personId: person })),
      );
    }
    const counted = countingD1(env.DB);
    for (const query of ["", `person_id=${person}`, `asset_id=${asset}`]) {
      let cursor = "";
      for (let page = 0; page < 3; page++) {
        counted.reset();
        const { data } = await me.listFaces(`limit=10&${query}${cursor}`, { env: { DB: counted.binding } });
        cursor = `&starting_after_id=${data.at(-1)?.id}`;
        expect(data).toHaveLength(10);
        // An index entry and a row of each face, its asset, and the library.
        expect(counted.counts.rowsRead, `${query} ${page}`).toBeLessThanOrEqual(3 * 11 + 20);
      }
    }
  });
});

describe("faces of deleted assets", () => {
  it("are deleted with an event of each, and of the person whose portrait they were", async () => {
    const person = await me.newPerson();
    const [face, portrait] = [await me.newFace(asset), await me.newFace(asset, person.id)];
    await me.send("PATCH", `/api/people/${person.id}`, { json: { thumbnail_face_id: portrait.id } });
    await me.takeEvents();
    await me.send("DELETE", "/api/assets", { json: { ids: [asset, other] } });
    expect(await me.takeEvents()).toEqual([
      { event_type: "face_deleted", entity_id: face.id, payload: { asset_id: asset, previous_person_id: null } },
      {
        event_type: "face_deleted",
        entity_id: portrait.id,
        payload: { asset_id: asset, previous_person_id: person.id },
      },
      { event_type: "person_updated", entity_id: person.id, payload: null },
    ]);
    expect(await sqlAll("SELECT id FROM faces WHERE library_id = ?", me.libraryId)).toEqual([]);
    expect((await me.getPerson(person.id)).asset_count).toBe(0);
  });
});
