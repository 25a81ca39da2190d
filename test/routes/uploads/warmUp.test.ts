import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { warmUpPhoto } from "../../../src/routes/uploads/warmUpPhoto.ts";
import { warmUpUploads } from "../../../src/routes/uploads/warmUp.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { fields, file } from "../../support/clients/multipart.ts";
import { expectAsset } from "../../support/clients/responses.ts";
import { postParts, storedState } from "../../support/clients/uploads.ts";

const ids = { asset_id: expect.any(String), created_at: expect.any(String), updated_at: expect.any(String) };

beforeAll(async () => {
  await getRootOwner();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the warm-up of uploads", () => {
  it("runs every step: its response is that of a real upload of the same form", async () => {
    const times = { file_created_at: "2024-05-06T07:08:09Z", file_modified_at: "2024-05-06T07:08:09.123Z" };
    const form = fields({ device_asset_id: "1", device_id: "1", ...times });
    const uploaded = await expectAsset(await postParts([...form, file(warmUpPhoto)]), 201);
    const warmedUp = await warmUpUploads();
    expect(Object.keys(warmedUp ?? {})).toEqual(Object.keys(uploaded));
    expect(warmedUp).toMatchObject({
      kind: uploaded.kind,
      local_datetime: uploaded.local_datetime,
      width: uploaded.width,
      height: uploaded.height,
      metadata: { ...uploaded.metadata, ...ids },
      file_data: uploaded.file_data,
    });
    // The photo has a value for the code of most metadata fields.
    expect(warmedUp?.metadata).toMatchObject({ iso: 100, latitude: 38.97, rating: 3, timezone: "America/Denver" });
  });

  it("needs nothing that workerd forbids while an isolate starts", async () => {
    const forbidden = () => {
      throw new Error("Disallowed operation called within global scope");
    };
    vi.spyOn(crypto, "getRandomValues").mockImplementation(forbidden);
    vi.spyOn(globalThis, "setTimeout").mockImplementation(forbidden);
    vi.spyOn(globalThis, "fetch").mockImplementation(forbidden);
    expect(() => newId("asset")).toThrow("Disallowed");
    expect(await warmUpUploads()).not.toBeNull();
  });

  it("stores nothing", async () => {
    const before = await storedState();
    await warmUpUploads();
    expect(await storedState()).toEqual(before);
  });
});
