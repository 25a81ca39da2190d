import { describe, expect, inject, it } from "vitest";
import { parseConfig } from "../../../src/kernel/config.ts";
import { describerOf } from "../../../src/providers/describers/describer.ts";

const secrets = { ROOT_API_KEY: "r".repeat(32), MEDIA_SIGNING_KEY: "m".repeat(32) };
const picture = { bytes: new Uint8Array([0xff, 0xd8, 0xff]), mimeType: "image/jpeg" };

function settings(vars: Record<string, string>) {
  return parseConfig({ ...secrets, ...vars });
}

describe("which describer the settings choose", () => {
  it("none where nothing is set, so that no picture leaves the deployment", () => {
    expect(describerOf(settings({}), {})).toBeNull();
    expect(describerOf(settings({ DESCRIBER: "none" }), {})).toBeNull();
  });

  it("Workers AI with the model that is named", async () => {
    const models: string[] = [];
    const run = (model: string) => {
      models.push(model);
      return Promise.resolve({ response: "A cat." });
    };
    const config = settings({ DESCRIBER: "workers-ai", DESCRIBER_MODEL: "@cf/qwen/qwen3.8-27b" });
    const describer = describerOf(config, { AI: { run } as unknown as Ai });
    expect(await describer?.describe(picture)).toEqual({ kind: "text", text: "A cat." });
    expect(models).toEqual(["@cf/qwen/qwen3.8-27b"]);
  });

  it("an OpenAI-compatible endpoint with its URL, model, key and prompt", async () => {
    const config = settings({
      DESCRIBER: "openai-compatible",
      DESCRIBER_URL: `${inject("modelServerUrl")}/`,
      DESCRIBER_MODEL: "echo",
      DESCRIBER_API_KEY: "sk-2",
      DESCRIBER_PROMPT: "Beschreibe das Foto.",
    });
    const description = await describerOf(config, {})?.describe(picture);
    expect(description?.kind === "text" ? JSON.parse(description.text) : description).toMatchObject({
      authorization: "Bearer sk-2",
      prompt: "Beschreibe das Foto.",
    });
  });

  it("asks for content, quality and composition where no prompt is set", async () => {
    const endpoint = { DESCRIBER_URL: inject("modelServerUrl"), DESCRIBER_MODEL: "echo" };
    const config = settings({ DESCRIBER: "openai-compatible", ...endpoint });
    const description = await describerOf(config, {})?.describe(picture);
    expect(description?.kind === "text" ? description.text : "").toMatch(/what it shows.*quality.*composition/i);
  });

  it.each([
    [{ DESCRIBER: "clippy" }, /DESCRIBER must be/],
    [{ DESCRIBER: "openai-compatible", DESCRIBER_MODEL: "x" }, /DESCRIBER_URL/],
    [{ DESCRIBER: "openai-compatible", DESCRIBER_URL: "ftp://x/v1", DESCRIBER_MODEL: "x" }, /DESCRIBER_URL/],
    [{ DESCRIBER: "openai-compatible", DESCRIBER_URL: "http://localhost:11434/v1" }, /DESCRIBER_MODEL/],
  ])("refuses %o by the name of what is wrong", (vars, message) => {
    expect(() => settings(vars)).toThrow(message);
  });
});
