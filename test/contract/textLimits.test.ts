/** Text that a request or a file stores is bounded, and so is every row. */
import type { Schema } from "@cfworker/json-schema";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { MAX_CAPTION_BYTES, MAX_NAME_BYTES, MAX_ROW_JSON_BYTES } from "../../src/kernel/textLimits.ts";
import { findAssetForTask } from "../../src/records/assets/assets.ts";
import { parseDescription } from "../../src/providers/describers/parseCompletion.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { call, upload, uploadForm } from "../support/clients/api.ts";
import { expectAsset } from "../support/clients/responses.ts";
import {
  fillPath,
  listOperations,
  readDocument,
  resolveReference,
  sampleValue,
  type ApiDocument,
  type Operation,
} from "../support/clients/openapi.ts";
import { uploadPhoto } from "../support/clients/versions.ts";
import { storeChange } from "../support/applied.ts";
import { testContext } from "../support/context.ts";
import { filledTextPng, textPng, xmpTextFields } from "../support/media/textPng.ts";
import { renderPng } from "../support/media/images.ts";
import { seededRandom } from "../support/random.ts";
import { largestRows } from "../support/rows/rowSizes.ts";

let document: ApiDocument;
let operations: Operation[];

beforeAll(async () => {
  document = await readDocument();
  operations = listOperations(document);
  await getRootOwner();
});

type Path = (string | number)[];

/** Paths of all text values in a body: properties of objects, and the first element of arrays. */
function textPaths(schemaOrBoolean: Schema | boolean, path: Path = []): Path[] {
  if (typeof schemaOrBoolean === "boolean") return [];
  const schema = resolveReference(document, schemaOrBoolean);
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((each) =>
    textPaths(each, path),
  );
  const types: unknown[] = [schema.type].flat();
  if (types.includes("string")) return [path, ...inner];
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, each]) => textPaths(each, [...path, key]));
  const items = schema.items === undefined ? [] : textPaths(schema.items, [...path, 0]);
  return [...inner, ...properties, ...items];
}

function withText(value: unknown, path: Path, text: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return text;
  if (typeof key === "number") return [withText(Array.isArray(value) ? value[0] : undefined, rest, text)];
  const object = typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  return { ...object, [key]: withText(object[key], rest, text) };
}

const TOO_LONG = "x".repeat(MAX_ROW_JSON_BYTES + 1);
const issuesSchema = z.object({ detail: z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])) })) });

describe("every text of every request body", () => {
  it("is refused with 422 when it is too long", async () => {
    let sent = 0;
    for (const operation of operations) {
      const schema = operation.requestBody?.content?.["application/json"]?.schema;
      if (schema === undefined) continue;
      for (const path of textPaths(schema)) {
        const json = withText(sampleValue(document, schema), path, TOO_LONG);
        const response = await call(operation.method, fillPath(operation), { json });
        const title = `${operation.title} ${path.join(".")}`;
        expect(response.status, title).toBe(422);
        const locations = issuesSchema.parse(await response.json()).detail.map(({ loc }) => loc.join("."));
        expect(locations, title).toContain(["body", ...path].join("."));
        sent += 1;
      }
    }
    expect(sent).toBeGreaterThan(20);
  });

  it("is refused with 422 in every field of every form, and nothing is stored", async () => {
    const photo = await uploadPhoto();
    const file = new File([await renderPng(2, 2, () => [1, 2, 3, 255])], "photo.png", { type: "image/png" });
    let sent = 0;
    for (const operation of operations) {
      const schema = operation.requestBody?.content?.["multipart/form-data"]?.schema;
      if (schema === undefined) continue;
      const properties = Object.entries(resolveReference(document, schema).properties ?? {});
      const isFile = (each: Schema | boolean): boolean => typeof each === "object" && each.format === "binary";
      const fileField = properties.find(([, each]) => isFile(each))?.[0] ?? "";
      const path = fillPath(operation, { asset_: photo.id, asset_version_: photo.current_version_id });
      for (const [key] of properties.filter(([, each]) => !isFile(each))) {
        const form = new FormData();
        form.set(key, TOO_LONG);
        form.set(fileField, file);
        expect((await call(operation.method, path, { body: form })).status, `${operation.title} ${key}`).toBe(422);
        sent += 1;
      }
    }
    expect(sent).toBeGreaterThan(8);
    const [rows] = await sqlAll("SELECT count(*) AS assets FROM assets");
    expect(rows).toEqual({ assets: 1 });
  });

  it("may be as long as the limit, counted in bytes of JSON", async () => {
    for (const character of ["x", '"', "\n", "\u0001", "é", "中", "\u{1f600}"]) {
      const bytes = new TextEncoder().encode(JSON.stringify(character)).length - 2;
      // Exactly as long as the limit. Names lose outer space, so each text begins and ends with a letter.
      const longest = (maxBytes: number): string => {
        const count = Math.floor((maxBytes - 2) / bytes);
        return `${"x".repeat(maxBytes - 1 - count * bytes)}${character.repeat(count)}x`;
      };
      const json = { name: longest(MAX_NAME_BYTES), description: longest(MAX_CAPTION_BYTES) };
      const created = await call("POST", "/api/albums", { json });
      expect(created.status, JSON.stringify(character)).toBe(201);
      expect(await created.json()).toMatchObject(json);
      for (const longer of [{ name: `${json.name}x` }, { description: `${json.description}x` }]) {
        expect((await call("POST", "/api/albums", { json: longer })).status, JSON.stringify(character)).toBe(422);
      }
    }
  });
});

/** Text that fills `maxBytes` bytes of JSON with the characters that take the most bytes in SQLite or in JSON. */
const fillers: Record<string, (maxBytes: number) => string> = {
  ascii: (maxBytes) => "x".repeat(maxBytes),
  escaped: (maxBytes) => '"'.repeat(Math.floor(maxBytes / 2)),
  control: (maxBytes) => "\u0001".repeat(Math.floor(maxBytes / 6)),
  wide: (maxBytes) => "中".repeat(Math.floor(maxBytes / 3)),
  emoji: (maxBytes) => "\u{1f600}".repeat(Math.floor(maxBytes / 4)),
};

/** JSON columns of one row. */
async function largestAssetJson(): Promise<number> {
  const [row] = await sqlAll(`SELECT max(octet_length(file_metadata) + octet_length(user_metadata)
    + octet_length(derived_metadata) + coalesce(octet_length(metrics), 0)) AS bytes FROM assets`);
  return z.number().parse(row?.bytes);
}

/** Sets every text of an asset that a user, a geocoder or a describer can set. */
async function fillAsset(assetId: string, fill: (maxBytes: number) => string): Promise<void> {
  const json = { description: fill(MAX_CAPTION_BYTES), latitude: 1.123456789012345, longitude: -179.123456789012 };
  await expectAsset(await call("PATCH", `/api/assets/${assetId}`, { json }), 200);
  const context = testContext();
  const asset = await findAssetForTask(context.db, assetId);
  if (asset === null) throw new Error("the asset was deleted");
  const place = fill(4096);
  const names = { city: place, state: place, country: place, sublocation: place, placeName: place };
  const described = parseDescription(`a ${fill(16_384)}`);
  await storeChange(context, asset, {
    place: { ...names, countryCode: "AT", timezone: "Europe/Vienna" },
    ...(described.kind === "text" ? { description: described.text } : {}),
  });
}

/** A version's parameters may fill the JSON alone; ids, checksums and times are 1 KiB at most. */
const MAX_ROW_BYTES = MAX_ROW_JSON_BYTES + 1024;

describe("the largest row", () => {
  it("of a PNG of 3 KB with ten long texts holds captions of 16 KiB and names of 1 KiB", async () => {
    const png = await filledTextPng("x".repeat(65_536));
    expect(png.length).toBeLessThan(4096);
    const { metadata } = await expectAsset(await upload(png, { name: "texts.png" }), 201);
    expect(metadata?.description).toBe("x".repeat(MAX_CAPTION_BYTES));
    for (const text of [metadata?.make, metadata?.city, metadata?.sublocation, metadata?.auto_stack_id]) {
      expect(text).toBe("x".repeat(MAX_NAME_BYTES));
    }
  });

  it("of a version counts its parameters as they are stored", async () => {
    const photo = await uploadPhoto();
    const file = new File([await renderPng(3, 3, () => [1, 2, 3, 255])], "photo.png", { type: "image/png" });
    const append = async (params: string): Promise<number> => {
      const form = new FormData();
      form.set("kind", "edit");
      form.set("params", params);
      form.set("file", file);
      return (await call("POST", `/api/assets/${photo.id}/versions`, { body: form })).status;
    };
    // JSON.stringify writes 1e20 with 21 digits.
    expect(await append(`{"a":[${Array.from({ length: 10_000 }, () => "1e20").join(",")}]}`)).toBe(422);
    expect(await append(`{"a":"${"x".repeat(MAX_ROW_JSON_BYTES - 8)}"}`)).toBe(201);
    const [row] = await sqlAll("SELECT max(octet_length(params)) AS bytes FROM asset_versions");
    expect(row).toEqual({ bytes: MAX_ROW_JSON_BYTES });
  });

  it("of an asset stays within 64 KiB, whatever its file, its user and its tasks say", async () => {
    const random = seededRandom(64);
    for (const [name, fill] of Object.entries(fillers)) {
      const png = await filledTextPng(fill(65_000));
      const form = uploadForm(png, { name: `${"\u{1f600}".repeat(1000)}.png`, deviceAssetId: fill(MAX_NAME_BYTES) });
      form.set("device_id", fill(MAX_NAME_BYTES));
      const response = await call("POST", "/api/assets", { body: form });
      const asset = await expectAsset(response, 201);
      expect(asset.metadata?.description?.length, name).toBeGreaterThan(2000);
      await fillAsset(asset.id, fill);
    }
    for (let i = 0; i < 20; i++) {
      const fields = xmpTextFields.map((field) => {
        const fill = Object.values(fillers)[Math.floor(random() * 5)] ?? String;
        return [field, `${fill(Math.floor(random() * 70_000))} ${i}`];
      });
      await expectAsset(await upload(await textPng(Object.fromEntries(fields)), { name: `${i}.png` }), 201);
    }
    expect(await largestAssetJson()).toBeGreaterThan(40 * 1024);
    expect(await largestAssetJson()).toBeLessThanOrEqual(MAX_ROW_JSON_BYTES);
    for (const [table, bytes] of await largestRows()) expect(bytes, table).toBeLessThanOrEqual(MAX_ROW_BYTES);
  });

  it("of every other table stays within 64 KiB of text", async () => {
    const fill = fillers.emoji ?? String;
    const library = { name: fill(MAX_NAME_BYTES), description: fill(MAX_CAPTION_BYTES) };
    const { id: library_id } = await (await call("POST", "/api/libraries", { json: library })).json<{ id: string }>();
    const created = await call("POST", "/api/albums", { json: { ...library, library_id } });
    expect(created.status).toBe(201);
    const ids = Array.from({ length: 199 }, (_, i) => `lib_${"2".repeat(19)}${String(i + 222).replace(/[01]/g, "z")}`);
    const key = {
      name: fill(MAX_NAME_BYTES),
      library_scope_mode: "selected_libraries",
      library_ids: [library_id, ...ids],
    };
    expect([201, 404]).toContain((await call("POST", "/api/api-keys", { json: key })).status);
    for (const [table, bytes] of await largestRows()) expect(bytes, table).toBeLessThanOrEqual(MAX_ROW_BYTES);
  });
});
