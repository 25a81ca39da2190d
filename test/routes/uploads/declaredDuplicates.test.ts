/** Duplicates that a client declares before the file: the file isn't read. */
import { createHash } from "node:crypto";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { instrumentedBucket } from "../../support/bindings/bucket.ts";
import { countingD1 } from "../../support/bindings/d1.ts";
import { createApiKey, createLibrary, getRootOwner, sqlAll, storageUsage } from "../../support/clients/account.ts";
import { uniqueBytes, type CallOptions } from "../../support/clients/api.ts";
import { field, fields, file, largeBody, streamChunks, type RawPart } from "../../support/clients/multipart.ts";
import { insertOtherTenant } from "../../support/clients/otherTenant.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { postBody, postParts, storedState } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
let owner: Awaited<ReturnType<typeof getRootOwner>>;

beforeAll(async () => {
  owner = await getRootOwner();
});

type Encoding = "base64" | "hex";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64");
}

function sha1(bytes: Uint8Array, encoding: Encoding = "base64"): string {
  return createHash("sha1").update(bytes).digest(encoding);
}

/** Stores a new file and returns it with its asset. */
async function storeFile(parts: RawPart[] = []) {
  const bytes = uniqueBytes();
  const asset = await expectAsset(await postParts([...fields(), ...parts, file(bytes)]), 201);
  return { bytes, asset };
}

/** A file part that declares the SHA-256 of `declared`. */
function fileDeclaring(bytes: Uint8Array, declared: Uint8Array): RawPart {
  const part = file(bytes);
  return { ...part, disposition: `${part.disposition}\r\nRepr-Digest: sha-256=:${sha256(declared)}:` };
}

function immichHeader(value: string): CallOptions {
  return { headers: { "x-immich-checksum": value } };
}

/** Trashes every library of the owner except the first. */
async function trashOtherLibraries(): Promise<void> {
  await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE user_id = ? AND id <> ?", owner.userId, owner.libraryId);
}

afterEach(trashOtherLibraries);

type Declaration = (known: Uint8Array, sent: Uint8Array) => { parts: RawPart[]; options?: CallOptions };

const declarations: [string, string, Declaration][] = [
  [
    "checksum before the file",
    "assets_by_checksum",
    (known, sent) => ({ parts: [field("checksum", sha256(known)), file(sent)] }),
  ],
  [
    "checksum_sha1 before the file",
    "assets_by_sha1",
    (known, sent) => ({ parts: [field("checksum_sha1", sha1(known)), file(sent)] }),
  ],
  ["Repr-Digest of the file part", "assets_by_checksum", (known, sent) => ({ parts: [fileDeclaring(sent, known)] })],
  [
    "x-immich-checksum in base64",
    "assets_by_sha1",
    (known, sent) => ({ parts: [file(sent)], options: immichHeader(sha1(known)) }),
  ],
  [
    "x-immich-checksum in hexadecimal",
    "assets_by_sha1",
    (known, sent) => ({ parts: [file(sent)], options: immichHeader(sha1(known, "hex").toUpperCase()) }),
  ],
];

describe("a digest of a stored file, declared before the file", () => {
  it.each(declarations)(
    "returns 200 with the existing asset, without R2, in one query: %s",
    async (_, index, declare) => {
      const { bytes, asset } = await storeFile();
      const before = [await storedState(), await storageUsage(owner.libraryId)];
      const bucket = instrumentedBucket();
      const d1 = countingD1(env.DB);
      // The file differs, to show that it isn't read; the required fields are missing.
      const { parts, options } = declare(bytes, uniqueBytes());
      const bindings = { BUCKET: bucket.binding, DB: d1.binding };
      const again = await expectAsset(await postParts(parts, { ...options, env: bindings }), 200);
      expect(again).toEqual({ ...asset, asset_urls: again.asset_urls, download_url: again.download_url });
      expect(bucket.calls).toEqual([]);
      expect([await storedState(), await storageUsage(owner.libraryId)]).toEqual(before);
      expect(d1.counts).toMatchObject({ roundTrips: 2, rowsWritten: 0 });
      const lookup = d1.counts.statements.find(({ sql }) => /from "assets"/i.test(sql));
      const plan = await sqlAll(`EXPLAIN QUERY PLAN ${lookup?.sql}`, ...(lookup?.values ?? []));
      expect(plan.map(({ detail }) => detail).join("\n")).toMatch(
        new RegExp(`SEARCH assets USING INDEX ${index} \\(library_id=\\? AND`),
      );
    },
  );

  it("discards a body of any size to its end, so that the client receives the response", async () => {
    const { bytes, asset } = await storeFile();
    const bucket = instrumentedBucket();
    const body = streamChunks(largeBody([field("checksum", sha256(bytes))], 104 * MIB, fields()));
    const response = await postBody(body.stream, { env: { BUCKET: bucket.binding } });
    expect((await expectAsset(response, 200)).id).toBe(asset.id);
    expect(body.pulledBytes()).toBeGreaterThan(104 * MIB);
    expect(bucket.calls).toEqual([]);
  });

  it("returns 200 when the account or the library is full, which a new file can't enter", async () => {
    const { bytes, asset } = await storeFile();
    const limit = "SELECT storage_limit_bytes AS bytes FROM users WHERE id = ?";
    const [user] = await sqlAll(limit, owner.userId);
    for (const [table, id] of [
      ["users", owner.userId],
      ["libraries", owner.libraryId],
    ] as const) {
      await sqlAll(`UPDATE ${table} SET storage_limit_bytes = 1 WHERE id = ?`, id);
      const parts = (declared: Uint8Array) => [
        ...fields({ library_id: owner.libraryId }),
        fileDeclaring(declared, declared),
      ];
      expect((await expectAsset(await postParts(parts(bytes)), 200)).id).toBe(asset.id);
      await expectError(await postParts(parts(uniqueBytes())), 507);
      const restored = table === "users" ? user?.bytes : null;
      await sqlAll(`UPDATE ${table} SET storage_limit_bytes = ? WHERE id = ?`, restored, id);
    }
  });

  it("returns a trashed asset, and stores the file again once the trash was cleared", async () => {
    const { bytes, asset } = await storeFile();
    const parts = [...fields(), fileDeclaring(bytes, bytes)];
    await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", Date.UTC(2025, 0, 2), asset.id);
    const trashed = await expectAsset(await postParts(parts), 200);
    expect(trashed).toMatchObject({ id: asset.id, trashed_at: "2025-01-02T00:00:00.000Z" });
    await sqlAll("UPDATE libraries SET trash_cleared_at = ? WHERE id = ?", Date.UTC(2025, 0, 3), owner.libraryId);
    const stored = await expectAsset(await postParts(parts), 201);
    expect(stored.id).not.toBe(asset.id);
    expect(stored.trashed_at).toBeNull();
  });
});

describe("a file is read and its digests are verified", () => {
  async function expectVerified(parts: RawPart[], options: CallOptions = {}): Promise<void> {
    const before = await storedState();
    expect((await expectError(await postParts(parts, options), 422)).message).toMatch(/of the received bytes is/);
    expect(await storedState()).toEqual(before);
  }

  it("when the digest follows the file", async () => {
    const { bytes } = await storeFile();
    await expectVerified([...fields(), file(uniqueBytes()), field("checksum", sha256(bytes))]);
  });

  it("when two declared digests belong to different files", async () => {
    const [one, two] = [await storeFile(), await storeFile()];
    const checksum = field("checksum", sha256(one.bytes));
    await expectVerified([...fields(), checksum, field("checksum_sha1", sha1(two.bytes)), file(one.bytes)]);
    await expectVerified([...fields(), checksum, fileDeclaring(one.bytes, two.bytes)]);
    await expectVerified([...fields(), checksum, file(one.bytes)], immichHeader(sha1(two.bytes)));
  });

  it("when the library has no such file, also for x-immich-checksum", async () => {
    const bytes = uniqueBytes();
    await expectVerified([...fields(), file(bytes)], immichHeader(sha1(uniqueBytes())));
    const stored = await postParts([...fields(), file(bytes)], immichHeader(sha1(bytes, "hex")));
    expect((await expectAsset(stored, 201)).file_data?.checksum).toBe(sha256(bytes));
  });

  it("when there are several libraries and none is named before the file", async () => {
    const { bytes, asset } = await storeFile();
    await createLibrary();
    await expectVerified([fileDeclaring(uniqueBytes(), bytes), ...fields({ library_id: owner.libraryId })]);
    await expectError(await postParts([...fields(), fileDeclaring(bytes, bytes)]), 400);
    const named = await postParts([field("library_id", owner.libraryId), fileDeclaring(uniqueBytes(), bytes)]);
    expect((await expectAsset(named, 200)).id).toBe(asset.id);
    await trashOtherLibraries();
    await expectAsset(await postParts([fileDeclaring(uniqueBytes(), bytes)]), 200);
  });
});

describe("a digest of another library", () => {
  it("finds nothing: not in the caller's other library, outside the key's libraries, or of another user", async () => {
    const { bytes, asset } = await storeFile();
    const other = await createLibrary();
    const token = await createApiKey({ library_scope_mode: "selected_libraries", library_ids: [other] });
    const parts = (libraryId: string) => [field("library_id", libraryId), fileDeclaring(uniqueBytes(), bytes)];
    await expectError(await postParts(parts(owner.libraryId), { token }), 404);
    for (const options of [{}, { token }])
      await expectError(await postParts([...fields(), ...parts(other)], options), 422);
    const stored = await postParts([...fields(), fileDeclaring(bytes, bytes)], { token });
    expect((await expectAsset(stored, 201)).id).not.toBe(asset.id);
    const tenant = await insertOtherTenant();
    const theirs = sha256(uniqueBytes());
    await sqlAll("UPDATE assets SET checksum = ? WHERE id = ?", theirs, tenant.ids["asset_"]);
    const checksum = field("checksum", theirs);
    await expectError(await postParts([checksum, field("library_id", tenant.libraryId), file("x")]), 404);
    await expectError(await postParts([checksum, ...fields({ library_id: owner.libraryId }), file("x")]), 422);
  });

  it("in the trash finds nothing: the response is 404", async () => {
    const other = await createLibrary();
    const bytes = uniqueBytes();
    await expectAsset(await postParts([...fields({ library_id: other }), file(bytes)]), 201);
    await trashOtherLibraries();
    const parts = [...fields({ library_id: other }), fileDeclaring(bytes, bytes)];
    await expectError(await postParts(parts), 404);
  });
});

describe("x-immich-checksum", () => {
  it("is refused with 422 when it is no SHA-1, and ignored when it is empty", async () => {
    const parts = [...fields(), file(uniqueBytes())];
    for (const value of ["abc", "z".repeat(40), sha256(uniqueBytes()), `${sha1(uniqueBytes())}=`])
      expect((await expectError(await postParts(parts, immichHeader(value)), 422)).message).toMatch(/SHA-1/);
    await expectAsset(await postParts(parts, immichHeader("")), 201);
  });
});
