import { hc } from "hono/client";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { AppType } from "../../src/app.ts";
import { call, upload, uniqueBytes } from "../support/clients/api.ts";

const client = hc<AppType>("https://tintype.test", {
  fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const body = request.body === null ? {} : { body: await request.text() };
    return await call(request.method, request.url, { headers: Object.fromEntries(request.headers), ...body });
  },
});

async function uploadPhoto(): Promise<string> {
  return (await (await upload(uniqueBytes())).json<{ id: string }>()).id;
}

describe("Hono's client with the type of the app", () => {
  it("lists and reads assets", async () => {
    const id = await uploadPhoto();
    const page = await (await client.api.assets.$get({ query: { limit: "5", include: ["metadata"] } })).json();
    expectTypeOf(page.data[0]?.id).toEqualTypeOf<string | undefined>();
    expect(page.data.map((asset) => asset.id)).toContain(id);
    const response = await client.api.assets[":asset_id"].$get({ param: { asset_id: id }, query: {} });
    const asset = await response.json();
    expectTypeOf(asset.width).toEqualTypeOf<number>();
    expectTypeOf(asset.metadata).not.toBeAny();
    expect(asset.id).toBe(id);
  });

  it("sends typed bodies", async () => {
    const id = await uploadPhoto();
    const album = await (await client.api.albums.$post({ header: {}, json: { name: "From a typed client" } })).json();
    expectTypeOf(album.id).toEqualTypeOf<string>();
    expect(album.name).toBe("From a typed client");
    const trashed = await client.api.assets.trash.$post({ query: {}, json: { ids: [id] } });
    expect(trashed.status).toBe(200);
  });

  it("rejects what the API rejects, at compile time and at run time", async () => {
    // @ts-expect-error The name of an album is text.
    expect((await client.api.albums.$post({ header: {}, json: { name: 5 } })).status).toBe(422);
    // @ts-expect-error Ids are texts.
    expect((await client.api.assets.trash.$post({ query: {}, json: { ids: [5] } })).status).toBe(422);
    // @ts-expect-error There is no such route.
    expect((await client.api.photos.$get()).status).toBe(404);
  });
});
