import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { createApiKey, createLibrary, getRootOwner, sqlAll } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import {
  multipartBody,
  field,
  fields,
  file,
  largeBody,
  streamChunks,
  type RawPart,
} from "../../support/clients/multipart.ts";
import { postBody, postParts, uploadWithoutConsumer, storedState } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
let userId = "";
let first = "";

beforeAll(async () => {
  ({ userId, libraryId: first } = await getRootOwner());
});

async function libraryOf(response: Response): Promise<unknown> {
  const asset = await expectAsset(response, 201);
  return (await sqlAll("SELECT library_id FROM assets WHERE id = ?", asset.id))[0]?.library_id;
}

async function trash(libraryId: string): Promise<void> {
  await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", libraryId);
}

async function restore(libraryId: string): Promise<void> {
  await sqlAll("UPDATE libraries SET trashed_at = NULL WHERE id = ?", libraryId);
}

/** Uploads with library_id before and after the file; expects the same error and no trace. */
async function expectRejectedEitherWay(libraryId: string, status: number, token?: string): Promise<string> {
  const before = await storedState();
  const options = token === undefined ? {} : { token };
  const ways: RawPart[][] = [
    [...fields({ library_id: libraryId }), file(uniqueBytes())],
    [...fields(), file(uniqueBytes()), field("library_id", libraryId)],
  ];
  const errors = [];
  for (const parts of ways) errors.push((await expectError(await postParts(parts, options), status)).error);
  expect(await storedState()).toEqual(before);
  expect(new Set(errors).size).toBe(1);
  return errors[0] ?? "";
}

describe("the library of an upload", () => {
  it("is the only live one when library_id is missing or empty", async () => {
    expect(await libraryOf(await uploadWithoutConsumer(uniqueBytes()))).toBe(first);
    expect(await libraryOf(await uploadWithoutConsumer(uniqueBytes(), { libraryId: "" }))).toBe(first);
  });

  it("is required when there are several, before or after the file", async () => {
    const second = await createLibrary();
    expect(await expectRejectedEitherWay("", 400)).toBe("bad_request");
    const named = field("library_id", second);
    expect(await libraryOf(await postParts([named, ...fields(), file(uniqueBytes())]))).toBe(second);
    expect(await libraryOf(await postParts([...fields(), file(uniqueBytes()), named]))).toBe(second);
    await trash(second);
    expect(await libraryOf(await uploadWithoutConsumer(uniqueBytes()))).toBe(first);
  });

  it("cannot be trashed, unknown, or another user's", async () => {
    const trashed = await createLibrary();
    await trash(trashed);
    const foreign = newId("library");
    const values = [foreign, newId("user")];
    await env.DB.prepare(
      "INSERT INTO libraries (id, user_id, name, created_at, updated_at) VALUES (?, ?, 'theirs', 0, 0)",
    )
      .bind(...values)
      .run();
    for (const id of [trashed, foreign, newId("library")])
      expect(await expectRejectedEitherWay(id, 404)).toBe("not_found");
  });

  it("must have a valid id", async () => {
    for (const id of ["lib_", "default", newId("asset"), `${first}2`, "lib_oZEq7ovRbLq6UnGMPwc8B6"]) {
      expect(await expectRejectedEitherWay(id, 422)).toBe("validation_error");
    }
  });

  it("is the selected one for a key with one library, and no other is allowed", async () => {
    const [mine, other] = [await createLibrary("mine"), await createLibrary("other")];
    const token = await createApiKey({ library_scope_mode: "selected_libraries", library_ids: [mine] });
    expect(await libraryOf(await uploadWithoutConsumer(uniqueBytes(), { token }))).toBe(mine);
    expect(await expectRejectedEitherWay(other, 404, token)).toBe("not_found");
    await trash(mine);
    expect(await expectRejectedEitherWay("", 400, token)).toBe("bad_request");
    await trash(other);
  });

  it("is created for a key to all libraries when there is none", async () => {
    await trash(first);
    const before = (await sqlAll("SELECT id FROM libraries")).length;
    const fresh = String(await libraryOf(await uploadWithoutConsumer(uniqueBytes())));
    expect(fresh).not.toBe(first);
    expect(await sqlAll("SELECT name, asset_count, user_id FROM libraries WHERE id = ?", fresh)).toEqual([
      { name: "Default Library 2", asset_count: 1, user_id: userId },
    ]);
    expect(await libraryOf(await uploadWithoutConsumer(uniqueBytes()))).toBe(fresh);
    expect(await sqlAll("SELECT id FROM libraries")).toHaveLength(before + 1);
    await trash(fresh);
    await restore(first);
  });

  it("rejects an upload with a read-only key", async () => {
    const token = await createApiKey({ actions: ["read"] });
    const before = await storedState();
    await expectError(await uploadWithoutConsumer(uniqueBytes(), { token }), 403);
    await expectError(await uploadWithoutConsumer(uniqueBytes(), { token: null }), 401);
    await expectError(await uploadWithoutConsumer(uniqueBytes(), { token: "apikey_unknown" }), 401);
    expect(await storedState()).toEqual(before);
  });
});

describe("a storage limit", () => {
  const known = uniqueBytes(100);
  beforeAll(async () => {
    await expectAsset(await uploadWithoutConsumer(known), 201);
  });
  afterEach(async () => {
    await sqlAll("UPDATE users SET storage_limit_bytes = ? WHERE id = ?", 1024 ** 4, userId);
    await sqlAll("UPDATE libraries SET storage_limit_bytes = NULL WHERE id = ?", first);
  });

  async function limit(kind: "User" | "Library", spareBytes: number): Promise<void> {
    const [table, id] = kind === "User" ? ["users", userId] : ["libraries", first];
    const owned = kind === "User" ? "user_id" : "id";
    await sqlAll(
      `UPDATE ${table} SET storage_limit_bytes = ? +
         (SELECT sum(l.storage_used_bytes) FROM libraries l WHERE l.${owned} = ${table}.id) WHERE id = ?`,
      spareBytes,
      id,
    );
  }

  it.each(["User", "Library"] as const)(
    "of the %s rejects every upload once it is reached, duplicates included",
    async (kind) => {
      await limit(kind, 0);
      const before = await storedState();
      const named = field("library_id", first);
      const ways = [
        [...fields(), file(uniqueBytes())],
        [...fields(), file(known)],
        [file(uniqueBytes()), ...fields(), named],
        [named, ...fields(), file(uniqueBytes())],
      ];
      for (const parts of ways) {
        const response = await postParts(parts);
        const body = await expectError(response, 507);
        expect(response.headers.get("x-should-retry")).toBe("false");
        expect(body).toEqual({
          detail: `${kind} storage limit exceeded`,
          message: `${kind} storage limit exceeded`,
          error: "storage_limit_exceeded",
        });
      }
      expect(await storedState()).toEqual(before);
    },
  );

  it.each(["User", "Library"] as const)("of the %s accepts the last file while one byte is free", async (kind) => {
    await limit(kind, 1);
    await expectAsset(await uploadWithoutConsumer(uniqueBytes(5000)), 201);
    await expectError(await uploadWithoutConsumer(uniqueBytes(1)), 507);
  });

  it.each(["User", "Library"] as const)("of the %s accepts one of several concurrent uploads", async (kind) => {
    await limit(kind, 1);
    const keys = (await storedState()).keys.length;
    const all = Array.from({ length: 5 }, async () => await uploadWithoutConsumer(uniqueBytes(200)));
    const responses = await Promise.all(all);
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 507, 507, 507, 507]);
    for (const response of responses.filter(({ status }) => status === 507)) await expectError(response, 507);
    expect((await storedState()).keys).toHaveLength(keys + 1);
  });

  it("is checked before the file is read when library_id comes first", async () => {
    await limit("Library", 0);
    const before = await storedState();
    const body = streamChunks(largeBody([...fields({ library_id: first })], 3 * MIB, []));
    await expectError(await postBody(body.stream), 507);
    expect(await storedState()).toEqual(before);
  });

  it("is checked after the library's existence", async () => {
    await limit("User", 0);
    expect(await statusesEitherWay(newId("library"))).toEqual([404, 507]);
  });

  /** Statuses with library_id before and after the file; after it, the limit has been checked already. */
  async function statusesEitherWay(libraryId: string): Promise<number[]> {
    const before = await postParts([...fields({ library_id: libraryId }), file(uniqueBytes())]);
    const after = await postBody(await multipartBody([file(uniqueBytes()), ...fields({ library_id: libraryId })]));
    return [before.status, after.status];
  }
});
