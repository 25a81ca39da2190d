import { createHash } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { call, uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { field, fields, file, multipartBody, type RawPart } from "../../support/clients/multipart.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { postBody, postParts, storedState } from "../../support/clients/uploads.ts";
import {
  appendVersion,
  editedJpeg,
  listAssetObjects,
  uploadPhoto,
  versionForm,
} from "../../support/clients/versions.ts";

let before: Awaited<ReturnType<typeof storedState>>;

beforeAll(async () => {
  await getRootOwner();
});
beforeEach(async () => {
  before = await storedState();
});

function digest(algorithm: "sha256" | "sha1", bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("base64");
}

async function expectRejected(answer: Promise<Response>, message: RegExp): Promise<void> {
  expect((await expectError(await answer, 422)).message).toMatch(message);
  expect(await storedState()).toEqual(before);
}

/** A file part with one more header. */
function fileWithHeader(bytes: Uint8Array, header: string): RawPart {
  const part = file(bytes);
  return { ...part, disposition: `${part.disposition}\r\n${header}` };
}

describe("a digest declared with an upload", () => {
  it("is accepted in either position when the bytes match", async () => {
    for (const isFirst of [true, false]) {
      const bytes = uniqueBytes();
      const declared = [field("checksum", digest("sha256", bytes)), field("checksum_sha1", digest("sha1", bytes))];
      const rest = [...fields(), file(bytes)];
      const response = await postParts(isFirst ? [...declared, ...rest] : [...rest, ...declared]);
      expect((await expectAsset(response, 201)).file_data?.checksum).toBe(digest("sha256", bytes));
    }
  });

  it("may be empty or left out", async () => {
    const empty = [field("checksum", ""), field("checksum_sha1", "")];
    await expectAsset(await postParts([...fields(), ...empty, file(uniqueBytes())]), 201);
  });

  it("is refused with 422 and nothing stored when the bytes differ", async () => {
    const other = uniqueBytes();
    for (const name of ["checksum", "checksum_sha1"] as const) {
      const declared = field(name, digest(name === "checksum" ? "sha256" : "sha1", other));
      await expectRejected(postParts([...fields(), declared, file(uniqueBytes())]), /of the received bytes is/);
      await expectRejected(postParts([file(uniqueBytes()), ...fields(), declared]), /of the received bytes is/);
    }
  });

  it("is refused when it is no base64 digest", async () => {
    for (const text of ["abc", "z".repeat(44), digest("sha1", uniqueBytes())])
      await expectRejected(postParts([...fields(), field("checksum", text), file(uniqueBytes())]), /base64/);
  });

  it("is refused for a duplicate too, whose existing asset stays", async () => {
    const bytes = uniqueBytes();
    await expectAsset(await postParts([...fields(), file(bytes)]), 201);
    before = await storedState();
    const wrong = field("checksum", digest("sha256", uniqueBytes()));
    await expectRejected(postParts([...fields(), wrong, file(bytes)]), /of the received bytes is/);
  });

  it.each(["Repr-Digest", "Content-Digest"])("is read from the file part's %s header", async (header) => {
    const bytes = uniqueBytes();
    const right = `${header}: sha-512=:AAAA:, sha-256=:${digest("sha256", bytes)}:`;
    await expectAsset(await postParts([...fields(), fileWithHeader(bytes, right)]), 201);
    before = await storedState();
    const wrong = `${header}: sha-256=:${digest("sha256", uniqueBytes())}:`;
    await expectRejected(postParts([...fields(), fileWithHeader(uniqueBytes(), wrong)]), /of the received bytes is/);
    for (const malformed of ["sha-256=abc", "sha-256=:abc:", "sha-256", ""])
      await expectRejected(postParts([...fields(), fileWithHeader(bytes, `${header}: ${malformed}`)]), /Repr-Digest/);
  });

  it("describes the whole form in a header of the request, where it is ignored", async () => {
    const body = await multipartBody([...fields(), file(uniqueBytes())]);
    const headers = { "content-digest": `sha-256=:${digest("sha256", uniqueBytes())}:` };
    await expectAsset(await postBody(body, { headers }), 201);
  });
});

describe("a digest declared with a new version", () => {
  it("is that of the bytes as sent, and refused with 422 and no object when they differ", async () => {
    const asset = await uploadPhoto();
    const edited = await editedJpeg();
    const wrong = versionForm(edited);
    wrong.append("checksum", digest("sha256", uniqueBytes()));
    const objects = await listAssetObjects(asset.id);
    const refused = await call("POST", `/api/assets/${asset.id}/versions`, { body: wrong });
    expect((await expectError(refused, 422)).message).toMatch(/of the received bytes is/);
    expect(await listAssetObjects(asset.id)).toEqual(objects);
    const right = versionForm(edited);
    right.append("checksum", digest("sha256", edited));
    expect((await appendVersion(asset.id, edited, { body: right })).status).toBe(201);
  });
});
