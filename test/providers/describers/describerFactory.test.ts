import { describe, expect, inject, it } from "vitest";
import { parseConfig } from "../../../src/kernel/config.ts";
import { createDescriber } from "../../../src/providers/describers/describerFactory.ts";

const secrets = { ROOT_API_KEY: "r".repeat(32), MEDIA_SIGNING_KEY: "m".repeat(32) };
const image = { bytes: new Uint8Array([0xff, 0xd8, 0xff]), mimeType: "image/jpeg" };

function configWith(vars: Record<string, string>) {
  return parseConfig({ ...secrets, ...vars });
}

describe("describer configuration", () => {
  it("creates no describer by default, so that images stay inside the deployment", () => {
    expect(createDescriber(configWith({}), {})).toBeNull();
    expect(createDescriber(configWith({ DESCRIBER: "none" }), {})).toBeNull();
  });

  it("uses Workers AI with the configured model", async () => {
    const models: string[] = [];
    const run = (model: string) => {
      models.push(model);
      return Promise.resolve({ response: "A cat." });
    };
    const config = configWith({ DESCRIBER: "workers-ai", DESCRIBER_MODEL: "@cf/qwen/qwen3.8-27b" });
    const describer = createDescriber(config, { AI: { run } as unknown as Ai });
    expect(await describer?.describe(image)).toEqual({ kind: "text", text: "A cat." });
    expect(models).toEqual(["@cf/qwen/qwen3.8-27b"]);
  });

  it("uses an OpenAI-compatible endpoint with the configured URL, model, key and prompt", async () => {
    const config = configWith({
      DESCRIBER: "openai-compatible",
      DESCRIBER_URL: `${inject("modelServerUrl")}/`,
      DESCRIBER_MODEL: "echo",
      DESCRIBER_API_KEY: "sk-2",
      DESCRIBER_PROMPT: "Beschreibe das Foto.",
    });
    const description = await createDescriber(config, {})?.describe(image);
    expect(description?.kind === "text" ? JSON.parse(description.text) : description).toMatchObject({
      authorization: "Bearer sk-2",
      prompt: "Beschreibe das Foto.",
    });
  });

  it("asks for content, quality and composition by default", async () => {
    const endpoint = { DESCRIBER_URL: inject("modelServerUrl"), DESCRIBER_MODEL: "echo" };
    const config = configWith({ DESCRIBER: "openai-compatible", ...endpoint });
    const description = await createDescriber(config, {})?.describe(image);
    expect(description?.kind === "text" ? description.text : "").toMatch(/what it shows.*quality.*composition/i);
  });

  it.each([
    [{ DESCRIBER: "clippy" }, /DESCRIBER must be/],
    [{ DESCRIBER: "openai-compatible", DESCRIBER_MODEL: "x" }, /DESCRIBER_URL/],
    [{ DESCRIBER: "openai-compatible", DESCRIBER_URL: "ftp://x/v1", DESCRIBER_MODEL: "x" }, /DESCRIBER_URL/],
    [{ DESCRIBER: "openai-compatible", DESCRIBER_URL: "http://localhost:11434/v1" }, /DESCRIBER_MODEL/],
  ])("rejects %o with an error that names the setting", (vars, message) => {
    expect(() => configWith(vars)).toThrow(message);
  });
});
