import { describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../../src/kernel/errors.ts";
import type { Description } from "../../../src/providers/describers/describer.ts";
import { openAiCompatibleDescriber } from "../../../src/providers/describers/openAiCompatible.ts";

const baseUrl = inject("modelServerUrl");
const picture = { bytes: new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]), mimeType: "image/jpeg" };

async function ask(model: string, options: { apiKey?: string; timeoutMs?: number; baseUrl?: string } = {}) {
  const settings = { baseUrl, model, apiKey: null, prompt: "What is this?", ...options };
  return await openAiCompatibleDescriber(settings).describe(picture);
}

async function failureOf(work: Promise<Description>): Promise<unknown> {
  return await work.then(
    (description) => description,
    (error: unknown) => error,
  );
}

const echoed = z.object({
  authorization: z.string().nullable(),
  prompt: z.string(),
  mimeType: z.string(),
  pictureBase64: z.string(),
  pictureBytes: z.number(),
  maxTokens: z.number().nullable(),
  maxCompletionTokens: z.number().nullable(),
});

function echoOf(description: Description) {
  if (description.kind !== "text") throw new Error(`no text but ${description.kind}`);
  return echoed.parse(JSON.parse(description.text));
}

describe("a describer behind an OpenAI-compatible endpoint", () => {
  it("gives the caption of the model", async () => {
    expect(await ask("caption")).toEqual({ kind: "text", text: "A falcon on a post. Sharp and well lit." });
  });

  it("sends the picture as a data URL, the prompt, a token limit, and no key where there is none", async () => {
    expect(echoOf(await ask("echo"))).toEqual({
      authorization: null,
      prompt: "What is this?",
      mimeType: "image/jpeg",
      pictureBase64: "/9j/4AECAw==",
      pictureBytes: 7,
      maxTokens: 2048,
      maxCompletionTokens: null,
    });
  });

  it("sends the key as a bearer token", async () => {
    expect(echoOf(await ask("echo", { apiKey: "sk-1" })).authorization).toBe("Bearer sk-1");
    expect((await ask("locked", { apiKey: "right-key" })).kind).toBe("text");
  });

  it("asks again with max_completion_tokens where the model takes only that", async () => {
    expect(echoOf(await ask("new-names"))).toMatchObject({ maxTokens: null, maxCompletionTokens: 2048 });
  });

  it("reads a caption that comes in parts, and leaves a model's thoughts out", async () => {
    expect(await ask("parts")).toEqual({ kind: "text", text: "In parts." });
    expect(await ask("thinking")).toEqual({ kind: "text", text: "A bird." });
  });

  it.each(["empty", "sorry", "refusal", "filtered", "filtered-400"])(
    "says that the model declined: %s",
    async (model) => {
      expect(await ask(model)).toEqual({ kind: "declined" });
    },
  );

  it("cuts a caption at 2,000 characters, at a word", async () => {
    const description = await ask("long-caption");
    expect(description.kind).toBe("text");
    const text = description.kind === "text" ? description.text : "";
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(text).toMatch(/ word…$/);
  });
});

describe("a setting that is wrong is permanent and says so", () => {
  it("401: and the key is not repeated", async () => {
    const description = await ask("locked", { apiKey: "wrong-key" });
    expect(description).toMatchObject({ kind: "misconfigured" });
    expect(JSON.stringify(description)).toContain("401");
    expect(JSON.stringify(description)).not.toContain("wrong-key");
  });

  it("404: the model is unknown", async () => {
    expect(await ask("no-such-model")).toEqual({
      kind: "misconfigured",
      reason: expect.stringMatching(/404: .*no-such-model.* not found/),
    });
  });

  it("404: the path is wrong", async () => {
    expect(await ask("caption", { baseUrl: baseUrl.replace("/v1", "") })).toMatchObject({ kind: "misconfigured" });
  });

  it("400: the model sees no pictures", async () => {
    expect(await ask("blind")).toMatchObject({ kind: "misconfigured" });
  });

  it("a redirect is not followed", async () => {
    expect(await ask("moved")).toMatchObject({ kind: "misconfigured", reason: expect.stringContaining("302") });
  });

  it.each(["garbage", "other-json", "huge"])("200 with something that is no completion: %s", async (model) => {
    expect(await ask(model)).toMatchObject({ kind: "misconfigured" });
  });

  it("the model thinks until its tokens are gone", async () => {
    expect(await ask("thinks-too-long")).toMatchObject({
      kind: "misconfigured",
      reason: expect.stringMatching(/tokens/),
    });
  });
});

describe("a picture that can't be taken is permanent for that picture", () => {
  it("the server can't decode it", async () => {
    expect(await ask("bad-picture")).toMatchObject({ kind: "unreadable" });
  });

  it("it is too large to be sent", async () => {
    const large = { bytes: new Uint8Array(4 * 1024 * 1024 + 1), mimeType: "image/jpeg" };
    const describer = openAiCompatibleDescriber({ baseUrl, model: "caption", apiKey: null, prompt: "?" });
    expect(await describer.describe(large)).toMatchObject({ kind: "unreadable" });
  });
});

describe("what may pass is thrown, so that the task is tried again", () => {
  it("429, with the pause that the server asks for", async () => {
    const failure = await failureOf(ask("rate-limited"));
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({ code: "rate_limited", retryAfterSeconds: 17 });
  });

  it("500", async () => {
    await expect(ask("broken")).rejects.toThrow("answered 500");
  });

  it("no answer in time, and an answer that does not end in time", async () => {
    await expect(ask("slow", { timeoutMs: 200 })).rejects.toThrow("did not answer within 0.2 s");
    await expect(ask("slow-body", { timeoutMs: 200 })).rejects.toThrow("did not answer within 0.2 s");
  });

  it("the connection breaks, or there is no server", async () => {
    await expect(ask("hangs-up")).rejects.toThrow("could not be reached");
    await expect(ask("caption", { baseUrl: "http://127.0.0.1:1/v1" })).rejects.toThrow("could not be reached");
  });
});
