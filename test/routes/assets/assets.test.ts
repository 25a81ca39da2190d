import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { call, uniqueBytes, upload } from "../../support/clients/api.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { insertAssets, insertKey, insertLibrary, insertUser, type AssetFields } from "../../support/clients/tenants.ts";

type Json = Record<string, unknown>;
interface Page {
  data: (Json & { id: string })[];
  has_more: boolean;
}

interface Tenant {
  userId: string;
  libraryId: string;
  token: string;
}

/** A separate account per describe block keeps lists independent. */
async function newTenant(): Promise<Tenant> {
  const userId = await insertUser();
  const libraryId = await insertLibrary(userId);
  const { secret } = await insertKey({ userId, lastUsedAt: Date.now() });
  return { userId, libraryId, token: secret };
}

async function list(tenant: Tenant, query = ""): Promise<Page> {
  const response = await call("GET", `/api/assets?${query}`, { token: tenant.token });
  expect(response.status, `${query}: ${await response.clone().text()}`).toBe(200);
  return await response.json<Page>();
}

const idsOf = (page: Page): string[] => page.data.map((asset) => asset.id);

async function status(tenant: Tenant, query: string): Promise<number> {
  return (await call("GET", `/api/assets?${query}`, { token: tenant.token })).status;
}

const keys = (names: string): string[] => names.split(/\s+/).toSorted();

const CORE =
  keys(`id mime_type original_file_name local_datetime created_at updated_at trashed_at kind current_version_id stack_id
  width height duration file_size_bytes quality_score description thumbhash asset_urls metadata faces people metrics file_data`);
const FILE_DATA = keys(
  "device_asset_id device_id file_created_at file_modified_at checksum file_size_bytes checksum_sha1",
);
const CAMERA = `make model orientation modified_datetime original_datetime digitized_datetime lens_model f_number focal_length iso
  exposure_time exposure_bias latitude longitude altitude city state country description fps live_photo_cid projection_type auto_stack_id rating`;
const METADATA = keys(
  `asset_id created_at updated_at ${CAMERA} raw_width raw_height country_code sublocation place_name timezone display_label`,
);
const EXIF = keys(`asset_id created_at updated_at ${CAMERA} profile_description`);
const EVERYTHING = [
  ...CORE,
  ...FILE_DATA.filter((key) => !CORE.includes(key)),
  "exif",
  "download_url",
  "thumbnail_url",
].toSorted();

/** Key sets of contract appendix B, oldest first; a response with every group contains all of them. */
const generations = {
  V1: keys(`id device_asset_id device_id mime_type original_file_name file_created_at file_modified_at local_datetime checksum created_at
    updated_at exif metrics download_url thumbnail_url faces people`),
  V2: keys(`id device_asset_id device_id mime_type original_file_name file_created_at file_modified_at local_datetime checksum created_at
    updated_at checksum_sha1 metadata metrics asset_urls description faces people width height file_size_bytes trashed_at`),
  V3: keys(`id mime_type original_file_name local_datetime created_at updated_at file_data metadata metrics asset_urls description thumbhash
    faces people width height duration trashed_at`),
  V4: keys(`id mime_type original_file_name local_datetime created_at updated_at file_data metadata metrics asset_urls description thumbhash
    faces people width height duration trashed_at kind current_version_id stack_id`),
};

const groups: Record<string, unknown> = {
  metadata: expect.objectContaining({ asset_id: expect.any(String) }),
  faces: [],
  people: [],
  metrics: {},
  file_data: expect.objectContaining({ file_size_bytes: expect.any(Number) }),
};
const tokens = [...Object.keys(groups), "variants", "legacy"];

describe("include groups", () => {
  let tenant: Tenant;
  let id: string;
  let stored: Json;
  beforeAll(async () => {
    tenant = await newTenant();
    const response = await upload(uniqueBytes(), { token: tenant.token, name: "a.png" });
    stored = await response.json<Json & { id: string }>();
    id = String(stored.id);
  });

  const routes = () => [`/api/assets/${id}`, "/api/assets"];
  async function read(path: string, query: string): Promise<Json> {
    const response = await call("GET", `${path}${query}`, { token: tenant.token });
    expect(response.status, `${path}${query}`).toBe(200);
    const body = await response.json<Json & Partial<Page>>();
    return body.data?.[0] ?? body;
  }

  it("are all returned by an upload and by a list without include, with the keys of every schema generation", async () => {
    for (const asset of [stored, await read("/api/assets", "")]) {
      expect(Object.keys(asset).toSorted()).toEqual(EVERYTHING);
      for (const names of Object.values(generations)) expect(Object.keys(asset)).toEqual(expect.arrayContaining(names));
      expect(Object.keys(asset.metadata as Json).toSorted()).toEqual(METADATA);
      expect(Object.keys(asset.exif as Json).toSorted()).toEqual(EXIF);
      expect(Object.keys(asset.file_data as Json).toSorted()).toEqual(FILE_DATA);
      for (const key of FILE_DATA) expect(asset[key]).toEqual((asset.file_data as Json)[key]);
      expect(asset).toMatchObject({ faces: [], people: [], metrics: {} });
    }
  });

  it("are omitted with an empty include, and from a single asset without include", async () => {
    for (const [path, query] of [
      [`/api/assets/${id}`, ""],
      [`/api/assets/${id}`, "?include="],
      ["/api/assets", "?include="],
      ["/api/assets", "?include"],
    ] as const) {
      const asset = await read(path, query);
      expect(Object.keys(asset).toSorted(), path + query).toEqual(CORE);
      expect(asset).toMatchObject({ metadata: null, faces: null, people: null, metrics: null, file_data: null });
      expect(asset.asset_urls).toEqual({
        thumbnail: { url: expect.stringContaining("/media/"), mimetype: "image/webp", width: null },
      });
    }
  });

  it("are returned individually as requested", async () => {
    for (const path of routes()) {
      for (const token of tokens) {
        const asset = await read(path, `?include=${token}`);
        expect(Object.keys(asset).toSorted(), token).toEqual(token === "legacy" ? EVERYTHING : CORE);
        for (const group of Object.keys(groups))
          expect(asset[group], `${token}: ${group}`).toEqual(group === token ? groups[group] : null);
      }
    }
  });

  it("are combined with repeated keys, commas or both", async () => {
    for (const path of routes()) {
      const wanted = await read(path, "?include=metadata&include=faces&include=metrics");
      expect(wanted).toMatchObject({ metadata: {}, faces: [], metrics: {}, people: null, file_data: null });
      for (const query of [
        "include=metadata,faces,metrics",
        "include=metadata,faces&include=metrics",
        "include=metrics,,faces&include=%20metadata,faces",
      ]) {
        expect(await read(path, `?${query}`), query).toEqual(wanted);
      }
      expect(Object.keys(await read(path, `?include=${tokens.join(",")}`)).toSorted()).toEqual(EVERYTHING);
    }
  });

  it("return 422 if unknown", async () => {
    for (const path of routes()) {
      for (const query of ["include=exif", "include=metadata,nothing", "include=faces&include=Faces", "include=*"]) {
        expect((await call("GET", `${path}?${query}`, { token: tenant.token })).status, query).toBe(422);
      }
    }
  });

  it("contain numbers as JSON numbers and dates in the contract's format", async () => {
    await env.DB.prepare("UPDATE assets SET file_metadata = ?, latitude = 48.8566, longitude = 2.3522 WHERE id = ?")
      .bind(
        JSON.stringify({
          make: "Canon",
          iso: 100,
          fNumber: 2.8,
          exposureTime: 0.005,
          latitude: 48.8566,
          longitude: 2.3522,
          rating: -1,
          originalDatetime: { wallUs: 1_721_044_800_000_000, offsetMinutes: -420 },
          digitizedDatetime: { wallUs: 1_721_044_800_250_000, offsetMinutes: null },
          city: "Paris",
          country: "France",
          profileDescription: "Display P3",
        }),
        id,
      )
      .run();
    const asset = await read(`/api/assets/${id}`, "?include=metadata,legacy");
    const expected = {
      asset_id: id,
      make: "Canon",
      model: null,
      iso: 100,
      f_number: 2.8,
      exposure_time: 0.005,
      latitude: 48.8566,
      longitude: 2.3522,
      rating: 0,
      original_datetime: "2024-07-15T12:00:00-07:00",
      digitized_datetime: "2024-07-15T12:00:00.250",
      modified_datetime: null,
    };
    expect(asset.metadata).toMatchObject({ ...expected, display_label: "Paris, France", country_code: null });
    expect(asset.exif).toMatchObject({ ...expected, profile_description: "Display P3" });
  });

  it("are returned for a trashed asset too, with trashed_at", async () => {
    const [trashed = ""] = await insertAssets(tenant, [{ trashedAt: 1_700_000_000_000 }]);
    expect(await read(`/api/assets/${trashed}`, "")).toMatchObject({
      id: trashed,
      trashed_at: "2023-11-14T22:13:20.000Z",
    });
  });
});

/** 60 assets over three years, every fifth a video, with and without UTC offset and coordinates. */
function mixedAssets(): AssetFields[] {
  return Array.from({ length: 60 }, (_, i) => ({
    capturedAt: `${2021 + (i % 3)}-${String((i % 12) + 1).padStart(2, "0")}-15T10:${String(i % 60).padStart(2, "0")}:00${i % 2 === 0 ? "+02:00" : ""}`,
    mediaType: i % 5 === 0 ? "video" : "image",
    position: i % 4 === 0 ? [((i * 37) % 360) - 180, ((i * 17) % 170) - 85] : null,
  }));
}

describe("pagination", () => {
  let tenant: Tenant;
  let all: string[];
  let albumId = "";
  beforeAll(async () => {
    tenant = await newTenant();
    all = await insertAssets(tenant, mixedAssets());
    const album = await (
      await call("POST", "/api/albums", { token: tenant.token, json: { name: "x" } })
    ).json<{ id: string }>();
    albumId = album.id;
    await call("POST", `/api/albums/${albumId}/assets`, { token: tenant.token, json: { asset_ids: all.slice(0, 40) } });
    // Trashes every seventh asset, some at the same instant.
    const trashed = JSON.stringify(all.filter((_, i) => i % 7 === 0));
    for (const [table, column] of [
      ["assets", "id"],
      ["album_assets", "asset_id"],
    ]) {
      const time = `1700000000000 + (unicode(substr(${column}, -1)) % 3) * 1000`;
      await env.DB.prepare(
        `UPDATE ${table} SET trashed_at = ${time} WHERE ${column} IN (SELECT value FROM json_each(?))`,
      )
        .bind(trashed)
        .run();
    }
  });

  const filters = () => [
    "",
    "order=asc",
    "state=trashed",
    "state=trashed&order=asc",
    "state=all",
    "state=all&order=asc",
    "media_type=video",
    "media_type=image",
    "album_filter=in_album",
    "album_filter=not_in_album",
    `album_id=${albumId}`,
    `album_id=${albumId}&media_type=image&order=asc`,
    "local_datetime_after=2022-01-01",
    "local_datetime_before=2022-06-30T12:00:00Z",
    "state=trashed&local_datetime_after=2022-01-01",
    "local_datetime_after=2021-03-01&local_datetime_before=2023-03-01&state=all&order=asc",
    `ids=${all.slice(0, 30).join(",")}&state=all`,
    "bbox=-180,-90,180,90",
    "bbox=100,-90,-100,90",
    "bbox=0,-90,180,90&order=asc&state=all",
    `album_id=${albumId}&state=all&bbox=0,0,180,90`,
  ];

  it("returns every match of every filter in one order for any page size, with a correct has_more", async () => {
    for (const filter of filters()) {
      const whole = await list(tenant, `${filter}&include=&limit=200`);
      expect(whole.has_more, filter).toBe(false);
      const wanted = idsOf(whole);
      expect(new Set(wanted).size, filter).toBe(wanted.length);
      expect(wanted.length, filter).toBeGreaterThan(0);
      const got: string[] = [];
      for (let more = true; more;) {
        const cursor = got.length === 0 ? "" : `&starting_after_id=${got.at(-1)}`;
        const page = await list(tenant, `${filter}&include=&limit=${wanted.length < 7 ? 1 : 11}${cursor}`);
        got.push(...idsOf(page));
        more = page.has_more;
        expect(more, `${filter} after ${got.length} of ${wanted.length}`).toBe(got.length < wanted.length);
      }
      expect(got, filter).toEqual(wanted);
      expect((await list(tenant, `${filter}&include=&limit=${wanted.length}`)).has_more, filter).toBe(false);
      expect((await list(tenant, `${filter}&include=&starting_after_id=${wanted.at(-1)}`)).data, filter).toEqual([]);
      if (wanted.length > 1)
        expect((await list(tenant, `${filter}&include=&limit=${wanted.length - 1}`)).has_more, filter).toBe(true);
    }
  }, 20_000);

  it("orders by capture time, with ties broken by id in the same direction", async () => {
    const other = await newTenant();
    const same = await insertAssets(
      other,
      Array.from({ length: 5 }, () => ({ capturedAt: "2024-01-01T00:00:00" })),
    );
    const [first = "", last = ""] = await insertAssets(other, [
      { capturedAt: "2023-01-01T00:00:00" },
      { capturedAt: "2025-01-01T00:00:00+09:00" },
    ]);
    const ascending = [first, ...same.toSorted(), last];
    expect(idsOf(await list(other, "order=asc"))).toEqual(ascending);
    expect(idsOf(await list(other))).toEqual(ascending.toReversed());
  });

  it("orders the trash by time of trashing and state=all by capture time", async () => {
    const other = await newTenant();
    const [a = "", b = "", c = "", live = ""] = await insertAssets(other, [
      { capturedAt: "2020-01-01", trashedAt: 2000 },
      { capturedAt: "2021-01-01", trashedAt: 3000 },
      { capturedAt: "2022-01-01", trashedAt: 1000 },
      { capturedAt: "2020-06-01" },
    ]);
    expect(idsOf(await list(other))).toEqual([live]);
    expect(idsOf(await list(other, "state=live"))).toEqual([live]);
    expect(idsOf(await list(other, "state=trashed"))).toEqual([b, a, c]);
    expect(idsOf(await list(other, "state=trashed&order=asc"))).toEqual([c, a, b]);
    expect(idsOf(await list(other, "state=all"))).toEqual([c, b, live, a]);
    expect(idsOf(await list(other, `state=all&ids=${a},${live},${newId("asset")}`))).toEqual([live, a]);
    expect(idsOf(await list(other, `ids=${a},${live}`))).toEqual([live]);
  });

  it("rejects a trash cursor whose asset was restored instead of ending the list early", async () => {
    const other = await newTenant();
    const [a = "", b = ""] = await insertAssets(other, [{ trashedAt: 2000 }, { trashedAt: 1000 }]);
    expect(idsOf(await list(other, `state=trashed&starting_after_id=${a}`))).toEqual([b]);
    await env.DB.prepare("UPDATE assets SET trashed_at = NULL WHERE id = ?").bind(a).run();
    expect(await status(other, `state=trashed&starting_after_id=${a}`)).toBe(400);
    expect(idsOf(await list(other, "state=trashed"))).toEqual([b]);
  });

  it("continues from a cursor that no longer matches the filter", async () => {
    const other = await newTenant();
    const [old = "", middle = "", recent = ""] = await insertAssets(other, [
      { capturedAt: "2020-01-01" },
      { capturedAt: "2021-01-01" },
      { capturedAt: "2022-01-01" },
    ]);
    await env.DB.prepare("UPDATE assets SET trashed_at = 1 WHERE id = ?").bind(middle).run();
    expect(idsOf(await list(other, `starting_after_id=${middle}`))).toEqual([old]);
    expect(idsOf(await list(other, `order=asc&starting_after_id=${middle}`))).toEqual([recent]);
  });

  it("loses no asset when paging by month with a lower bound of one microsecond earlier", async () => {
    const other = await newTenant();
    const [before = "", first = "", last = "", after = ""] = await insertAssets(other, [
      { capturedAt: "2024-01-31T23:59:59.999999" },
      { capturedAt: "2024-02-01T00:00:00" },
      { capturedAt: "2024-02-29T23:59:59.999999" },
      { capturedAt: "2024-03-01T00:00:00" },
    ]);
    const month = async (from: string, to: string) =>
      idsOf(
        await list(
          other,
          `order=asc&local_datetime_after=${from}T23:59:59.999999&local_datetime_before=${to}T00:00:00`,
        ),
      );
    expect(await month("2023-12-31", "2024-02-01")).toEqual([before]);
    expect(await month("2024-01-31", "2024-03-01")).toEqual([first, last]);
    expect(await month("2024-02-29", "2024-04-01")).toEqual([after]);
  });

  it("defaults to 100 without include and 20 with it, up to 1,000 and 200", async () => {
    const other = await newTenant();
    await insertAssets(
      other,
      Array.from({ length: 205 }, () => ({})),
    );
    const size = async (query: string) => (await list(other, query)).data.length;
    expect([
      await size(""),
      await size("include="),
      await size("limit=1000"),
      await size("include=&limit=200"),
    ]).toEqual([100, 20, 205, 200]);
    expect(await size("limit=201")).toBe(201);
    for (const limit of ["0", "1001", "abc", "1.5", "-1", "", "1e2", "+5", "0x10", "99999999999999999999", "1,2"]) {
      expect(await status(other, `limit=${limit}`), limit).toBe(422);
    }
    expect(await status(other, "limit=5&limit=6")).toBe(422);
    for (const include of ["", "metadata"]) expect(await status(other, `include=${include}&limit=201`)).toBe(422);
  });

  it("returns 422 for a malformed cursor and 400 for the id of a foreign or unknown asset", async () => {
    for (const cursor of ["x", "", "asset_", albumId, "asset_stack_BM3nUmJ6fkBqBADyz5FEiu"]) {
      expect(await status(tenant, `starting_after_id=${cursor}`), cursor).toBe(422);
    }
    const second = await insertLibrary(tenant.userId, "second");
    const [elsewhere = ""] = await insertAssets({ ...tenant, libraryId: second }, [{}]);
    for (const cursor of [newId("asset"), elsewhere]) {
      expect(await status(tenant, `library_id=${tenant.libraryId}&starting_after_id=${cursor}`)).toBe(400);
    }
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(second).run();
  });
});

describe("date filters", () => {
  let tenant: Tenant;
  let names: Map<string, string>;
  beforeAll(async () => {
    tenant = await newTenant();
    const taken = {
      utcNoon: "2024-06-01T12:00:00Z",
      tokyo: "2024-06-01T21:00:00+09:00",
      losAngeles: "2024-06-01T05:00:00-07:00",
      naive: "2024-06-01T12:00:00",
    };
    const ids = await insertAssets(
      tenant,
      Object.values(taken).map((text) => ({ capturedAt: text })),
    );
    names = new Map(Object.keys(taken).map((name, i) => [ids[i] ?? "", name]));
  });

  async function between(after: string | null, before: string | null): Promise<string[]> {
    const bound = (name: string, text: string | null) =>
      text === null ? "" : `&local_datetime_${name}=${encodeURIComponent(text)}`;
    const page = await list(tenant, bound("after", after) + bound("before", before));
    return idsOf(page)
      .map((id) => names.get(id) ?? "unnamed")
      .toSorted();
  }

  it("without an offset are exclusive wall-clock bounds", async () => {
    expect(await between("2024-06-01T11:59:59", "2024-06-01T12:00:01")).toEqual(["naive", "utcNoon"]);
    expect(await between("2024-06-01T12:00:00", null)).toEqual(["tokyo"]);
    expect(await between(null, "2024-06-01T12:00:00")).toEqual(["losAngeles"]);
    expect(await between("2024-06-01", "2024-06-02")).toHaveLength(4);
  });

  it("with an offset are instants for assets with a known offset and wall-clock bounds for others", async () => {
    expect(await between("2024-06-01T11:59:59Z", "2024-06-01T12:00:01Z")).toEqual([
      "losAngeles",
      "naive",
      "tokyo",
      "utcNoon",
    ]);
    expect(await between("2024-06-01T12:00:00Z", null)).toEqual([]);
    expect(await between(null, "2024-06-01T12:00:00Z")).toEqual([]);
    // The same instant in Tokyo time: the naive asset's wall clock is then nine hours before the bound.
    expect(await between(null, "2024-06-01T21:00:01+09:00")).toEqual(["losAngeles", "naive", "tokyo", "utcNoon"]);
    expect(await between("2024-06-01T20:59:59+09:00", null)).toEqual(["losAngeles", "tokyo", "utcNoon"]);
    expect(await between("2024-05-31T22:00:00-14:00", null)).toEqual(["naive"]);
  });

  it("return 422 if naive and aware bounds are mixed or a date is invalid", async () => {
    const bounds = (after: string, before: string) => `local_datetime_after=${after}&local_datetime_before=${before}`;
    expect(await status(tenant, bounds("2024-01-01T00:00:00", "2024-02-01T00:00:00Z"))).toBe(422);
    expect(await status(tenant, bounds("2024-01-01T00:00:00Z", "2024-02-01"))).toBe(422);
    expect(await status(tenant, bounds("2024-01-01T00:00:00%2B02:00", "2024-02-01T00:00:00Z"))).toBe(200);
    for (const text of [
      "yesterday",
      "",
      "2024-13-01",
      "2024-02-30",
      "1717243200",
      "NaN",
      "2024-06-01T25:00:00",
      "2024-06-01T12:00:00%2B15:00",
    ]) {
      for (const name of ["after", "before"])
        expect(await status(tenant, `local_datetime_${name}=${text}`), text).toBe(422);
    }
  });

  it("accept the earliest and latest representable dates", async () => {
    expect(await between("0001-01-01", "9999-12-31")).toHaveLength(4);
    expect(await between("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")).toHaveLength(4);
    expect(await between("9999-12-31", "0001-01-01")).toEqual([]);
  });
});

describe("location filters", () => {
  let tenant: Tenant;
  let names: Map<string, string>;
  const positions: Record<string, [number, number]> = {
    paris: [2.3522, 48.8566],
    versailles: [2.1301, 48.8049],
    fiji: [178.4419, -18.1416],
    samoa: [-171.7667, -13.8333],
    pole: [0, 90],
    origin: [0, 0],
  };
  beforeAll(async () => {
    tenant = await newTenant();
    const ids = await insertAssets(tenant, [
      ...Object.values(positions).map((position) => ({ position })),
      { position: null },
    ]);
    names = new Map(Object.keys(positions).map((name, i) => [ids[i] ?? "", name]));
  });

  const findNames = async (query: string) =>
    idsOf(await list(tenant, query))
      .map((id) => names.get(id) ?? "unnamed")
      .toSorted();

  it("find assets in a bbox, edges included, also across the antimeridian", async () => {
    expect(await findNames("bbox=2,48,3,49")).toEqual(["paris", "versailles"]);
    expect(await findNames("bbox=2.3522,48.8566,2.3522,48.8566")).toEqual(["paris"]);
    expect(await findNames("bbox=170,-30,-170,0")).toEqual(["fiji", "samoa"]);
    expect(await findNames("bbox=-170,-30,170,0")).toEqual(["origin"]);
    expect(await findNames("bbox=-180,-90,180,90")).toEqual(Object.keys(positions).toSorted());
    expect(await findNames("bbox=%202%20,%2048,3,49")).toEqual(["paris", "versailles"]);
  });

  it("find assets within a radius of a point", async () => {
    expect(await findNames("center=2.3522,48.8566&radius=1000")).toEqual(["paris"]);
    expect(await findNames("center=2.3522,48.8566&radius=20000")).toEqual(["paris", "versailles"]);
    expect(await findNames("center=178.4419,-18.1416&radius=0.5")).toEqual(["fiji"]);
    expect(await findNames("center=120,90&radius=50000")).toEqual(["pole"]);
    expect(await findNames("center=-179.99,-18.1416&radius=50000")).toEqual([]);
  });

  it("return 422 for invalid values", async () => {
    const boxes = [
      "",
      "1,2,3",
      "1,2,3,4,5",
      "a,b,c,d",
      "NaN,0,1,1",
      "0,0,Infinity,1",
      "-181,0,1,1",
      "0,-91,1,1",
      "0,0,181,1",
      "0,0,1,91",
      "0,2,1,1",
      "0,,1,1",
      "0x1,0,1,1",
      "1e999,0,1,1",
    ];
    for (const box of boxes) expect(await status(tenant, `bbox=${box}`), box).toBe(422);
    for (const center of ["", "1", "1,2,3", "NaN,1", "1,Infinity", "181,0", "0,91", "a,b"]) {
      expect(await status(tenant, `center=${center}&radius=10`), center).toBe(422);
    }
    for (const radius of ["", "0", "-1", "50001", "NaN", "Infinity", "ten", "1e999"]) {
      expect(await status(tenant, `center=0,0&radius=${radius}`), radius).toBe(422);
    }
    expect(await status(tenant, "center=0,0&radius=50000")).toBe(200);
    expect(await status(tenant, "center=0,0&radius=1e3")).toBe(200);
  });

  it("return 422 for bbox combined with a circle, or an incomplete circle", async () => {
    for (const query of [
      "bbox=0,0,1,1&center=0,0&radius=10",
      "bbox=0,0,1,1&radius=10",
      "bbox=0,0,1,1&center=0,0",
      "center=0,0",
      "radius=10",
    ]) {
      expect(await status(tenant, query), query).toBe(422);
    }
  });
});

describe("other filters", () => {
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await newTenant();
  });

  it("return 422 if contradictory or invalid", async () => {
    const album = await (await call("POST", "/api/albums", { token: tenant.token, json: {} })).json<{ id: string }>();
    expect(await status(tenant, `album_id=${album.id}&album_filter=not_in_album`)).toBe(422);
    expect(await status(tenant, `album_id=${album.id}&album_filter=in_album`)).toBe(200);
    expect(await status(tenant, `person_id=${newId("person")}&person_ids=${newId("person")}`)).toBe(422);
    for (const query of [
      "state=gone",
      "order=up",
      "media_type=audio",
      "album_filter=some",
      "state=live&state=all",
      "media_type=",
    ]) {
      expect(await status(tenant, query), query).toBe(422);
    }
    for (const name of ["library_id", "album_id", "stack_id", "person_id", "ids", "person_ids"]) {
      expect(await status(tenant, `${name}=x`), name).toBe(422);
      expect(await status(tenant, `${name}=${newId("task")}`), name).toBe(422);
    }
    expect(await status(tenant, `album_id=${newId("album")}`)).toBe(404);
  });

  it("accept 200 ids and reject 201", async () => {
    const ids = await insertAssets(
      tenant,
      Array.from({ length: 201 }, () => ({})),
    );
    const page = await list(
      tenant,
      `include=&limit=200&ids=${ids.slice(0, 100).join(",")}&ids=${ids.slice(100, 200).join(",")}`,
    );
    expect(idsOf(page).toSorted()).toEqual(ids.slice(0, 200).toSorted());
    expect(page.has_more).toBe(false);
    expect(await status(tenant, `ids=${ids.join(",")}`)).toBe(422);
    const people = (count: number) => Array.from({ length: count }, () => newId("person")).join(",");
    expect(await status(tenant, `person_ids=${people(201)}`)).toBe(422);
  });

  it("return nothing for people, since no faces are detected", async () => {
    for (const name of ["person_ids", "person_id"]) {
      expect(await list(tenant, `${name}=${newId("person")}`)).toEqual({ data: [], has_more: false });
    }
  });

  it("return the members of a stack", async () => {
    const stackId = newId("stack");
    const ids = await insertAssets(tenant, [
      { stackId, capturedAt: "2024-01-02" },
      { stackId, capturedAt: "2024-01-01" },
      { stackId, trashedAt: 5 },
    ]);
    expect(idsOf(await list(tenant, `stack_id=${stackId}`))).toEqual(ids.slice(0, 2));
    expect(idsOf(await list(tenant, `stack_id=${stackId}&state=trashed`))).toEqual(ids.slice(2));
    expect((await list(tenant, `stack_id=${stackId}`)).data[0]).toMatchObject({ stack_id: stackId });
  });

  it("use the only library in a key's scope for date filters in the trash, even if an older library is trashed", async () => {
    const userId = await insertUser();
    const [trashed, live] = [await insertLibrary(userId), await insertLibrary(userId)];
    await env.DB.prepare("UPDATE libraries SET trashed_at = 1 WHERE id = ?").bind(trashed).run();
    const { secret: token } = await insertKey({ userId, libraryIds: [trashed, live] });
    const ids = await insertAssets({ userId, libraryId: live }, [{ capturedAt: "2024-01-01", trashedAt: 5 }]);
    expect(
      idsOf(await list({ userId, libraryId: live, token }, "state=trashed&local_datetime_after=2023-01-01")),
    ).toEqual(ids);
  });

  it("cost at most three database round trips including authentication", async () => {
    const counted = countingD1(env.DB);
    const [id = ""] = await insertAssets(tenant, [{}]);
    const queries = [
      "",
      "include=metadata,faces,people,metrics,file_data,variants,legacy",
      `starting_after_id=${id}&limit=1`,
      `ids=${id}`,
      "state=trashed&local_datetime_after=2020-01-01",
      "bbox=-180,-90,180,90",
    ];
    for (const token of [tenant.token, undefined]) {
      for (const query of queries.filter((each) => token !== undefined || !each.includes(id))) {
        counted.reset();
        const response = await call("GET", `/api/assets?${query}`, {
          ...(token === undefined ? {} : { token }),
          env: { DB: counted.binding },
        });
        expect(response.status, query).toBe(200);
        if (token !== undefined || query !== "") expect(counted.counts.roundTrips, query).toBeLessThanOrEqual(3);
      }
    }
  });
});

describe("extreme capture dates", () => {
  it("are stored, listed and returned unchanged", async () => {
    const tenant = await newTenant();
    const first = "1700-01-01T00:00:00";
    for (const fileCreatedAt of [first, "2200-12-31T23:59:59+14:00", "1969-12-31T23:59:59.999999+01:00"]) {
      expect((await upload(uniqueBytes(), { token: tenant.token, fileCreatedAt })).status, fileCreatedAt).toBe(201);
    }
    const times = (await list(tenant)).data.map((asset) => asset.local_datetime);
    expect(times).toEqual(["2200-12-31T23:59:59+14:00", "1969-12-31T23:59:59.999999+01:00", first]);
  });
});
