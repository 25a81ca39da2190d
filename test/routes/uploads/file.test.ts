import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uniqueBytes } from "../../support/clients/api.ts";
import { getRootOwner } from "../../support/clients/account.ts";
import { expectAsset, expectError } from "../../support/clients/responses.ts";
import { field, fields, file } from "../../support/clients/multipart.ts";
import { postParts, storedState } from "../../support/clients/uploads.ts";

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

describe("the file of an upload", () => {
  it("is required", async () => {
    await expectRejected(postParts(fields()), 422, /asset_data: is missing/);
    await expectRejected(
      postParts([...fields(), { ...file(photo), disposition: '; name="file"; filename="a.jpg"' }]),
      422,
      /asset_data/,
    );
  });

  it("must be the only file", async () => {
    const two = [file(uniqueBytes()), file(uniqueBytes())];
    await expectRejected(postParts([...fields(), ...two]), 422, /one file/);
    await expectRejected(postParts([...two, ...fields()]), 422, /one file/);
  });

  it("must have a file name", async () => {
    await expectRejected(postParts([...fields(), field("asset_data", "abc")]), 422, /file name/);
    await expectRejected(postParts([...fields(), file(photo), field("asset_data", "abc")]), 422, /one file/);
  });

  it("must not be empty", async () => {
    await expectRejected(postParts([...fields(), file("")]), 422, /asset_data: is empty/);
    await expectRejected(postParts([file(""), ...fields()]), 422, /asset_data: is empty/);
  });

  const strange = [
    "a",
    "a.",
    ".",
    "jpg",
    "a.jpg.exe",
    "a.txt",
    "a.svg",
    "a.jpg ",
    "a.jpg/",
    "a.jpg\u202e",
    "a.pdf",
    "a.ｊｐｇ",
  ];
  it.each(strange)("must have the extension of a photo or video: %j", async (name) => {
    await expectRejected(postParts([...fields(), file(photo, name)]), 422, /extension/);
  });

  it("must be sent unencoded", async () => {
    const encoded = {
      ...file("AAAA"),
      disposition: '; name="asset_data"; filename="a.jpg"\r\nContent-Transfer-Encoding: base64',
    };
    await expectRejected(postParts([...fields(), encoded]), 400, /base64/);
  });
});

describe("a file's name", () => {
  const kept: [string, string, string][] = [
    ["with a path", "../../etc/DCIM/photo.jpg", "../../etc/DCIM/photo.jpg"],
    ["with a Windows path", "C:\\photos\\new\\photo.jpg", "C:\\photos\\new\\photo.jpg"],
    ["with bidirectional controls", "\u202egnp.\u2066ab\u2069.jpg", "\u202egnp.\u2066ab\u2069.jpg"],
    ["with quotes escaped like browsers do", "a %22quoted%22 one.jpg", 'a "quoted" one.jpg'],
    ["with backslash-escaped quotes", 'a \\"quoted\\" one.jpg', 'a "quoted" one.jpg'],
    ["with percent signs", "100%25 %0D%0A.jpg", "100%25 %0D%0A.jpg"],
    ["in many scripts", "ünï 中文 🎉 семья.JPG", "ünï 中文 🎉 семья.JPG"],
    ["of dots and spaces", " . .. .jpg", " . .. .jpg"],
    ["that is only an extension", ".jpg", ".jpg"],
    ["with markup", "<img src=x onerror=alert(1)>.jpg", "<img src=x onerror=alert(1)>.jpg"],
    ["of 1,024 characters", `${"x".repeat(1020)}.jpg`, `${"x".repeat(1020)}.jpg`],
    ["of 1,024 characters beyond the Basic Multilingual Plane", `${"🎉".repeat(1020)}.jpg`, `${"🎉".repeat(1020)}.jpg`],
  ];
  it.each(kept)("%s is stored unchanged", async (_, sent, name) => {
    const asset = await expectAsset(await postParts([...fields(), file(uniqueBytes(), sent)]), 201);
    expect(asset.original_file_name).toBe(name);
    expect(asset.asset_urls?.original?.url).toMatch(/^https:\/\/[\x21-\x7e]+$/);
  });

  it("with a line break is read from filename*", async () => {
    const part = { disposition: "; name=\"asset_data\"; filename*=UTF-8''a%0D%0Ab%C3%BC.jpg", content: uniqueBytes() };
    const asset = await expectAsset(await postParts([...fields(), part]), 201);
    expect(asset.original_file_name).toBe("a\r\nbü.jpg");
    before = await storedState();
    await expectRejected(
      postParts([...fields(), file(photo, "a\r\nX-Evil: 1\r\n.jpg")]),
      400,
      /header|Content-Disposition/,
    );
  });

  const wrong: [string, string][] = [
    ["empty", ""],
    ["of 1,025 characters", `${"x".repeat(1021)}.jpg`],
    ["with NUL", "a\0b.jpg"],
    ["with NUL at its end", "a.jpg\0"],
  ];
  it.each(wrong)("is rejected when it is %s", async (_, name) => {
    await expectRejected(postParts([...fields(), file(photo, name)]), 422, /name/);
  });
});
