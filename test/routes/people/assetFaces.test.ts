/** The groups `faces` and `people` of every route that returns assets. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../../src/kernel/ids.ts";
import { MAX_INLINE_FACES } from "../../../src/records/assets/assetFaces.ts";
import { getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { call, upload, uniqueBytes } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { insertAlbum, insertAlbumMembership, insertAssets } from "../../support/clients/tenants.ts";
import { appendVersion, deleteVersion, editedJpeg, solidPng } from "../../support/clients/versions.ts";
import { insertFaces, insertPerson } from "../../support/rows/personAssets.ts";

const urls = z.object({ thumbnail: z.object({ url: z.string(), mimetype: z.literal("image/webp"), width: z.int() }) });
const faceKeys = {
  id: z.string(),
  asset_id: z.string(),
  person_id: z.string().nullable(),
  bounding_box: z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  timestamp_ms: z.int().nullable(),
  asset_urls: urls,
  confidence: z.number().nullable(),
  source: z.enum(["automatic", "manual"]),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};
const personKeys = {
  id: z.string(),
  name: z.string().nullable(),
  birth_date: z.iso.date().nullable(),
  is_hidden: z.boolean(),
  is_favorite: z.boolean(),
  thumbnail_face_id: z.string().nullable(),
  asset_count: z.int(),
  asset_urls: urls.nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};
/** The keys of the current generation, and those of V1 beside them. */
const current = z.looseObject({
  id: z.string(),
  faces: z.array(z.strictObject(faceKeys)),
  people: z.array(z.strictObject(personKeys)),
});
const legacy = z.looseObject({
  id: z.string(),
  faces: z.array(z.strictObject({ ...faceKeys, thumbnail_url: z.string() })),
  people: z.array(z.strictObject({ ...personKeys, thumbnail_face_url: z.string().nullable() })),
});

let owner: { userId: string; libraryId: string };
let photo: Uint8Array;
let asset: string;
let ada: string;
let bob: string;
let faceIds: string[];

beforeAll(async () => {
  owner = await getRootOwner();
  photo = await editedJpeg(200, 120);
  ({ id: asset } = z.object({ id: z.string() }).parse(await (await upload(photo)).json()));
  [ada, bob] = [await insertPerson(owner, "Ada"), await insertPerson(owner)];
  faceIds = await insertFaces(owner, [
    { assetId: asset, personId: ada, box: [10, 20, 30, 40], confidence: 0.75 },
    { assetId: asset, personId: ada, box: [50, 20, 60, 60] },
    { assetId: asset, personId: bob, box: [1, 2, 3, 4] },
    { assetId: asset, box: [5, 6, 7, 8] },
  ]);
});

async function read(response: Promise<Response>): Promise<unknown> {
  const result = await response;
  expect(result.status, await result.clone().text()).toBeLessThan(300);
  return await result.json();
}

interface Body {
  faces: { id: string; person_id: string | null; asset_urls: { thumbnail: { url: string } }; thumbnail_url?: string }[];
  people: { id: string; thumbnail_face_id: string | null; asset_count: number; thumbnail_face_url?: string | null }[];
}

function expectFaces(body: Body | undefined): void {
  const { faces = [], people = [] } = body ?? {};
  const expected = [ada, ada, bob, null].map((person, i) => [faceIds[i], person]);
  expect(faces.map(({ id, person_id }) => [id, person_id])).toEqual(
    expected.toSorted(([a = ""], [b = ""]) => ((a ?? "") < (b ?? "") ? -1 : 1)),
  );
  const shown = new Map(people.map((person) => [person.id, [person.thumbnail_face_id, person.asset_count]]));
  expect(shown).toEqual(
    new Map([
      [ada, [faceIds[1], 1]],
      [bob, [faceIds[2], 1]],
    ]),
  );
}

describe("faces and people of an asset", () => {
  it("are in each generation's shape on every route that returns assets", async () => {
    const page = await read(call("GET", `/api/assets?ids=${asset}`));
    const [first] = z.object({ data: z.array(legacy) }).parse(page).data;
    expectFaces(first);
    for (const face of first?.faces ?? []) expect(face.thumbnail_url).toBe(face.asset_urls.thumbnail.url);
    expect(first?.people.find(({ id }) => id === ada)).toMatchObject({
      name: "Ada",
      thumbnail_face_url: first?.faces.find(({ id }) => id === faceIds[1])?.thumbnail_url,
      is_favorite: false,
    });
    const included = await read(call("GET", `/api/assets?ids=${asset}&include=faces,people`));
    expectFaces(z.object({ data: z.array(current) }).parse(included).data[0]);
    expectFaces(current.parse(await read(call("GET", `/api/assets/${asset}?include=faces&include=people`))));
    expectFaces(legacy.parse(await read(call("PATCH", `/api/assets/${asset}`, { json: { rating: 3 } }))));
    const album = await insertAlbum(owner);
    await insertAlbumMembership(owner, album, asset);
    expectFaces(z.array(legacy).parse(await read(call("GET", `/api/albums/${album}/assets`)))[0]);
    const version = z.object({ id: z.string() }).parse(await read(appendVersion(asset, await solidPng(3))));
    expectFaces(legacy.parse(await read(deleteVersion(asset, version.id))));
  });

  it("are in the answer to a second upload of the same bytes, and none in the first one's", async () => {
    const again = legacy.parse(await read(upload(photo.slice())));
    expect(again.id).toBe(asset);
    expectFaces(again);
    expect(legacy.parse(await read(upload(uniqueBytes())))).toMatchObject({ faces: [], people: [] });
  });

  it("are null unless requested, and empty for an asset without faces", async () => {
    const [plain = ""] = await insertAssets(owner, [{}]);
    expect(await read(call("GET", `/api/assets/${asset}`))).toMatchObject({ faces: null, people: null });
    expect(await read(call("GET", `/api/assets/${asset}?include=people`))).toMatchObject({ faces: null });
    expect(await read(call("GET", `/api/assets/${plain}?include=faces,people`))).toMatchObject({
      faces: [],
      people: [],
    });
  });

  it("keep the boxes of the original while an edited version is current", async () => {
    const before = current.parse(await read(call("GET", `/api/assets/${asset}?include=faces,people`)));
    const version = z.object({ id: z.string() }).parse(await read(appendVersion(asset, await solidPng(4))));
    expect(current.parse(await read(call("GET", `/api/assets/${asset}?include=faces,people`))).faces).toEqual(
      before.faces,
    );
    await deleteVersion(asset, version.id);
  });

  it("show the chosen portrait while its asset is live", async () => {
    await sqlAll("UPDATE people SET thumbnail_face_id = ? WHERE id = ?", faceIds[0], ada);
    const portraits = async (): Promise<unknown[]> =>
      current
        .parse(await read(call("GET", `/api/assets/${asset}?include=faces,people`)))
        .people.flatMap(({ id, thumbnail_face_id }) => (id === ada ? [thumbnail_face_id] : []));
    expect(await portraits()).toEqual([faceIds[0]]);
    const [other = ""] = await insertAssets(owner, [{ capturedAt: "1999-01-01T00:00:00" }]);
    const [chosen = ""] = await insertFaces(owner, [{ assetId: other, personId: ada }]);
    await sqlAll("UPDATE people SET thumbnail_face_id = ? WHERE id = ?", chosen, ada);
    expect(await portraits()).toEqual([chosen]);
    await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id = ?", other);
    expect(await portraits()).toEqual([faceIds[1]]);
    await sqlAll("UPDATE people SET thumbnail_face_id = NULL WHERE id = ?", ada);
    await sqlAll("DELETE FROM assets WHERE id = ?", other);
  });

  it("cost no row and no round trip for assets without faces, and no round trip for few faces", async () => {
    const libraryId = newId("library");
    await sqlAll(
      "INSERT INTO libraries (id, user_id, name, created_at, updated_at) VALUES (?, ?, 'l', 0, 0)",
      libraryId,
      owner.userId,
    );
    const other = { ...owner, libraryId };
    const ids = await insertAssets(
      other,
      Array.from({ length: 40 }, () => ({})),
    );
    const counted = countingD1(env.DB);
    const list = async (include: string) => {
      counted.reset();
      await read(
        call("GET", `/api/assets?library_id=${libraryId}&include=${include}&limit=50`, {
          env: { DB: counted.binding },
        }),
      );
      return { roundTrips: counted.counts.roundTrips, rowsRead: counted.counts.rowsRead };
    };
    await list("");
    const plain = await list("");
    expect(await list("faces,people")).toEqual(plain);
    const people = await Promise.all([insertPerson(other), insertPerson(other)]);
    await insertFaces(
      other,
      ids.flatMap((assetId) => people.map((personId) => ({ assetId, personId }))),
    );
    const faced = await list("faces,people");
    expect(faced.roundTrips).toBe(plain.roundTrips);
    // A face is one row; a person is up to eight: of the asset, the person and the portrait.
    expect(faced.rowsRead - plain.rowsRead).toBeLessThanOrEqual(40 * 2 * 9);
  });

  it("are complete for a crowd, which takes one more round trip for the page", async () => {
    const ids = await insertAssets(owner, [
      { capturedAt: "2044-01-01T00:00:00" },
      { capturedAt: "2044-01-02T00:00:00" },
    ]);
    const count = MAX_INLINE_FACES + 5;
    const people = await Promise.all(Array.from({ length: count }, async () => await insertPerson(owner)));
    await insertFaces(
      owner,
      ids.flatMap((assetId) => people.map((personId) => ({ assetId, personId }))),
    );
    const counted = countingD1(env.DB);
    const page = async () =>
      await read(
        call(
          "GET",
          `/api/assets?library_id=${owner.libraryId}&include=faces,people&local_datetime_after=2043-01-01T00:00:00`,
          { env: { DB: counted.binding } },
        ),
      );
    await page();
    counted.reset();
    const { data } = z.object({ data: z.array(current) }).parse(await page());
    expect(data.map(({ faces, people: shown }) => [faces.length, shown.length])).toEqual([
      [count, count],
      [count, count],
    ]);
    expect(counted.counts.roundTrips).toBe(2);
    const single = current.parse(await read(call("GET", `/api/assets/${ids[0]}?include=faces,people`)));
    expect([single.faces.length, single.people.length]).toEqual([count, count]);
    await sqlAll("DELETE FROM assets WHERE id IN (?, ?)", ids[0], ids[1]);
  });
});
