/** Signatures computed per response: each costs CPU time of every read. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { getRootOwner } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { insertAssets } from "../../support/clients/tenants.ts";
import { appendVersion, editedJpeg, expectVersion, uploadPhoto } from "../../support/clients/versions.ts";

const ALL = "include=metadata,faces,people,metrics,file_data,variants,legacy";
const ASSETS = 20;
let photoId: string;

beforeAll(async () => {
  const owner = await getRootOwner();
  await insertAssets(
    owner,
    Array.from({ length: ASSETS }, () => ({})),
  );
  photoId = (await uploadPhoto()).id;
  await expectVersion(await appendVersion(photoId, await editedJpeg()), 201);
  // The isolate imports the signing key once, which takes a signature for its cache tag.
  await call("GET", `/api/assets/${photoId}`);
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function countSignatures(path: string): Promise<number> {
  const sign = vi.spyOn(crypto.subtle, "sign");
  sign.mockClear();
  const response = await call("GET", path);
  expect(response.status, path).toBe(200);
  await response.arrayBuffer();
  return sign.mock.calls.length;
}

describe("a response", () => {
  it("with all URLs of an asset takes two signatures: display variants and original", async () => {
    expect(await countSignatures(`/api/assets/${photoId}?${ALL}`)).toBe(2);
    expect(await countSignatures(`/api/assets/${photoId}?include=variants`)).toBe(2);
  });

  it("takes one for each asset of a lean list", async () => {
    expect(await countSignatures(`/api/assets?limit=${ASSETS}&include=`)).toBe(ASSETS);
  });

  it("takes two for each version with all its URLs", async () => {
    expect(await countSignatures(`/api/assets/${photoId}/versions?include=variants`)).toBe(4);
  });
});
