import { describe, expect, it } from "vitest";
import { parseEmbedderSettings } from "../../../src/kernel/settings/embedderSettings.ts";

describe("the settings of the embedder", () => {
  it("default to none", () => {
    expect(parseEmbedderSettings({})).toEqual({ kind: "none" });
  });

  it("name the service, its model and its dimensions", () => {
    expect(parseEmbedderSettings({ EMBEDDER: "workers-ai" })).toEqual({
      kind: "workers-ai",
      model: null,
      dimensions: null,
    });
    const openai = { EMBEDDER: "openai-compatible", EMBEDDER_URL: "http://localhost:11434/v1/", EMBEDDER_MODEL: "m" };
    expect(parseEmbedderSettings({ ...openai, EMBEDDER_API_KEY: "k", EMBEDDER_DIMENSIONS: "256" })).toEqual({
      kind: "openai-compatible",
      baseUrl: "http://localhost:11434/v1",
      model: "m",
      apiKey: "k",
      dimensions: 256,
    });
    expect(parseEmbedderSettings({ EMBEDDER: "immich-ml", IMMICH_ML_URL: "http://ml:3003/predict" })).toEqual({
      kind: "immich-ml",
      model: null,
      baseUrl: "http://ml:3003",
      apiKey: null,
    });
  });

  it.each([
    { EMBEDDER: "openai" },
    { EMBEDDER: "openai-compatible", EMBEDDER_URL: "http://a/v1" },
    { EMBEDDER: "openai-compatible", EMBEDDER_MODEL: "m" },
    { EMBEDDER: "openai-compatible", EMBEDDER_MODEL: "m", EMBEDDER_URL: "http://user:password@a/v1" },
    { EMBEDDER: "immich-ml" },
    { EMBEDDER: "immich-ml", IMMICH_ML_URL: "ftp://a" },
    { EMBEDDER: "workers-ai", EMBEDDER_DIMENSIONS: "4" },
    { EMBEDDER: "workers-ai", EMBEDDER_DIMENSIONS: "4097" },
    { EMBEDDER: "workers-ai", EMBEDDER_DIMENSIONS: "many" },
  ])("reject %o", (vars) => {
    expect(() => parseEmbedderSettings(vars)).toThrow(/must/);
  });
});
