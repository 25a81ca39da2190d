import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uniqueBytes } from "../../support/clients/api.ts";
import { owner, sqlAll } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { bodyOf, BOUNDARY, field, fields, file, MULTIPART, type RawPart } from "../../support/clients/multipart.ts";
import { postBody, postParts, traces } from "../../support/clients/uploads.ts";

const MIB = 1024 * 1024;
const photo = uniqueBytes();
let before: Awaited<ReturnType<typeof traces>>;

beforeAll(async () => {
  await owner();
});
beforeEach(async () => {
  before = await traces();
});

/** Refused, in the contract's words, and nothing left of it. */
async function refused(answer: Promise<Response>, status: number, message: RegExp): Promise<void> {
  const body = await refusalOf(await answer, status);
  expect(body.message).toMatch(message);
  expect(await traces()).toEqual(before);
}

describe("a body that is no upload", () => {
  const wrongTypes = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/mixed; boundary=x",
    "multipart/form-datax; boundary=x",
    "image/jpeg",
  ];
  it.each(wrongTypes)("is refused as %s", async (type) => {
    await refused(postBody('{"a":1}', { headers: { "content-type": type } }), 415, /multipart\/form-data/);
  });

  it.each(["multipart/form-data", "multipart/form-data; boundary=", `multipart/form-data; boundary=${"x".repeat(71)}`])(
    "is refused with the boundary of %s",
    async (type) => {
      const body = await bodyOf([...fields(), file(photo)]);
      await refused(postBody(body, { headers: { "content-type": type } }), 422, /boundary/);
    },
  );

  const broken: [string, string | Uint8Array][] = [
    ["empty", ""],
    ["JSON", '{"asset_data":"x"}'],
    ["of noise", uniqueBytes(100_000)],
    ["of its boundary alone", `--${BOUNDARY}`],
    ["of the closing boundary alone, cut", `--${BOUNDARY}-`],
    ["of a part without headers", `--${BOUNDARY}\r\n\r\nabc\r\n--${BOUNDARY}--\r\n`],
    ["of a part without a name", `--${BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--${BOUNDARY}--\r\n`],
    ["of endless headers", `--${BOUNDARY}\r\nX-A: ${"a".repeat(100_000)}`],
  ];
  it.each(broken)("is refused when it is %s", async (_, body) => {
    const response = await postBody(body);
    expect([400, 422]).toContain(response.status);
    await refusalOf(response, response.status);
    expect(await traces()).toEqual(before);
  });

  it("without a single part lacks its file", async () => {
    await refused(postBody(`--${BOUNDARY}--\r\n`), 422, /asset_data/);
  });
});

describe("an upload that breaks off", () => {
  const cuts: [string, (length: number) => number][] = [
    ["within a field", () => 150],
    ["within the file", (length) => Math.floor(length / 2)],
    ["before the closing boundary", (length) => length - BOUNDARY.length - 8],
    ["within the closing boundary", (length) => length - 8],
    ["before the closing dashes", (length) => length - 4],
  ];
  it.each(cuts)("%s is refused and leaves nothing", async (_, at) => {
    const body = await bodyOf([...fields(), file(uniqueBytes(100_000))]);
    await refused(postBody(body.slice(0, at(body.byteLength))), 400, /ends before its closing boundary/);
  });

  it("in a field behind the file is refused and leaves nothing of the file", async () => {
    const body = await bodyOf([file(uniqueBytes(9 * MIB), "film.mp4"), ...fields()]);
    await refused(postBody(body.slice(0, -70)), 400, /ends before its closing boundary/);
  });
});

describe("a field of an upload", () => {
  it.each(["device_asset_id", "device_id", "file_created_at", "file_modified_at"])(
    "must not be missing: %s",
    async (name) => {
      const parts = fields({ [name]: null });
      await refused(postParts([...parts, file(photo)]), 422, new RegExp(name));
      await refused(postParts([file(photo), ...parts]), 422, new RegExp(name));
    },
  );

  it.each(["device_asset_id", "device_id", "file_created_at", "library_id"])(
    "must not come twice: %s",
    async (name) => {
      const twice: RawPart[] = [...fields({ library_id: "" }), field(name, "2024-05-06T07:08:09Z")];
      await refused(postParts([...twice, file(photo)]), 422, /more than once/);
      await refused(postParts([file(photo), ...twice]), 422, /more than once/);
    },
  );

  it("of 10 MB is refused, before the file or behind it", async () => {
    const huge = fields({ device_id: "x".repeat(10 * MIB) });
    await refused(postParts([...huge, file(photo)]), 422, /device_id: is longer than/);
    await refused(postParts([file(photo), ...huge]), 422, /device_id: is longer than/);
  });

  it("of 1,024 characters is kept, of 1,025 refused", async () => {
    const longest = "中".repeat(1024);
    const asset = await assetOf(await postParts([...fields({ device_id: longest }), file(uniqueBytes())]), 201);
    expect(asset.device_id).toBe(longest);
    before = await traces();
    await refused(postParts([...fields({ device_id: `${longest}x` }), file(photo)]), 422, /device_id/);
  });

  it("may hold control characters: whoever made the id knows why", async () => {
    const odd = "a\0b\u0001\u007f\r\nc";
    const asset = await assetOf(await postParts([...fields({ device_asset_id: odd }), file(uniqueBytes())]), 201);
    expect(asset.device_asset_id).toBe(odd);
  });

  it("must be text", async () => {
    const latin1 = { ...field("device_id", ""), content: new Uint8Array([0x66, 0xfc, 0x72]) };
    await refused(postParts([...fields({ device_id: null }), latin1, file(photo)]), 422, /device_id: is not UTF-8/);
  });

  it("too many of them are refused", async () => {
    const many = Array.from({ length: 101 }, (_, i) => field(`x${i}`, ""));
    await refused(postParts([...fields(), ...many, file(photo)]), 400, /100 parts/);
  });
});

describe("a length that lies", () => {
  it.each(["5", "999999999999999", "-1", "abc", "1e9"])("does no harm: content-length %s", async (length) => {
    const bytes = uniqueBytes(300_000);
    const parts = await bodyOf([...fields(), file(bytes)]);
    const response = await postBody(parts, { headers: { "content-length": length, "content-type": MULTIPART } });
    expect((await assetOf(response, 201)).file_size_bytes).toBe(300_000);
  });
});

describe("content that is not what its name says", () => {
  const contents: [string, string, string | Uint8Array, RegExp][] = [
    ["text", "notes.jpg", "Dear diary, this is no picture.", /not a jpg file/],
    ["one byte", "a.png", "x", /not a png file/],
    [
      "a JPEG that ends after its first marker",
      "a.jpeg",
      new Uint8Array([0xff, 0xd8, 0xff, 0xe0]),
      /picture size|not a/,
    ],
    ["a page", "page.heic", "<html><script>alert(1)</script></html>", /not a heic file/],
  ];
  it.each(contents)(
    "is stored all the same, and its task says why it is no picture: %s",
    async (_, name, content, problem) => {
      const asset = await assetOf(await postParts([...fields(), file(content, name)]), 201);
      expect(asset).toMatchObject({ width: 0, height: 0, original_file_name: name });
      expect(asset.metadata).toMatchObject({ raw_width: null, make: null });
      const [task] = await sqlAll("SELECT status, error_message FROM tasks WHERE asset_id = ?", asset.id);
      expect(task).toMatchObject({ status: "pending", error_message: expect.stringMatching(problem) });
    },
  );
});
