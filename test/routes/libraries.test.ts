import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { call, uniqueBytes, upload } from "../support/api.ts";
import { insertKey, insertLibrary, insertUser, rootOwner } from "../support/tenants.ts";

interface Library {
  id: string;
  name: string;
  description: string | null;
  asset_count: number;
  storage_used_bytes: number;
  created_at: string;
  updated_at: string;
}

async function trash(id: string, at = Date.now()): Promise<void> {
  await env.DB.prepare("UPDATE libraries SET trashed_at = ? WHERE id = ?").bind(at, id).run();
}

describe("libraries", () => {
  it("are created with a name, and a description if there is one", async () => {
    const { userId } = await rootOwner();
    const response = await call("POST", "/api/libraries", { json: { name: "Family", description: "since 1999" } });
    expect(response.status).toBe(201);
    const library = await response.json<Library>();
    expect(library).toEqual({
      id: expect.stringMatching(/^lib_[2-9A-Za-z]{22}$/),
      name: "Family",
      description: "since 1999",
      user_id: userId,
      asset_count: 0,
      storage_used_bytes: 0,
      storage_limit_bytes: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: library.created_at,
    });
    expect(await (await call("GET", `/api/libraries/${library.id}`)).json()).toEqual(library);
    for (const json of [{}, { name: null }, { name: "" }, { name: 7 }, { description: "nameless" }]) {
      expect((await call("POST", "/api/libraries", { json })).status, JSON.stringify(json)).toBe(422);
    }
  });

  it("are renamed and described; null clears the description, and is 422 for the name", async () => {
    const { libraryId } = await rootOwner();
    const patch = async (json: unknown) => await call("PATCH", `/api/libraries/${libraryId}`, { json });
    expect(await (await patch({ name: "Home", description: "all" })).json()).toMatchObject({
      name: "Home",
      description: "all",
    });
    expect(await (await patch({ description: null })).json()).toMatchObject({ name: "Home", description: null });
    expect(await (await patch({})).json()).toMatchObject({ name: "Home", description: null });
    for (const json of [{ name: null }, { name: "" }, { name: ["x"] }, { description: 1 }]) {
      expect((await patch(json)).status, JSON.stringify(json)).toBe(422);
    }
    expect(await (await call("GET", `/api/libraries/${libraryId}`)).json()).toMatchObject({ name: "Home" });
  });

  it("are listed as a bare array: the live ones, the trash newest first, or all", async () => {
    const userId = await insertUser();
    const { secret } = await insertKey({ userId });
    const ids = [await insertLibrary(userId), await insertLibrary(userId), await insertLibrary(userId)];
    await trash(ids[0] ?? "", 2000);
    await trash(ids[1] ?? "", 3000);
    const list = async (query: string) =>
      (await (await call("GET", `/api/libraries${query}`, { token: secret })).json<Library[]>()).map(
        (library) => library.id,
      );
    expect(await list("")).toEqual([ids[2]]);
    expect(await list("?state=live")).toEqual([ids[2]]);
    expect(await list("?state=trashed")).toEqual([ids[1], ids[0]]);
    expect((await list("?state=all")).toSorted()).toEqual(ids.toSorted());
    expect((await call("GET", "/api/libraries?state=gone", { token: secret })).status).toBe(422);
    const trashed = await call("GET", `/api/libraries/${ids[0]}`, { token: secret });
    expect(trashed.status).toBe(200);
    expect(await trashed.json()).not.toHaveProperty("trashed_at");
  });

  it("count what is uploaded into them", async () => {
    const { id } = await (await call("POST", "/api/libraries", { json: { name: "counted" } })).json<Library>();
    const bytes = uniqueBytes(64);
    for (let i = 0; i < 2; i++) await upload(bytes, { libraryId: id });
    await upload(uniqueBytes(100), { libraryId: id });
    const library = await (await call("GET", `/api/libraries/${id}`)).json<Library>();
    expect(library).toMatchObject({ asset_count: 2, storage_used_bytes: 164 });
  });
});

describe("a request that names no library", () => {
  const routes = [
    ["GET", "/api/assets"],
    ["GET", "/api/albums"],
    ["POST", "/api/albums"],
  ] as const;
  let userId: string;
  let token: string;
  beforeAll(async () => {
    userId = await insertUser();
    token = (await insertKey({ userId })).secret;
  });

  const statuses = async (id?: string) =>
    await Promise.all(
      routes.map(async ([method, path]) => {
        const options = method === "POST" ? { token, json: id === undefined ? {} : { library_id: id } } : { token };
        return (await call(method, method === "GET" && id !== undefined ? `${path}?library_id=${id}` : path, options))
          .status;
      }),
    );

  it("means the only live one; with none or several it is 400; an unknown or trashed one is 404", async () => {
    expect(await statuses()).toEqual([400, 400, 400]);
    const first = await insertLibrary(userId);
    expect(await statuses()).toEqual([200, 200, 201]);
    const second = await insertLibrary(userId);
    expect(await statuses()).toEqual([400, 400, 400]);
    expect(await statuses(second)).toEqual([200, 200, 201]);
    await trash(second);
    expect(await statuses()).toEqual([200, 200, 201]);
    expect(await statuses(second)).toEqual([404, 404, 404]);
    expect(await statuses(newId("library"))).toEqual([404, 404, 404]);
    expect(await statuses("lib_short")).toEqual([422, 422, 422]);
    expect(await statuses(first)).toEqual([200, 200, 201]);
  });

  it("makes a library by an upload where there is none", async () => {
    const owner = await insertUser();
    const { secret } = await insertKey({ userId: owner });
    expect((await upload(uniqueBytes(), { token: secret })).status).toBe(201);
    const libraries = await (await call("GET", "/api/libraries", { token: secret })).json<Library[]>();
    expect(libraries).toMatchObject([{ name: "Default Library", asset_count: 1 }]);
    await insertLibrary(owner);
    expect((await upload(uniqueBytes(), { token: secret })).status).toBe(400);
  });
});
