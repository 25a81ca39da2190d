import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import {
  multipartBody,
  BOUNDARY,
  field,
  fields,
  file,
  MULTIPART,
  type RawPart,
} from "../../support/clients/multipart.ts";
import { postBody, postParts, storedState } from "../../support/clients/uploads.ts";
import { readTasks } from "../../support/rows/taskRows.ts";

const MIB = 1024 * 1024;
const photo = uniqueBytes();
let before: Awaited<ReturnType<typeof storedState>>;

beforeAll(async () => {
  await getRootOwner();
});
beforeEach(async () => {
  before = await storedState();
});

/** Expects an error response and no trace in storage. */
async function expectRejected(answer: Promise<Response>, status: number, message: RegExp): Promise<void> {
  const body = await expectError(await answer, status);
  expect(body.message).toMatch(message);
  expect(await storedState()).toEqual(before);
}

describe("a request body that is no upload", () => {
  const wrongTypes = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/mixed; boundary=x",
    "multipart/form-datax; boundary=x",
    "image/jpeg",
  ];
  it.each(wrongTypes)("is rejected as %s", async (type) => {
    await expectRejected(postBody('{"a":1}', { headers: { "content-type": type } }), 415, /multipart\/form-data/);
  });

  it.each(["multipart/form-data", "multipart/form-data; boundary=", `multipart/form-data; boundary=${"x".repeat(71)}`])(
    "is rejected with the boundary of %s",
    async (type) => {
      const body = await multipartBody([...fields(), file(photo)]);
      await expectRejected(postBody(body, { headers: { "content-type": type } }), 422, /boundary/);
    },
  );

  const broken: [string, string | Uint8Array][] = [
    ["empty", ""],
    ["JSON", '{"asset_data":"x"}'],
    ["of random bytes", uniqueBytes(100_000)],
    ["of its boundary alone", `--${BOUNDARY}`],
    ["of a truncated closing boundary", `--${BOUNDARY}-`],
    ["of a part without headers", `--${BOUNDARY}\r\n\r\nabc\r\n--${BOUNDARY}--\r\n`],
    ["of a part without a name", `--${BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--${BOUNDARY}--\r\n`],
    ["of endless headers", `--${BOUNDARY}\r\nX-A: ${"a".repeat(100_000)}`],
  ];
  it.each(broken)("is rejected when it is %s", async (_, body) => {
    const response = await postBody(body);
    expect([400, 422]).toContain(response.status);
    await expectError(response, response.status);
    expect(await storedState()).toEqual(before);
  });

  it("without parts is rejected for its missing file", async () => {
    await expectRejected(postBody(`--${BOUNDARY}--\r\n`), 422, /asset_data/);
  });
});

describe("a truncated upload", () => {
  const cuts: [string, (length: number) => number][] = [
    ["within a field", () => 150],
    ["within the file", (length) => Math.floor(length / 2)],
    ["before the closing boundary", (length) => length - BOUNDARY.length - 8],
    ["within the closing boundary", (length) => length - 8],
    ["before the closing dashes", (length) => length - 4],
  ];
  it.each(cuts)("%s is rejected and leaves no trace", async (_, at) => {
    const body = await multipartBody([...fields(), file(uniqueBytes(100_000))]);
    await expectRejected(postBody(body.slice(0, at(body.byteLength))), 400, /ends before its closing boundary/);
  });

  it("in a field after the file is rejected and its file deleted", async () => {
    const body = await multipartBody([file(uniqueBytes(9 * MIB), "film.mp4"), ...fields()]);
    await expectRejected(postBody(body.slice(0, -70)), 400, /ends before its closing boundary/);
  });
});

describe("a field of an upload", () => {
  it.each(["device_asset_id", "device_id", "file_created_at", "file_modified_at"])("is required: %s", async (name) => {
    const parts = fields({ [name]: null });
    await expectRejected(postParts([...parts, file(photo)]), 422, new RegExp(`body.${name}: is required`));
    await expectRejected(postParts([file(photo), ...parts]), 422, new RegExp(`body.${name}: is required`));
  });

  it.each(["device_asset_id", "device_id", "file_created_at", "library_id"])(
    "may appear only once: %s",
    async (name) => {
      const twice: RawPart[] = [...fields({ library_id: "" }), field(name, "2024-05-06T07:08:09Z")];
      await expectRejected(postParts([...twice, file(photo)]), 422, /more than once/);
      await expectRejected(postParts([file(photo), ...twice]), 422, /more than once/);
    },
  );

  it("of 10 MB is rejected, before and after the file", async () => {
    const huge = fields({ device_id: "x".repeat(10 * MIB) });
    await expectRejected(postParts([...huge, file(photo)]), 422, /device_id: is longer than/);
    await expectRejected(postParts([file(photo), ...huge]), 422, /device_id: is longer than/);
  });

  it("is accepted with 1,024 bytes of JSON and rejected with 1,025", async () => {
    const longest = `"${"中".repeat(340)}cd`;
    const asset = await expectAsset(await postParts([...fields({ device_id: longest }), file(uniqueBytes())]), 201);
    expect(asset.device_id).toBe(longest);
    before = await storedState();
    await expectRejected(postParts([...fields({ device_id: `${longest}x` }), file(photo)]), 422, /device_id/);
  });

  it("may contain control characters", async () => {
    const odd = "a\0b\u0001\u007f\r\nc";
    const asset = await expectAsset(await postParts([...fields({ device_asset_id: odd }), file(uniqueBytes())]), 201);
    expect(asset.device_asset_id).toBe(odd);
  });

  it("must be UTF-8 text", async () => {
    const latin1 = { ...field("device_id", ""), content: new Uint8Array([0x66, 0xfc, 0x72]) };
    await expectRejected(
      postParts([...fields({ device_id: null }), latin1, file(photo)]),
      422,
      /device_id: is not UTF-8/,
    );
  });

  it("is rejected when there are too many", async () => {
    const many = Array.from({ length: 101 }, (_, i) => field(`x${i}`, ""));
    await expectRejected(postParts([...fields(), ...many, file(photo)]), 400, /100 parts/);
  });
});

describe("a wrong Content-Length", () => {
  it.each(["5", "999999999999999", "-1", "abc", "1e9"])("is ignored: %s", async (length) => {
    const bytes = uniqueBytes(300_000);
    const parts = await multipartBody([...fields(), file(bytes)]);
    const response = await postBody(parts, { headers: { "content-length": length, "content-type": MULTIPART } });
    expect((await expectAsset(response, 201)).file_size_bytes).toBe(300_000);
  });
});

describe("content that does not match its extension", () => {
  const contents: [string, string, string | Uint8Array, RegExp][] = [
    ["text", "notes.jpg", "Dear diary, this is no picture.", /not a jpg file/],
    ["one byte", "a.png", "x", /not a png file/],
    ["a JPEG that ends after its first marker", "a.jpeg", new Uint8Array([0xff, 0xd8, 0xff, 0xe0]), /dimensions|not a/],
    ["a page", "page.heic", "<html><script>alert(1)</script></html>", /not a heic file/],
  ];
  it.each(contents)("is stored, and its task has the reason: %s", async (_, name, content, problem) => {
    const asset = await expectAsset(await postParts([...fields(), file(content, name)]), 201);
    expect(asset).toMatchObject({ width: 0, height: 0, original_file_name: name });
    expect(asset.metadata).toMatchObject({ raw_width: null, make: null });
    const [task] = await readTasks(asset.id);
    expect(task).toMatchObject({ status: "pending", error_message: expect.stringMatching(problem) });
  });
});
