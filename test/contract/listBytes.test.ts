/** The largest page of each list whose rows are small enough that the number of rows bounds its bytes. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { newId } from "../../src/kernel/ids.ts";
import { MAX_CAPTION_BYTES, MAX_NAME_BYTES, MAX_ROW_JSON_BYTES } from "../../src/kernel/textLimits.ts";
import { MAX_REASON_BYTES } from "../../src/operations/tasks/taskCompletion.ts";
import { getRootOwner, sqlAll } from "../support/clients/account.ts";
import { call } from "../support/clients/api.ts";
import { appendVersion, solidPng, uploadPhoto } from "../support/clients/versions.ts";
import { insertAssets } from "../support/clients/tenants.ts";
import { insertFaces, insertPerson } from "../support/rows/personAssets.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";

const MIB = 1024 * 1024;
let owner: { userId: string; libraryId: string };

beforeAll(async () => {
  owner = await getRootOwner();
});

async function readList(path: string): Promise<{ rows: unknown[]; characters: number }> {
  const response = await call("GET", path);
  const text = await response.text();
  expect(response.status, text.slice(0, 300)).toBe(200);
  const page = z.union([z.array(z.unknown()), z.object({ data: z.array(z.unknown()) })]).parse(JSON.parse(text));
  return { rows: Array.isArray(page) ? page : page.data, characters: text.length };
}

describe("the largest page", () => {
  it("of albums has 200 with the longest names and descriptions, in less than 4 MiB", async () => {
    const ids = Array.from({ length: 201 }, (_, i) => newId("album", i));
    await sqlAll(
      `INSERT INTO albums (id, library_id, user_id, name, description, created_at, updated_at)
       SELECT value, ?2, ?3, ?4, ?5, 0, 0 FROM json_each(?1)`,
      JSON.stringify(ids),
      owner.libraryId,
      owner.userId,
      "n".repeat(MAX_NAME_BYTES),
      "d".repeat(MAX_CAPTION_BYTES),
    );
    const { rows, characters } = await readList("/api/albums?limit=200");
    expect(rows).toHaveLength(200);
    expect(characters).toBeLessThan(4 * MIB);
  });

  it("of tasks has 1,000 with the longest results and errors, in less than 4 MiB", async () => {
    const text = "r".repeat(MAX_REASON_BYTES);
    // A parameter has at most 2 MB.
    for (let i = 0; i < 3; i++) {
      await insertTaskRows(
        owner,
        Array.from({ length: 334 }, () => ({ result: text, errorMessage: text })),
      );
    }
    const { rows, characters } = await readList("/api/tasks?limit=1000");
    expect(rows).toHaveLength(1000);
    expect(characters).toBeLessThan(4 * MIB);
  });

  it("of assets has as many as fit with 200 faces and people each, in less than 12 MiB", async () => {
    const ids = await insertAssets(
      owner,
      Array.from({ length: 60 }, () => ({})),
    );
    const people = await Promise.all(Array.from({ length: 200 }, async () => await insertPerson(owner)));
    for (const assetId of ids) {
      await insertFaces(
        owner,
        people.map((personId) => ({ assetId, personId })),
      );
    }
    const { rows, characters } = await readList("/api/assets?limit=60");
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.length).toBeLessThan(60);
    expect(characters).toBeLessThan(12 * MIB);
    const listed = await call("GET", `/api/assets?ids=${ids.join(",")}&include=faces,people&limit=200`);
    expect(listed.status).toBe(422);
    const few = await readList(`/api/assets?ids=${ids.slice(0, 30).join(",")}&include=faces,people&limit=200`);
    expect(few.rows).toHaveLength(30);
    expect(few.characters).toBeLessThan(16 * MIB);
    await sqlAll("DELETE FROM assets WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  });

  it("of versions has an upload and one edited version, with 64 KiB of parameters", async () => {
    const photo = await uploadPhoto();
    const params = `{"a":"${"p".repeat(MAX_ROW_JSON_BYTES - 8)}"}`;
    expect((await appendVersion(photo.id, await solidPng(1), { params })).status).toBe(201);
    expect((await appendVersion(photo.id, await solidPng(2), { params })).status).toBe(409);
    const { rows, characters } = await readList(`/api/assets/${photo.id}/versions?include=variants`);
    expect(rows).toHaveLength(2);
    expect(characters).toBeLessThan(128 * 1024);
  });
});
