import { describe, expect, it } from "vitest";
import { call } from "../support/clients/api.ts";

const JSON_TYPE = "application/json";

async function create(body: string | ReadableStream | undefined, type: string | null = JSON_TYPE) {
  const headers: Record<string, string> = type === null ? {} : { "content-type": type };
  const response = await call("POST", "/api/libraries", { headers, ...(body === undefined ? {} : { body }) });
  const parsed = await response.json<{ name?: string; error?: string; detail?: unknown }>();
  return { status: response.status, parsed };
}

describe("a JSON body", () => {
  it("of 10 MB returns 413, with or without Content-Length", async () => {
    const text = JSON.stringify({ name: "x".repeat(10_000_000) });
    expect((await create(text)).status).toBe(413);
    const response = await call("POST", "/api/libraries", {
      body: text,
      headers: { "content-type": JSON_TYPE, "content-length": String(text.length) },
    });
    expect(response.status).toBe(413);
    const streamed = new Response(text).body ?? undefined;
    expect((await create(streamed)).parsed.error).toBe("payload_too_large");
  });

  it("of one megabyte is parsed and validated", async () => {
    expect((await create(JSON.stringify({ name: "x".repeat(1_000_000) }))).status).toBe(422);
  });

  it("of another type or without a type returns 415", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonx",
      "text/json",
      "garbage",
    ]) {
      expect((await create('{"name":"a"}', type)).status, type).toBe(415);
    }
    const untyped = new Response(new TextEncoder().encode('{"name":"a"}')).body ?? undefined;
    expect((await create(untyped, null)).parsed.error).toBe("unsupported_media_type");
  });

  it("is parsed or rejected for every spelling of its type, and never ignored", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"]) {
      expect((await create('{"name":"typed"}', type)).parsed.name, type).toBe("typed");
    }
    for (const type of ["application/json ; charset=utf-8", "application/json;", "application/json; charset=utf-8;"]) {
      expect([201, 415], type).toContain((await create('{"name":"typed"}', type)).status);
    }
  });

  it("returns 400 when malformed", async () => {
    for (const text of [
      "",
      "{",
      '{"name":',
      "{'name':'a'}",
      '{"name":"a"}}',
      "undefined",
      "NaN",
      '{"name":"a",}',
      "\u0000",
    ]) {
      const { status, parsed } = await create(text);
      expect(status, text).toBe(400);
      expect(parsed.error).toBe("bad_request");
    }
  });

  it("returns 422 when it is no object", async () => {
    for (const text of ["[]", "null", "7", '"name"', "true", '[{"name":"a"}]'])
      expect((await create(text)).status, text).toBe(422);
  });

  it("uses the last value of a repeated key", async () => {
    expect((await create('{"name":"first","name":"last"}')).parsed.name).toBe("last");
  });

  it("nested 100,000 levels deep returns a 4xx", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect((await create(deep)).status).toBe(422);
    expect((await create(`{"name":${deep}}`)).status).toBe(422);
    expect((await create(`{"name":"deep","unknown":${deep}}`)).status).toBe(201);
    expect((await create("[".repeat(100_000))).status).toBe(400);
  });

  it("may contain any characters", async () => {
    for (const name of ["𝕏 zoë 図書館 🖼️", "line\nbreak", "\u202Ebidi", "'; DROP TABLE libraries; --", "__proto__"]) {
      expect((await create(JSON.stringify({ name }))).parsed.name).toBe(name);
    }
    for (const odd of ["a\u0000b", "\ud800"])
      expect((await create(JSON.stringify({ name: odd }))).status).toBeLessThan(500);
    expect((await create('{"__proto__":{"name":"x"},"name":"plain"}')).parsed.name).toBe("plain");
  });
});
