import { beforeAll, describe, expect, inject, it } from "vitest";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import { immichMlEmbedder } from "../../../src/providers/embedders/immichMl.ts";
import { createLibrary, getRootOwner } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { insertTenant } from "../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../support/clients/uploads.ts";
import { versionForm } from "../../support/clients/versions.ts";
import { testContext } from "../../support/context.ts";
import { seededRandom } from "../../support/random.ts";
import { renderPng } from "../../support/media/images.ts";

interface Body {
  data: { asset: { id: string; metadata: object | null }; distance: number }[];
}

type Pixel = [red: number, green: number, blue: number, alpha: number];

const url = inject("embedderServerUrl");
let libraryId: string;

/** A scene of soft light and dark areas, random by `seed`, for an image of 64 × 48 pixels times `scale`. */
function scene(seed: number, scale = 1): (x: number, y: number) => Pixel {
  const random = seededRandom(seed * 7919);
  const grid = Array.from({ length: 9 * 7 }, () => 255 * random());
  const at = (column: number, row: number): number => grid[row * 9 + column] ?? 0;
  return (x, y) => {
    const [u, v] = [Math.min(7.99, (8 * x) / (64 * scale)), Math.min(5.99, (6 * y) / (48 * scale))];
    const [column, row] = [Math.floor(u), Math.floor(v)];
    const [s, t] = [u - column, v - row];
    const top = at(column, row) * (1 - s) + at(column + 1, row) * s;
    const bottom = at(column, row + 1) * (1 - s) + at(column + 1, row + 1) * s;
    const level = Math.round(top * (1 - t) + bottom * t);
    return [level, level, level, 255];
  };
}

async function upload(png: Uint8Array, library = libraryId): Promise<string> {
  const response = await uploadWithoutConsumer(png, { name: "scene.png", libraryId: library });
  const { id } = await response.json<{ id: string }>();
  await runPendingTasks(testContext(), id);
  return id;
}

async function similar(id: string, query = "", env: Partial<Cloudflare.Env> = {}) {
  const response = await call("GET", `/api/assets/${id}/similar?${query}`, { env });
  expect(response.status).toBe(200);
  const { data } = await response.json<Body>();
  return {
    ids: data.map(({ asset }) => asset.id),
    distances: data.map(({ distance }) => distance),
    data,
    method: response.headers.get("x-search-methods"),
  };
}

let photo: string;
let resized: string;
let darker: string;
let others: string[];
let elsewhere: string;

beforeAll(async () => {
  ({ libraryId } = await getRootOwner());
  const darken = (pixel: Pixel): Pixel => [
    Math.round(pixel[0] * 0.8),
    Math.round(pixel[1] * 0.8),
    Math.round(pixel[2] * 0.8),
    255,
  ];
  photo = await upload(await renderPng(128, 96, scene(1, 2)));
  resized = await upload(await renderPng(320, 240, scene(1, 5)));
  darker = await upload(await renderPng(128, 96, (x, y) => darken(scene(1, 2)(x, y))));
  others = [];
  for (const seed of [2, 5, 9]) others.push(await upload(await renderPng(128, 96, scene(seed, 2))));
  elsewhere = await upload(await renderPng(96, 72, scene(1, 1.5)), await createLibrary());
});

describe("GET /api/assets/{asset_id}/similar", () => {
  it("finds resized and edited copies in the same library, the most similar first", async () => {
    const found = await similar(photo);
    expect(found.ids.toSorted()).toEqual([resized, darker].toSorted());
    expect(found.method).toBe("appearance");
    expect(found.distances).toEqual(found.distances.toSorted((a, b) => a - b));
    expect(Math.max(...found.distances)).toBeLessThan(0.2);
    expect((await similar(elsewhere)).ids).toEqual([]);
    expect(found.ids.filter((id) => others.includes(id))).toEqual([]);
  });

  it("takes a limit, a distance and groups", async () => {
    expect((await similar(photo, "limit=1")).ids).toHaveLength(1);
    expect((await similar(photo, "max_distance=2")).ids.toSorted()).toEqual([resized, darker, ...others].toSorted());
    expect((await similar(photo, "include=metadata")).data[0]?.asset.metadata).not.toBeNull();
    for (const query of ["limit=0", "limit=201", "max_distance=-1", "max_distance=3", "max_distance=x", "include=x"]) {
      expect((await call("GET", `/api/assets/${photo}/similar?${query}`)).status, query).toBe(422);
    }
  });

  it("leaves out the trash, and is empty until the photo was analysed", async () => {
    await call("POST", `/api/assets/trash?library_id=${libraryId}`, { json: { ids: [resized] } });
    expect((await similar(photo)).ids).toEqual([darker]);
    expect((await similar(resized)).ids.toSorted()).toEqual([photo, darker].toSorted());
    await call("POST", `/api/assets/restore?library_id=${libraryId}`, { json: { ids: [resized] } });
    const response = await uploadWithoutConsumer(await renderPng(64, 48, scene(1)), { name: "new.png", libraryId });
    const found = await similar((await response.json<{ id: string }>()).id);
    expect([found.ids, found.method]).toEqual([[], null]);
  });

  it("compares the edited version after an edit", async () => {
    const id = await upload(await renderPng(100, 75, scene(7, 2)));
    expect((await similar(id)).ids).not.toContain(photo);
    const body = versionForm(await renderPng(112, 84, scene(1, 1.75)));
    expect((await call("POST", `/api/assets/${id}/versions`, { body })).status).toBe(201);
    await runPendingTasks(testContext({ nowMs: Date.now() + 60_000 }), id);
    expect((await similar(id)).ids).toContain(photo);
    await call("DELETE", `/api/assets/${id}`);
    expect((await similar(photo)).ids).not.toContain(id);
  });

  it("uses the vectors of an embedder of images", async () => {
    const embedder = immichMlEmbedder({ baseUrl: url, model: "words", apiKey: null });
    const ids: string[] = [];
    for (const [index, colour] of (["red", "red", "blue"] as const).entries()) {
      const png = await renderPng(40, 30, (x, y) => {
        const shade = x === index && y === 0 ? 90 : 255 - 40 * index;
        return colour === "red" ? [shade, 0, 0, 255] : [0, 0, shade, 255];
      });
      const response = await uploadWithoutConsumer(png, { name: "colour.png", libraryId });
      const { id } = await response.json<{ id: string }>();
      await runPendingTasks(testContext({ embedder }), id);
      ids.push(id);
    }
    const settings = { EMBEDDER: "immich-ml", IMMICH_ML_URL: url, EMBEDDER_MODEL: "words" };
    const found = await similar(ids[0] ?? "", "", settings);
    expect([found.ids, found.method]).toEqual([[ids[1]], "vectors"]);
  });

  it("is 404 for unknown assets and those of others", async () => {
    const tenant = await insertTenant();
    for (const id of [tenant.assetId, "asset_2222222222222222222222"]) {
      expect((await call("GET", `/api/assets/${id}/similar`)).status).toBe(404);
    }
    expect((await call("GET", `/api/assets/${photo}/similar`, { token: tenant.secret })).status).toBe(404);
  });
});
