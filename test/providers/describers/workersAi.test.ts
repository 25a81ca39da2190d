import { describe, expect, it } from "vitest";
import { AppError } from "../../../src/kernel/errors.ts";
import { workersAiDescriber, type AiBinding } from "../../../src/providers/describers/workersAi.ts";

interface Asked {
  model: string;
  input: Record<string, unknown>;
  signal: AbortSignal;
}

/** Stands in for the binding, which has no local simulator: answers, or throws what the real one throws. */
function fakeAi(answer: unknown): { ai: AiBinding; asked: Asked[] } {
  const asked: Asked[] = [];
  const run: AiBinding["run"] = (model, input, options) => {
    asked.push({ model, input, signal: options.signal });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { ai: { run }, asked };
}

const picture = { bytes: new Uint8Array([0xff, 0xd8, 0xff]), mimeType: "image/jpeg" };
const dataUrl = "data:image/jpeg;base64,/9j/";

async function ask(answer: unknown, model: string | null = null) {
  const { ai, asked } = fakeAi(answer);
  const description = await workersAiDescriber(ai, { model, prompt: "What is this?" }).describe(picture);
  return { description, asked };
}

function completion(content: string | null, more: Record<string, unknown> = {}) {
  return {
    choices: [{ index: 0, message: { role: "assistant", content, refusal: null, ...more }, finish_reason: "stop" }],
  };
}

describe("a describer on Workers AI", () => {
  it("asks the default model, in a chat, with the picture as a data URL, and without its thoughts", async () => {
    const { description, asked } = await ask(completion("A dog on a beach."));
    expect(description).toEqual({ kind: "text", text: "A dog on a beach." });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
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
    expect(asked[0]?.signal).toBeInstanceOf(AbortSignal);
  });

  it("reads the answer of Llama and Mistral", async () => {
    const { description, asked } = await ask({ response: " A dog. " }, "@cf/meta/llama-4-scout-17b-16e-instruct");
    expect(description).toEqual({ kind: "text", text: "A dog." });
    expect(asked[0]?.input).not.toHaveProperty("chat_template_kwargs");
  });

  it("sends LLaVA the bytes as numbers", async () => {
    const { description, asked } = await ask({ description: "A dog." }, "@cf/llava-hf/llava-1.5-7b-hf");
    expect(description).toEqual({ kind: "text", text: "A dog." });
    expect(asked[0]?.input).toEqual({ image: [0xff, 0xd8, 0xff], prompt: "What is this?", max_tokens: 2048 });
  });

  it("asks Moondream its question", async () => {
    const { description, asked } = await ask(
      { answer: "A dog.", caption: null, finish_reason: "stop" },
      "@cf/moondream/moondream3.1-9B-A2B",
    );
    expect(description).toEqual({ kind: "text", text: "A dog." });
    expect(asked[0]?.input).toMatchObject({ task: "query", image: dataUrl, question: "What is this?", stream: false });
  });

  it.each([
    ["nothing", completion("")],
    ["the word that the prompt asks for", completion("DECLINED.")],
    ["a refusal", completion(null, { refusal: "No." })],
    ["that it is sorry", { response: "I’m sorry, but I can’t assist with that request." }],
  ])("says that the model declined when it says %s", async (_name, answer) => {
    expect((await ask(answer)).description).toEqual({ kind: "declined" });
  });

  it("keeps a description that begins with what it leaves out", async () => {
    const said = "I can't name the people, but the photo shows two hikers on a ridge.";
    expect((await ask(completion(said))).description).toEqual({ kind: "text", text: said });
  });

  it.each([
    "AiError: 5007: No such model @cf/nobody/nothing or task",
    "AiError: 5028: This model was deprecated on 2026-05-30. Please use an alternative model",
    "AiError: 5016: User has not agreed to Llama3.2 model terms",
  ])("takes %s for a setting", async (message) => {
    const { description } = await ask(new Error(message));
    expect(description).toMatchObject({ kind: "misconfigured", reason: expect.stringContaining(message) });
  });

  it("takes an answer of no known form for a setting", async () => {
    expect((await ask({ shape: [1, 2] })).description).toMatchObject({ kind: "misconfigured" });
  });

  it("takes a request that is too large for a picture that can't be read", async () => {
    const { description } = await ask(new Error("AiError: 3006: Request is too large"));
    expect(description).toMatchObject({ kind: "unreadable" });
  });

  it.each(["3040: Capacity temporarily exceeded", "3036: you have used up your daily free allocation"])(
    "wants to be asked again later after %s",
    async (message) => {
      const failure = await ask(new Error(message)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AppError);
      expect(failure).toMatchObject({ code: "rate_limited" });
    },
  );

  it.each(["InferenceUpstreamError: 3007: Request timeout", "Network connection lost."])(
    "wants to be asked again after %s",
    async (message) => {
      await expect(ask(new Error(message))).rejects.toThrow(message);
    },
  );

  it("says so when the deployment has no AI binding", async () => {
    const description = await workersAiDescriber(null, { model: null, prompt: "?" }).describe(picture);
    expect(description).toMatchObject({ kind: "misconfigured", reason: expect.stringContaining("AI binding") });
  });
});
