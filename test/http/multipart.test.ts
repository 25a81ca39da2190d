import { describe, expect, it } from "vitest";
import { AppError } from "../../src/kernel/errors.ts";
import { readChunks } from "../../src/http/bodyReader.ts";
import { parseBoundary, MULTIPART_LIMITS, readParts, readText, type MultipartPart } from "../../src/http/multipart.ts";

const utf8 = new TextEncoder();
const BOUNDARY = "XsimpleboundaryX";

async function* splitIntoChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  // Yields a copy that is cleared afterwards, like a reused buffer.
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.slice(at, at + size);
    yield chunk;
    chunk.fill(0xee);
  }
}

async function bytesOf(part: MultipartPart): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of part.body) chunks.push(chunk.slice());
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

interface Read {
  name: string;
  filename: string | null;
  contentType: string | null;
  text: string;
}

async function readAll(
  body: string | Uint8Array,
  options: { chunk?: number; boundary?: string } = {},
): Promise<Read[]> {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  const parts: Read[] = [];
  for await (const part of readParts(splitIntoChunks(bytes, options.chunk ?? 7), options.boundary ?? BOUNDARY)) {
    const { name, filename, contentType } = part;
    parts.push({ name, filename, contentType, text: new TextDecoder().decode(await bytesOf(part)) });
  }
  return parts;
}

/** Parses one part with these headers and an empty body. */
async function readPartWith(...headers: string[]): Promise<Read> {
  const [part] = await readAll(`--${BOUNDARY}\r\n${headers.join("\r\n")}\r\n\r\n\r\n--${BOUNDARY}--\r\n`);
  if (part === undefined) throw new Error("no part");
  return part;
}

async function rejection(work: Promise<unknown>): Promise<AppError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error(`not rejected: ${String(error)}`);
  return error;
}

function field(name: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}
const END = `--${BOUNDARY}--\r\n`;

describe("parseBoundary", () => {
  const cases: [string, string][] = [
    ["multipart/form-data; boundary=abc", "abc"],
    ["Multipart/Form-Data; charset=utf-8; BOUNDARY=abc", "abc"],
    ['multipart/form-data; boundary="a b:c"', "a b:c"],
    ["multipart/form-data;boundary=----=_Part_1/2?(x)", "----=_Part_1/2?(x)"],
    [`multipart/form-data; boundary=${"x".repeat(70)}`, "x".repeat(70)],
  ];
  it.each(cases)("reads the boundary of %s", (header, boundary) => {
    expect(parseBoundary(header)).toBe(boundary);
  });

  const rejected: [string | null, string][] = [
    [null, "unsupported_media_type"],
    ["application/json", "unsupported_media_type"],
    ["multipart/mixed; boundary=abc", "unsupported_media_type"],
    ["multipart/form-data-x; boundary=abc", "unsupported_media_type"],
    ["multipart/form-data", "validation_error"],
    ["multipart/form-data; boundary=", "validation_error"],
    ['multipart/form-data; boundary=""', "validation_error"],
    ['multipart/form-data; boundary="ends in a space "', "validation_error"],
    [`multipart/form-data; boundary=${"x".repeat(71)}`, "validation_error"],
    ["multipart/form-data; boundary=a@b", "validation_error"],
    ["multipart/form-data; boundary=a; boundary=b", "validation_error"],
  ];
  it.each(rejected)("rejects %s", async (header, code) => {
    expect((await rejection((async () => parseBoundary(header))())).code).toBe(code);
  });
});

describe("readParts", () => {
  it("yields the same parts for every chunk size", async () => {
    const tricky = `\r\r\n\r\n--${BOUNDARY.slice(0, -1)}\r\n-\r\n--\r\n`;
    const body = utf8.encode(`preamble\r\n${field("a", "1")}${field("b", tricky)}${field("c", "")}${END}epilogue`);
    const expected = await readAll(body, { chunk: body.length });
    expect(expected.map((part) => [part.name, part.text])).toEqual([
      ["a", "1"],
      ["b", tricky],
      ["c", ""],
    ]);
    for (let chunk = 1; chunk < 200; chunk++) expect(await readAll(body, { chunk })).toEqual(expected);
  });

  it("yields the same parts when the body is split at any byte", async () => {
    const body = utf8.encode(`${field("a", "one\r\n")}${field("b", "two")}${END}`);
    for (let at = 0; at <= body.length; at++) {
      const parts: string[] = [];
      const cut = (async function* () {
        yield body.slice(0, at);
        yield body.slice(at);
      })();
      for await (const part of readParts(cut, BOUNDARY)) parts.push(await readText(part, 100));
      expect(parts).toEqual(["one\r\n", "two"]);
    }
  });

  it("reads a FormData body byte for byte", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const form = new FormData();
    form.append("device_id", "pixel");
    form.append("asset_data", new File([bytes], 'Ünï "quoted" 📷.jpg', { type: "image/jpeg" }));
    const request = new Request("https://tintype.test/", { method: "POST", body: form });
    const parts: MultipartPart[] = [];
    const contents: Uint8Array[] = [];
    if (request.body === null) throw new Error("no body");
    for await (const part of readParts(request.body, parseBoundary(request.headers.get("content-type")))) {
      parts.push(part);
      contents.push(await bytesOf(part));
    }
    expect(parts.map(({ name, filename, contentType }) => ({ name, filename, contentType }))).toEqual([
      { name: "device_id", filename: null, contentType: null },
      { name: "asset_data", filename: 'Ünï "quoted" 📷.jpg', contentType: "image/jpeg" },
    ]);
    expect(contents[1]).toEqual(bytes);
  });

  it("accepts spaces after a boundary and no line end after the last one", async () => {
    const body = `--${BOUNDARY} \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--${BOUNDARY}--`;
    expect((await readAll(body)).map((part) => part.text)).toEqual(["1"]);
  });

  it("accepts a body without parts", async () => {
    expect(await readAll(END)).toEqual([]);
  });

  it("stays fast for a body of partial boundaries", async () => {
    const boundary = "-".repeat(70);
    const dashes = `\r\n--${"-".repeat(69)}`.repeat(20_000);
    const body = `--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\n${dashes}\r\n--${boundary}--`;
    const [part] = await readAll(body, { chunk: 65_536, boundary });
    expect(part?.text).toBe(dashes);
  });

  it("continues after a part that was read partly or not at all", async () => {
    const seen: string[] = [];
    const bytes = utf8.encode(field("a", "x".repeat(100)) + field("b", "y".repeat(100)) + field("c", "z") + END);
    const kept: MultipartPart[] = [];
    for await (const part of readParts(splitIntoChunks(bytes, 10), BOUNDARY)) {
      seen.push(part.name);
      kept.push(part);
      if (part.name === "b") for await (const chunk of part.body) if (chunk.length > 0) break;
    }
    expect(seen).toEqual(["a", "b", "c"]);
    for (const part of kept) expect(await bytesOf(part)).toHaveLength(0);
  });

  it("never yields a larger chunk than it received", async () => {
    const bytes = utf8.encode(field("a", "x".repeat(100_000)) + END);
    for await (const part of readParts(splitIntoChunks(bytes, 1000), BOUNDARY)) {
      for await (const chunk of part.body) expect(chunk.length).toBeLessThanOrEqual(1000 + BOUNDARY.length + 4);
    }
  });

  it("throws the error of the body unchanged", async () => {
    const networkError = new Error("network connection lost");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(utf8.encode(field("a", "1")));
      },
      pull(controller) {
        controller.error(networkError);
      },
    });
    const reading = (async () => {
      for await (const part of readParts(body, BOUNDARY)) await readText(part, 100);
    })();
    await expect(reading).rejects.toBe(networkError);
  });

  it("leaves the body unlocked when iteration stops early", async () => {
    const { body } = new Request("https://tintype.test/", {
      method: "POST",
      body: field("a", "1") + field("b", "2") + END,
    });
    if (body === null) throw new Error("no body");
    for await (const part of readParts(body, BOUNDARY)) if (part.name === "a") break;
    expect(body.locked).toBe(false);
  });

  const broken: [string, string][] = [
    ["no content", ""],
    ["another boundary", "--other\r\n\r\n\r\n--other--\r\n"],
    ["no closing boundary", field("a", "1")],
    ["an end within a boundary", `${field("a", "1")}--${BOUNDARY}`],
    ["an end within a part", field("a", "1").slice(0, -5)],
    ["an end within headers", `--${BOUNDARY}\r\nContent-Disp`],
    ["bare line feeds", (field("a", "1") + END).replaceAll("\r\n", "\n")],
    ["text after a boundary", `--${BOUNDARY}x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n${END}`],
    ["a part without headers", `--${BOUNDARY}\r\n\r\n1\r\n${END}`],
  ];
  it.each(broken)("throws bad_request for %s", async (_, body) => {
    for (const chunk of [1, 5, 1000]) {
      const error = await rejection(readAll(body, { chunk }));
      expect(error.code).toBe("bad_request");
      expect(error.message).toMatch(/^multipart body /);
    }
  });

  it("throws bad_request for too many parts, header bytes or preamble bytes", async () => {
    const parts = (count: number) => field("a", "1").repeat(count) + END;
    expect(await readAll(parts(MULTIPART_LIMITS.maxParts), { chunk: 4096 })).toHaveLength(100);
    const long = `--${BOUNDARY}\r\nX: ${"x".repeat(20_000)}\r\n\r\n\r\n${END}`;
    for (const body of [parts(101), long, "x".repeat(70_000) + END, `${END}${"x".repeat(70_000)}`]) {
      for (const chunk of [100, 1_000_000]) {
        const error = await rejection(readAll(body, { chunk }));
        expect(error.code).toBe("bad_request");
        expect(error.message).toContain("more than");
      }
    }
  });
});

describe("a file name", () => {
  const names: [string, string | null][] = [
    ['filename="IMG 1.jpg"', "IMG 1.jpg"],
    ["filename=IMG_1.jpg", "IMG_1.jpg"],
    ['filename=""', ""],
    ['filename="a\\"b.jpg"', 'a"b.jpg'],
    ['filename="a%22b.jpg"', 'a"b.jpg'],
    ['filename="100%25 %0D%0A.jpg"', "100%25 %0D%0A.jpg"],
    ['filename="C:\\photos\\x.jpg"', "C:\\photos\\x.jpg"],
    ['filename="a\\\\b.jpg"', "a\\b.jpg"],
    ['filename="../../etc/passwd.jpg"', "../../etc/passwd.jpg"],
    ['filename="写真; name=x.jpg"', "写真; name=x.jpg"],
    ['filename="\u202egpj.exe"', "\u202egpj.exe"],
    ['filename="a\0b.jpg"', "a\0b.jpg"],
    ["filename*=UTF-8''na%C3%AFve%20%22x%22.jpg", 'naïve "x".jpg'],
    ["filename=\"plain.jpg\"; filename*=utf-8'en'%F0%9F%93%B7.jpg", "📷.jpg"],
  ];
  it.each(names)("is read from %j as %j", async (parameter, name) => {
    expect((await readPartWith(`Content-Disposition: form-data; name="f"; ${parameter}`)).filename).toBe(name);
  });

  it("of 1,024 characters is read in full", async () => {
    const name = `${"é".repeat(1020)}.jpg`;
    expect((await readPartWith(`Content-Disposition: form-data; name="f"; filename="${name}"`)).filename).toBe(name);
  });
});

describe("the headers of a part", () => {
  it("are read in any case and order", async () => {
    const part = await readPartWith(
      "CONTENT-TYPE:image/jpeg ",
      "content-disposition: Form-Data ; Name=f;FileName=x.jpg;",
    );
    expect(part).toMatchObject({ name: "f", filename: "x.jpg", contentType: "image/jpeg" });
  });

  const rejected: [string, string[]][] = [
    ["no Content-Disposition", ["Content-Type: text/plain"]],
    ["another disposition", ['Content-Disposition: attachment; name="a"']],
    ["no name", ['Content-Disposition: form-data; filename="a"']],
    ["two names", ['Content-Disposition: form-data; name="a"; name="b"']],
    ["two dispositions", ["Content-Disposition: form-data; name=a", "content-disposition: form-data; name=b"]],
    ["an unterminated quote", ['Content-Disposition: form-data; name="a']],
    ["text after a quote", ['Content-Disposition: form-data; name="a"b']],
    ["a folded line", ["Content-Disposition: form-data;", ' name="a"']],
    ["a line without a colon", ["Content-Disposition: form-data; name=a", "nonsense"]],
    ["a space before the colon", ["Content-Disposition : form-data; name=a"]],
    ["a lone line feed", ["Content-Disposition: form-data; name=a\nX: y"]],
    ["a lone carriage return", ["Content-Disposition: form-data; name=a\rX: y"]],
    ["a Content-Transfer-Encoding", ["Content-Disposition: form-data; name=a", "Content-Transfer-Encoding: base64"]],
    ["filename* in another charset", ["Content-Disposition: form-data; name=a; filename*=latin1''x"]],
    ["filename* of invalid UTF-8", ["Content-Disposition: form-data; name=a; filename*=UTF-8''%FF.jpg"]],
    ["filename* with a truncated escape", ["Content-Disposition: form-data; name=a; filename*=UTF-8''%4"]],
  ];
  it.each(rejected)("throw bad_request for %s", async (_, headers) => {
    expect((await rejection(readPartWith(...headers))).code).toBe("bad_request");
  });

  it("throw bad_request for invalid UTF-8", async () => {
    const text = `--${BOUNDARY}\r\nContent-Disposition: form-data; name=f; filename="?.jpg"\r\n\r\n\r\n${END}`;
    const bytes = utf8.encode(text).map((byte) => (byte === 0x3f ? 0xe9 : byte));
    expect((await rejection(readAll(bytes))).code).toBe("bad_request");
  });
});

describe("readText", () => {
  async function fieldText(value: Uint8Array, maxBytes: number): Promise<string> {
    const body = new Blob([field("note", "?").replace("?\r\n", ""), value, `\r\n${END}`]);
    const bytes = new Uint8Array(await body.arrayBuffer());
    for await (const part of readParts(splitIntoChunks(bytes, 3), BOUNDARY)) return await readText(part, maxBytes);
    throw new Error("no part");
  }

  it("reads characters that span chunks, and keeps a byte order mark", async () => {
    expect(await fieldText(utf8.encode("\ufeffnaïve 📷 写真"), 100)).toBe("\ufeffnaïve 📷 写真");
  });

  it("accepts the maximum length and rejects one more byte, naming the field", async () => {
    expect(await fieldText(utf8.encode("x".repeat(50)), 50)).toHaveLength(50);
    const error = await rejection(fieldText(utf8.encode("x".repeat(51)), 50));
    expect(error.code).toBe("validation_error");
    expect(error.issues?.[0]?.loc).toEqual(["body", "note"]);
  });

  it("rejects invalid UTF-8, naming the field", async () => {
    for (const bytes of [[0xff], [0x61, 0xc3]]) {
      const error = await rejection(fieldText(new Uint8Array(bytes), 50));
      expect(error.issues?.[0]?.loc).toEqual(["body", "note"]);
    }
  });
});

it("reads request bodies in larger chunks than a default reader", async () => {
  const { readable, writable } = new FixedLengthStream(400_000);
  const writing = (async () => {
    const writer = writable.getWriter();
    for (let i = 0; i < 4; i++) await writer.write(new Uint8Array(100_000).fill(i));
    await writer.close();
  })();
  let total = 0;
  let largest = 0;
  for await (const chunk of readChunks(readable)) {
    total += chunk.length;
    largest = Math.max(largest, chunk.length);
  }
  await writing;
  expect(total).toBe(400_000);
  expect(largest).toBeGreaterThan(4096);
});
