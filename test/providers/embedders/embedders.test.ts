import { describe, expect, inject, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import type { Embedder, Embedding } from "../../../src/providers/embedders/embedder.ts";
import { createEmbedder } from "../../../src/providers/embedders/embedderFactory.ts";
import { immichMlEmbedder } from "../../../src/providers/embedders/immichMl.ts";
import { openAiCompatibleEmbedder } from "../../../src/providers/embedders/openAiCompatible.ts";
import { promptFor } from "../../../src/providers/embedders/prompts.ts";
import { workersAiEmbedder } from "../../../src/providers/embedders/workersAi.ts";
import { renderPng } from "../../support/media/images.ts";

const url = inject("embedderServerUrl");

function openAi(model: string, changes: { dimensions?: number; apiKey?: string } = {}): Embedder {
  const { dimensions = null, apiKey = null } = changes;
  return openAiCompatibleEmbedder({ baseUrl: `${url}/v1`, model, apiKey, dimensions, timeoutMs: 500 });
}

function vectorOf(embedding: Embedding): Float32Array {
  if (embedding.kind === "refused") throw new Error(embedding.reason);
  return embedding.vector;
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, component, index) => sum + component * (b[index] ?? 0), 0);
}

describe("the OpenAI-compatible embedder", () => {
  it("returns vectors of unit length that compare texts", async () => {
    const embedder = openAi("words");
    const texts = ["a dog at the beach", "dog on a beach", "mountain railway station"];
    const [dog, sameDog, train] = await Promise.all(
      texts.map(async (text) => vectorOf(await embedder.embedText(text, "document"))),
    );
    if (dog === undefined || sameDog === undefined || train === undefined) throw new Error("no vector");
    expect(cosine(dog, dog)).toBeCloseTo(1, 5);
    expect(cosine(dog, sameDog)).toBeGreaterThan(cosine(dog, train) + 0.2);
  });

  it("keeps the first dimensions of a vector, scaled to unit length", async () => {
    const whole = vectorOf(await openAi("words").embedText("dog", "query"));
    const part = vectorOf(await openAi("words", { dimensions: 16 }).embedText("dog", "query"));
    expect([whole.length, part.length]).toEqual([64, 16]);
    expect(cosine(part, part)).toBeCloseTo(1, 5);
    expect((part[3] ?? 0) / (part[0] ?? 0)).toBeCloseTo((whole[3] ?? 0) / (whole[0] ?? 0), 4);
  });

  it("sends the key, and hides it in a reason", async () => {
    expect((await openAi("locked", { apiKey: "right-key" }).embedText("dog", "query")).kind).toBe("vector");
    expect(await openAi("locked", { apiKey: "wrong-key" }).embedText("dog", "query")).toEqual({
      kind: "refused",
      reason: expect.stringMatching(/^the embedder responded with 401: (?!.*wrong-key).*\[key\]/),
    });
  });

  it.each(["short", "long", "zero", "infinite", "not-a-number", "texts", "nothing", "huge", "malformed"])(
    "throws for a retry when the answer is %s",
    async (model) => {
      await expect(openAi(model).embedText("dog", "query")).rejects.toThrow(/the embedder/);
    },
  );

  it("throws for a retry when the vector is shorter than the setting", async () => {
    await expect(openAi("words", { dimensions: 65 }).embedText("dog", "query")).rejects.toThrow(/64 dimensions/);
  });

  it.each(["server-error", "disconnect", "slow"])("throws for a retry on %s", async (model) => {
    await expect(openAi(model).embedText("dog", "query")).rejects.toThrow(/the embedder (responded|could|timed)/);
  });

  it("passes on Retry-After", async () => {
    const error: unknown = await openAi("rate-limited")
      .embedText("dog", "query")
      .catch((cause: unknown) => cause);
    expect(error instanceof AppError && [error.code, error.retryAfterSeconds]).toEqual(["rate_limited", 17]);
  });

  it.each(["unknown-model", "moved"])("refuses without a retry: %s", async (model) => {
    expect((await openAi(model).embedText("dog", "query")).kind).toBe("refused");
  });
});

describe("the immich-ml embedder", () => {
  const embedder = immichMlEmbedder({ baseUrl: url, model: "words", apiKey: null, timeoutMs: 500 });

  it("maps images and texts to the same vectors", async () => {
    const red = await renderPng(8, 8, () => [255, 0, 0, 255]);
    const image = vectorOf(await embedder.embedImage({ bytes: red, mimeType: "image/png" }));
    const text = vectorOf(await embedder.embedText("red", "query"));
    const other = vectorOf(await embedder.embedText("green", "query"));
    expect(cosine(image, text)).toBeCloseTo(1, 5);
    expect(cosine(image, other)).toBeLessThan(0.7);
  });

  it("throws for a retry on malformed answers", async () => {
    for (const model of ["short", "texts", "malformed", "nothing", "slow"]) {
      const hostile = immichMlEmbedder({ baseUrl: url, model, apiKey: null, timeoutMs: 300 });
      await expect(hostile.embedText("dog", "query"), model).rejects.toThrow(/the embedder/);
    }
  });
});

describe("the Workers AI embedder", () => {
  it("sends the prompts of the model and keeps 256 dimensions of the default one", async () => {
    const inputs: unknown[] = [];
    const ai = {
      run: (model: string, input: Record<string, unknown>) => {
        inputs.push([model, input]);
        return Promise.resolve({ shape: [1, 768], data: [Array.from({ length: 768 }, (_, index) => index + 1)] });
      },
    };
    const embedder = workersAiEmbedder(ai, { model: null, dimensions: null });
    expect(vectorOf(await embedder.embedText("a dog", "query")).length).toBe(256);
    expect(vectorOf(await embedder.embedText("a dog", "document")).length).toBe(256);
    expect(inputs).toEqual([
      ["@cf/google/embeddinggemma-300m", { text: ["task: search result | query: a dog"] }],
      ["@cf/google/embeddinggemma-300m", { text: ["title: none | text: a dog"] }],
    ]);
  });

  it("classifies errors by their code", async () => {
    const failing = (message: string): Embedder =>
      workersAiEmbedder({ run: () => Promise.reject(new Error(message)) }, { model: null, dimensions: null });
    expect((await failing("AiError: 5007: No such model").embedText("a", "query")).kind).toBe("refused");
    await expect(failing("AiError: 3040: capacity").embedText("a", "query")).rejects.toMatchObject({
      code: "rate_limited",
    });
    await expect(failing("network").embedText("a", "query")).rejects.toThrow(/network/);
    expect((await workersAiEmbedder(null, { model: null, dimensions: null }).embedText("a", "query")).kind).toBe(
      "refused",
    );
  });
});

describe("an embedder", () => {
  it("is created as configured", () => {
    const create = (embedder: Parameters<typeof createEmbedder>[0]["embedder"]) => createEmbedder({ embedder }, {});
    expect(create({ kind: "none" })).toBeNull();
    expect(create({ kind: "workers-ai", model: null, dimensions: null })?.model).toBe("@cf/google/embeddinggemma-300m");
    expect(create({ kind: "immich-ml", baseUrl: "http://a", model: null, apiKey: null })).toMatchObject({
      model: "ViT-B-32__openai",
      embedsImages: true,
    });
    const openai = {
      kind: "openai-compatible",
      baseUrl: "http://a/v1",
      model: "m",
      apiKey: null,
      dimensions: null,
    } as const;
    expect(create(openai)).toMatchObject({ model: "m", embedsImages: false });
  });

  it("gets the prompt that its model was trained with", () => {
    expect(promptFor("embeddinggemma:300m", "x", "query")).toBe("task: search result | query: x");
    expect(promptFor("intfloat/e5-base-v2", "x", "document")).toBe("passage: x");
    expect(promptFor("intfloat/multilingual-e5-large-instruct", "x", "query")).toBe("x");
    expect(promptFor("nomic-embed-text", "x", "query")).toBe("search_query: x");
    expect(promptFor("bge-m3", "x", "query")).toBe("x");
  });
});
