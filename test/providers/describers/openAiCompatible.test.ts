import { describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../../src/kernel/errors.ts";
import type { Description } from "../../../src/providers/describers/describer.ts";
import { openAiCompatibleDescriber } from "../../../src/providers/describers/openAiCompatible.ts";

const baseUrl = inject("modelServerUrl");
const image = { bytes: new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]), mimeType: "image/jpeg" };

async function describeWith(model: string, options: { apiKey?: string; timeoutMs?: number; baseUrl?: string } = {}) {
  const settings = { baseUrl, model, apiKey: null, prompt: "What is this?", ...options };
  return await openAiCompatibleDescriber(settings).describe(image);
}

const echoSchema = z.object({
  authorization: z.string().nullable(),
  prompt: z.string(),
  mimeType: z.string(),
  imageBase64: z.string(),
  imageBytes: z.number(),
  maxTokens: z.number().nullable(),
  maxCompletionTokens: z.number().nullable(),
});

function parseEcho(description: Description) {
  if (description.kind !== "text") throw new Error(`expected text, got ${description.kind}`);
  return echoSchema.parse(JSON.parse(description.text));
}

describe("OpenAI-compatible describer", () => {
  it("returns the model's caption", async () => {
    expect(await describeWith("caption")).toEqual({ kind: "text", text: "A falcon on a post. Sharp and well lit." });
  });

  it("sends the image as a data URL, the prompt and a token limit, and no key if none is set", async () => {
    expect(parseEcho(await describeWith("echo"))).toEqual({
      authorization: null,
      prompt: "What is this?",
      mimeType: "image/jpeg",
      imageBase64: "/9j/4AECAw==",
      imageBytes: 7,
      maxTokens: 2048,
      maxCompletionTokens: null,
    });
  });

  it("sends the key as a bearer token", async () => {
    expect(parseEcho(await describeWith("echo", { apiKey: "sk-1" })).authorization).toBe("Bearer sk-1");
    expect((await describeWith("locked", { apiKey: "right-key" })).kind).toBe("text");
  });

  it("retries with max_completion_tokens if the model rejects max_tokens", async () => {
    expect(parseEcho(await describeWith("new-token-field"))).toMatchObject({
      maxTokens: null,
      maxCompletionTokens: 2048,
    });
  });

  it("joins a caption in parts and removes reasoning", async () => {
    expect(await describeWith("parts")).toEqual({ kind: "text", text: "In parts." });
    expect(await describeWith("thinking")).toEqual({ kind: "text", text: "A bird." });
  });

  it.each(["empty", "sorry", "refusal", "filtered", "filtered-400"])(
    "returns declined for a model response of kind %s",
    async (model) => {
      expect(await describeWith(model)).toEqual({ kind: "declined" });
    },
  );

  it("truncates a caption to 2,000 characters at a word boundary", async () => {
    const description = await describeWith("long-caption");
    expect(description.kind).toBe("text");
    const text = description.kind === "text" ? description.text : "";
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(text).toMatch(/ word…$/);
  });
});

describe("configuration errors are permanent", () => {
  it("returns misconfigured for a 401 and redacts the key", async () => {
    const description = await describeWith("locked", { apiKey: "wrong-key" });
    expect(description).toMatchObject({ kind: "misconfigured" });
    expect(JSON.stringify(description)).toContain("401");
    expect(JSON.stringify(description)).not.toContain("wrong-key");
  });

  it("returns misconfigured for an unknown model", async () => {
    expect(await describeWith("no-such-model")).toEqual({
      kind: "misconfigured",
      reason: expect.stringMatching(/404: .*no-such-model.* not found/),
    });
  });

  it("returns misconfigured for a wrong path", async () => {
    expect(await describeWith("caption", { baseUrl: baseUrl.replace("/v1", "") })).toMatchObject({
      kind: "misconfigured",
    });
  });

  it("returns misconfigured for a model without vision", async () => {
    expect(await describeWith("text-only")).toMatchObject({ kind: "misconfigured" });
  });

  it("does not follow redirects", async () => {
    expect(await describeWith("moved")).toMatchObject({
      kind: "misconfigured",
      reason: expect.stringContaining("302"),
    });
  });

  it.each(["malformed", "other-json", "huge"])(
    "returns misconfigured for a 200 that is not a completion: %s",
    async (model) => {
      expect(await describeWith(model)).toMatchObject({ kind: "misconfigured" });
    },
  );

  it("returns misconfigured if reasoning uses all tokens", async () => {
    expect(await describeWith("thinks-too-long")).toMatchObject({
      kind: "misconfigured",
      reason: expect.stringMatching(/tokens/),
    });
  });
});

describe("image errors are permanent", () => {
  it("returns unreadable if the server cannot decode the image", async () => {
    expect(await describeWith("bad-image")).toMatchObject({ kind: "unreadable" });
  });

  it("returns unreadable for an image over 4 MiB", async () => {
    const large = { bytes: new Uint8Array(4 * 1024 * 1024 + 1), mimeType: "image/jpeg" };
    const describer = openAiCompatibleDescriber({ baseUrl, model: "caption", apiKey: null, prompt: "?" });
    expect(await describer.describe(large)).toMatchObject({ kind: "unreadable" });
  });
});

describe("transient failures throw", () => {
  it("throws rate_limited with the seconds of Retry-After for a 429", async () => {
    const failure = await describeWith("rate-limited").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: "rate_limited", retryAfterSeconds: 17 });
  });

  it("throws for a 500", async () => {
    await expect(describeWith("server-error")).rejects.toThrow("responded with 500");
  });

  it("throws if the response or its body does not arrive in time", async () => {
    await expect(describeWith("slow", { timeoutMs: 200 })).rejects.toThrow("timed out after 0.2 s");
    await expect(describeWith("slow-body", { timeoutMs: 200 })).rejects.toThrow("timed out after 0.2 s");
  });

  it("throws if the connection breaks or the server is down", async () => {
    await expect(describeWith("disconnect")).rejects.toThrow("could not be reached");
    await expect(describeWith("caption", { baseUrl: "http://127.0.0.1:1/v1" })).rejects.toThrow("could not be reached");
  });
});
