/** Signatures computed per response: each costs CPU time of every read. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { getRootOwner } from "../../support/clients/account.ts";
import { call, type CallOptions } from "../../support/clients/api.ts";
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
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A signing key that the isolate has not used yet. It imports one once, which takes a signature for its cache tag. */
async function newKey(): Promise<CallOptions> {
  const options = { env: { MEDIA_SIGNING_KEY: `a signing key of a test, ${crypto.randomUUID()}` } };
  await (await call("GET", "/api/assets?ids=asset_BM3nUmJ6fkBqBADyz5FEiu&include=", options)).arrayBuffer();
  return options;
}

async function countSignatures(path: string, key?: CallOptions): Promise<number> {
  const options = key ?? (await newKey());
  const sign = vi.spyOn(crypto.subtle, "sign");
  sign.mockClear();
  const response = await call("GET", path, options);
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

  it("takes none for URLs that the isolate has signed before", async () => {
    const key = await newKey();
    const path = `/api/assets?limit=${ASSETS}&include=`;
    expect(await countSignatures(path, key)).toBe(ASSETS);
    expect(await countSignatures(path, key)).toBe(0);
    expect(await countSignatures(path)).toBe(ASSETS);
  });

  it("takes two for each version with all its URLs", async () => {
    expect(await countSignatures(`/api/assets/${photoId}/versions?include=variants`)).toBe(4);
  });
});
