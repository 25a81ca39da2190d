import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uniqueBytes } from "../../support/clients/api.ts";
import { owner } from "../../support/clients/account.ts";
import { assetOf, refusalOf } from "../../support/clients/answers.ts";
import { field, fields, file } from "../../support/clients/multipart.ts";
import { postParts, traces } from "../../support/clients/uploads.ts";

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

describe("the file of an upload", () => {
  it("must be there", async () => {
    await refused(postParts(fields()), 422, /asset_data: is missing/);
    await refused(
      postParts([...fields(), { ...file(photo), disposition: '; name="file"; filename="a.jpg"' }]),
      422,
      /asset_data/,
    );
  });

  it("must be one", async () => {
    const two = [file(uniqueBytes()), file(uniqueBytes())];
    await refused(postParts([...fields(), ...two]), 422, /one file/);
    await refused(postParts([...two, ...fields()]), 422, /one file/);
  });

  it("must be a file, not text", async () => {
    await refused(postParts([...fields(), field("asset_data", "abc")]), 422, /file name/);
    await refused(postParts([...fields(), file(photo), field("asset_data", "abc")]), 422, /one file/);
  });

  it("must not be empty", async () => {
    await refused(postParts([...fields(), file("")]), 422, /asset_data: is empty/);
    await refused(postParts([file(""), ...fields()]), 422, /asset_data: is empty/);
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
  it.each(strange)("must have the extension of a photo or a video: %j", async (name) => {
    await refused(postParts([...fields(), file(photo, name)]), 422, /extension/);
  });

  it("must be sent as its bytes, not as text that stands for them", async () => {
    const encoded = {
      ...file("AAAA"),
      disposition: '; name="asset_data"; filename="a.jpg"\r\nContent-Transfer-Encoding: base64',
    };
    await refused(postParts([...fields(), encoded]), 400, /base64/);
  });
});

describe("a file's name", () => {
  const kept: [string, string, string][] = [
    ["with a path", "../../etc/DCIM/photo.jpg", "../../etc/DCIM/photo.jpg"],
    ["with a Windows path", "C:\\photos\\new\\photo.jpg", "C:\\photos\\new\\photo.jpg"],
    ["that turns the writing round", "\u202egnp.\u2066ab\u2069.jpg", "\u202egnp.\u2066ab\u2069.jpg"],
    ["with quotes, as browsers send them", "a %22quoted%22 one.jpg", 'a "quoted" one.jpg'],
    ["with quotes, as other clients send them", 'a \\"quoted\\" one.jpg', 'a "quoted" one.jpg'],
    ["with percent signs", "100%25 %0D%0A.jpg", "100%25 %0D%0A.jpg"],
    ["in many scripts", "ünï 中文 🎉 семья.JPG", "ünï 中文 🎉 семья.JPG"],
    ["of dots and spaces", " . .. .jpg", " . .. .jpg"],
    ["of an extension alone", ".jpg", ".jpg"],
    ["with markup", "<img src=x onerror=alert(1)>.jpg", "<img src=x onerror=alert(1)>.jpg"],
    ["of 1,024 characters", `${"x".repeat(1020)}.jpg`, `${"x".repeat(1020)}.jpg`],
    ["of 1,024 characters outside the first plane", `${"🎉".repeat(1020)}.jpg`, `${"🎉".repeat(1020)}.jpg`],
  ];
  it.each(kept)("%s is kept as it is", async (_, sent, name) => {
    const asset = await assetOf(await postParts([...fields(), file(uniqueBytes(), sent)]), 201);
    expect(asset.original_file_name).toBe(name);
    expect(asset.asset_urls?.original?.url).toMatch(/^https:\/\/[\x21-\x7e]+$/);
  });

  it("with a line break is kept in the encoded form that can carry it", async () => {
    const part = { disposition: "; name=\"asset_data\"; filename*=UTF-8''a%0D%0Ab%C3%BC.jpg", content: uniqueBytes() };
    const asset = await assetOf(await postParts([...fields(), part]), 201);
    expect(asset.original_file_name).toBe("a\r\nbü.jpg");
    before = await traces();
    await refused(postParts([...fields(), file(photo, "a\r\nX-Evil: 1\r\n.jpg")]), 400, /header|Content-Disposition/);
  });

  const wrong: [string, string][] = [
    ["empty", ""],
    ["of 1,025 characters", `${"x".repeat(1021)}.jpg`],
    ["with NUL in it", "a\0b.jpg"],
    ["with NUL behind it", "a.jpg\0"],
  ];
  it.each(wrong)("is refused when it is %s", async (_, name) => {
    await refused(postParts([...fields(), file(photo, name)]), 422, /name/);
  });
});
