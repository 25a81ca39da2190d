import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { workersAiDescriber, type AiBinding } from "../../../src/providers/describers/workersAi.ts";

interface Call {
  model: string;
  input: Record<string, unknown>;
  signal: AbortSignal;
}

/** Fakes the AI binding, which has no local simulator. Rejects if `output` is an Error. */
function fakeAi(output: unknown): { ai: AiBinding; calls: Call[] } {
  const calls: Call[] = [];
  const run: AiBinding["run"] = (model, input, options) => {
    calls.push({ model, input, signal: options.signal });
    return output instanceof Error ? Promise.reject(output) : Promise.resolve(output);
  };
  return { ai: { run }, calls };
}

const image = { bytes: new Uint8Array([0xff, 0xd8, 0xff]), mimeType: "image/jpeg" };
const dataUrl = "data:image/jpeg;base64,/9j/";

async function describeWith(output: unknown, model: string | null = null) {
  const { ai, calls } = fakeAi(output);
  const description = await workersAiDescriber(ai, { model, prompt: "What is this?" }).describe(image);
  return { description, calls };
}

function completion(content: string | null, more: Record<string, unknown> = {}) {
  return {
    choices: [{ index: 0, message: { role: "assistant", content, refusal: null, ...more }, finish_reason: "stop" }],
  };
}

describe("Workers AI describer", () => {
  it("sends the default model a chat message with the image as a data URL and reasoning disabled", async () => {
    const { description, calls } = await describeWith(completion("A dog on a beach."));
    expect(description).toEqual({ kind: "text", text: "A dog on a beach." });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      model: "@cf/google/gemma-4-26b-a4b-it",
      input: {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "What is this?" },
              { type: "image_url", image_url: { url: dataUrl } },
            ],
          },
        ],
        max_tokens: 2048,
        chat_template_kwargs: { enable_thinking: false },
      },
    });
    expect(calls[0]?.signal).toBeInstanceOf(AbortSignal);
  });

  it("parses the output of Llama and Mistral", async () => {
    const { description, calls } = await describeWith(
      { response: " A dog. " },
      "@cf/meta/llama-4-scout-17b-16e-instruct",
    );
    expect(description).toEqual({ kind: "text", text: "A dog." });
    expect(calls[0]?.input).not.toHaveProperty("chat_template_kwargs");
  });

  it("sends LLaVA an array of byte values", async () => {
    const { description, calls } = await describeWith({ description: "A dog." }, "@cf/llava-hf/llava-1.5-7b-hf");
    expect(description).toEqual({ kind: "text", text: "A dog." });
    expect(calls[0]?.input).toEqual({ image: [0xff, 0xd8, 0xff], prompt: "What is this?", max_tokens: 2048 });
  });

  it("sends Moondream a question", async () => {
    const { description, calls } = await describeWith(
      { answer: "A dog.", caption: null, finish_reason: "stop" },
      "@cf/moondream/moondream3.1-9B-A2B",
    );
    expect(description).toEqual({ kind: "text", text: "A dog." });
    expect(calls[0]?.input).toMatchObject({ task: "query", image: dataUrl, question: "What is this?", stream: false });
  });

  it.each([
    ["empty text", completion("")],
    ["the word that the prompt requests", completion("DECLINED.")],
    ["a refusal field", completion(null, { refusal: "No." })],
    ["an apology", { response: "I’m sorry, but I can’t assist with that request." }],
  ])("returns declined for %s", async (_name, output) => {
    expect((await describeWith(output)).description).toEqual({ kind: "declined" });
  });

  it("keeps a description that starts with an omission", async () => {
    const text = "I can't name the people, but the photo shows two hikers on a ridge.";
    expect((await describeWith(completion(text))).description).toEqual({ kind: "text", text });
  });

  it.each([
    "AiError: 5007: No such model @cf/nobody/nothing or task",
    "AiError: 5028: This model was deprecated on 2026-05-30. Please use an alternative model",
    "AiError: 5016: User has not agreed to Llama3.2 model terms",
  ])("returns misconfigured for %s", async (message) => {
    const { description } = await describeWith(new Error(message));
    expect(description).toMatchObject({ kind: "misconfigured", reason: expect.stringContaining(message) });
  });

  it("returns misconfigured for an unknown output format", async () => {
    expect((await describeWith({ shape: [1, 2] })).description).toMatchObject({ kind: "misconfigured" });
  });

  it("returns unreadable for a request that is too large", async () => {
    const { description } = await describeWith(new Error("AiError: 3006: Request is too large"));
    expect(description).toMatchObject({ kind: "unreadable" });
  });

  it.each(["3040: Capacity temporarily exceeded", "3036: you have used up your daily free allocation"])(
    "throws rate_limited for %s",
    async (message) => {
      const failure = await describeWith(new Error(message)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AppError);
      expect(failure).toMatchObject({ code: "rate_limited" });
    },
  );

  it.each(["InferenceUpstreamError: 3007: Request timeout", "Network connection lost."])(
    "throws for the transient error %s",
    async (message) => {
      await expect(describeWith(new Error(message))).rejects.toThrow(message);
    },
  );

  it("returns misconfigured if the deployment has no AI binding", async () => {
    const description = await workersAiDescriber(null, { model: null, prompt: "?" }).describe(image);
    expect(description).toMatchObject({ kind: "misconfigured", reason: expect.stringContaining("AI binding") });
  });
});
