import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import { uniqueBytes } from "../../support/clients/api.ts";
import { newKey, newLibrary, owner, sqlAll } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { bodyOf, field, fields, file, largeBody, streamed, type RawPart } from "../../support/clients/multipart.ts";
import { postBody, postParts, quietUpload, traces } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
let userId = "";
let first = "";

beforeAll(async () => {
  ({ userId, libraryId: first } = await owner());
});

async function libraryOf(response: Response): Promise<unknown> {
  const asset = await assetOf(response, 201);
  return (await sqlAll("SELECT library_id FROM assets WHERE id = ?", asset.id))[0]?.library_id;
}

async function trash(libraryId: string): Promise<void> {
  await sqlAll("UPDATE libraries SET trashed_at = 1 WHERE id = ?", libraryId);
}

async function restore(libraryId: string): Promise<void> {
  await sqlAll("UPDATE libraries SET trashed_at = NULL WHERE id = ?", libraryId);
}

/** Named before the file and after it: what is refused must be refused in both, and leave nothing. */
async function refusedEitherWay(libraryId: string, status: number, token?: string): Promise<string> {
  const before = await traces();
  const options = token === undefined ? {} : { token };
  const ways: RawPart[][] = [
    [...fields({ library_id: libraryId }), file(uniqueBytes())],
    [...fields(), file(uniqueBytes()), field("library_id", libraryId)],
  ];
  const errors = [];
  for (const parts of ways) errors.push((await refusalOf(await postParts(parts, options), status)).error);
  expect(await traces()).toEqual(before);
  expect(new Set(errors).size).toBe(1);
  return errors[0] ?? "";
}

describe("the library of an upload", () => {
  it("is the only live one where none is named, or an empty name", async () => {
    expect(await libraryOf(await quietUpload(uniqueBytes()))).toBe(first);
    expect(await libraryOf(await quietUpload(uniqueBytes(), { libraryId: "" }))).toBe(first);
  });

  it("must be named where there are several, and may be named on either side of the file", async () => {
    const second = await newLibrary();
    expect(await refusedEitherWay("", 400)).toBe("bad_request");
    const named = field("library_id", second);
    expect(await libraryOf(await postParts([named, ...fields(), file(uniqueBytes())]))).toBe(second);
    expect(await libraryOf(await postParts([...fields(), file(uniqueBytes()), named]))).toBe(second);
    await trash(second);
    expect(await libraryOf(await quietUpload(uniqueBytes()))).toBe(first);
  });

  it("is not one in the trash, one that never was, or another owner's", async () => {
    const trashed = await newLibrary();
    await trash(trashed);
    const foreign = newId("library");
    const values = [foreign, newId("user")];
    await env.DB.prepare(
      "INSERT INTO libraries (id, user_id, name, created_at, updated_at) VALUES (?, ?, 'theirs', 0, 0)",
    )
      .bind(...values)
      .run();
    for (const id of [trashed, foreign, newId("library")]) expect(await refusedEitherWay(id, 404)).toBe("not_found");
  });

  it("has an id that looks like one", async () => {
    for (const id of ["lib_", "default", newId("asset"), `${first}2`, "lib_oZEq7ovRbLq6UnGMPwc8B6"]) {
      expect(await refusedEitherWay(id, 422)).toBe("validation_error");
    }
  });

  it("is the selected one for a key that has only one, and no other can be named", async () => {
    const [mine, other] = [await newLibrary("mine"), await newLibrary("other")];
    const token = await newKey({ library_scope_mode: "selected_libraries", library_ids: [mine] });
    expect(await libraryOf(await quietUpload(uniqueBytes(), { token }))).toBe(mine);
    expect(await refusedEitherWay(other, 404, token)).toBe("not_found");
    await trash(mine);
    expect(await refusedEitherWay("", 400, token)).toBe("bad_request");
    await trash(other);
  });

  it("is made afresh for a key to all libraries when there is none left", async () => {
    await trash(first);
    const before = (await sqlAll("SELECT id FROM libraries")).length;
    const fresh = String(await libraryOf(await quietUpload(uniqueBytes())));
    expect(fresh).not.toBe(first);
    expect(await sqlAll("SELECT name, asset_count, user_id FROM libraries WHERE id = ?", fresh)).toEqual([
      { name: "Default Library", asset_count: 1, user_id: userId },
    ]);
    expect(await libraryOf(await quietUpload(uniqueBytes()))).toBe(fresh);
    expect(await sqlAll("SELECT id FROM libraries")).toHaveLength(before + 1);
    await trash(fresh);
    await restore(first);
  });

  it("takes no upload from a key that may only read", async () => {
    const token = await newKey({ actions: ["read"] });
    const before = await traces();
    await refusalOf(await quietUpload(uniqueBytes(), { token }), 403);
    await refusalOf(await quietUpload(uniqueBytes(), { token: null }), 401);
    await refusalOf(await quietUpload(uniqueBytes(), { token: "apikey_unknown" }), 401);
    expect(await traces()).toEqual(before);
  });
});

describe("a storage limit", () => {
  const known = uniqueBytes(100);
  beforeAll(async () => {
    await assetOf(await quietUpload(known), 201);
  });
  afterEach(async () => {
    await sqlAll("UPDATE users SET storage_limit_bytes = ? WHERE id = ?", 1024 ** 4, userId);
    await sqlAll("UPDATE libraries SET storage_limit_bytes = NULL WHERE id = ?", first);
  });

  async function limit(kind: "User" | "Library", spareBytes: number): Promise<void> {
    const [table, id] = kind === "User" ? ["users", userId] : ["libraries", first];
    await sqlAll(`UPDATE ${table} SET storage_limit_bytes = storage_used_bytes + ? WHERE id = ?`, spareBytes, id);
  }

  it.each(["User", "Library"] as const)(
    "of the %s refuses everything once it is reached, known bytes too",
    async (kind) => {
      await limit(kind, 0);
      const before = await traces();
      const named = field("library_id", first);
      const ways = [
        [...fields(), file(uniqueBytes())],
        [...fields(), file(known)],
        [file(uniqueBytes()), ...fields(), named],
        [named, ...fields(), file(uniqueBytes())],
      ];
      for (const parts of ways) {
        const response = await postParts(parts);
        const body = await refusalOf(response, 507);
        expect(response.headers.get("x-should-retry")).toBe("false");
        expect(body).toEqual({
          detail: `${kind} storage limit exceeded`,
          message: `${kind} storage limit exceeded`,
          error: "storage_limit_exceeded",
        });
      }
      expect(await traces()).toEqual(before);
    },
  );

  it.each(["User", "Library"] as const)("of the %s lets the last file in while a byte is left", async (kind) => {
    await limit(kind, 1);
    await assetOf(await quietUpload(uniqueBytes(5000)), 201);
    await refusalOf(await quietUpload(uniqueBytes(1)), 507);
  });

  it.each(["User", "Library"] as const)("of the %s lets one in of many that come at once", async (kind) => {
    await limit(kind, 1);
    const keys = (await traces()).keys.length;
    const all = Array.from({ length: 5 }, async () => await quietUpload(uniqueBytes(200)));
    const answers = await Promise.all(all);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 507, 507, 507, 507]);
    for (const answer of answers.filter(({ status }) => status === 507)) await refusalOf(answer, 507);
    expect((await traces()).keys).toHaveLength(keys + 1);
  });

  it("stores nothing of a file whose library was named in front of it", async () => {
    await limit("Library", 0);
    const before = await traces();
    const body = streamed(largeBody([...fields({ library_id: first })], 3 * MIB, []));
    await refusalOf(await postBody(body.stream), 507);
    expect(await traces()).toEqual(before);
  });

  it("tells of a library that is not there before it tells of the limit", async () => {
    await limit("User", 0);
    expect(await refusedEitherWayOf(newId("library"))).toEqual([404, 507]);
  });

  /** Behind the file the limit has long been told. */
  async function refusedEitherWayOf(libraryId: string): Promise<number[]> {
    const before = await postParts([...fields({ library_id: libraryId }), file(uniqueBytes())]);
    const after = await postBody(await bodyOf([file(uniqueBytes()), ...fields({ library_id: libraryId })]));
    return [before.status, after.status];
  }
});
