import { z } from "zod";
import { AppError } from "../../kernel/errors.ts";
import type { Describer, Description, ImageFile } from "./describer.ts";
import { imagePrompt, MAX_COMPLETION_TOKENS, rejectOversized, toDataUrl } from "./imagePrompt.ts";
import { parseChatCompletion, parseDescription } from "./parseCompletion.ts";

/** The used part of the AI binding, whose own type is overloaded by model name. */
export interface AiBinding {
  run(model: string, input: Record<string, unknown>, options: { signal: AbortSignal }): Promise<unknown>;
}

export interface WorkersAiSettings {
  /** A model id; null for DEFAULT_MODEL. */
  model: string | null;
  prompt: string;
}

/** A vision model at a low price, usable without accepting terms. docs/captions.md compares the others. */
const DEFAULT_MODEL = "@cf/google/gemma-4-26b-a4b-it";
const TIMEOUT_MS = 60_000;
const MAX_REASON_CHARACTERS = 300;

/** Most models take chat messages. `@cf/llava-hf/` takes an array of byte values, `@cf/moondream/` a question. */
function modelInput(model: string, prompt: string, image: ImageFile): Record<string, unknown> {
  if (model.startsWith("@cf/llava-hf/")) return { image: [...image.bytes], prompt, max_tokens: MAX_COMPLETION_TOKENS };
  if (model.startsWith("@cf/moondream/")) {
    const query = { task: "query", image: toDataUrl(image), question: prompt, reasoning: false };
    return { ...query, max_tokens: MAX_COMPLETION_TOKENS, stream: false };
  }
  const chat = { messages: [imagePrompt(prompt, image)], max_tokens: MAX_COMPLETION_TOKENS };
  // Gemma's reasoning would be billed and then discarded.
  return model.startsWith("@cf/google/gemma-4") ? { ...chat, chat_template_kwargs: { enable_thinking: false } } : chat;
}

/** Output formats of Llama and Mistral; LLaVA; Moondream. */
const textOutput = z.union([
  z.object({ response: z.string() }).transform((output) => output.response),
  z.object({ description: z.string() }).transform((output) => output.description),
  z.object({ answer: z.string() }).transform((output) => output.answer),
]);

function parseOutput(model: string, output: unknown): Description {
  const completion = parseChatCompletion(output);
  if (completion !== null) return completion;
  const text = textOutput.safeParse(output);
  if (text.success) return parseDescription(text.data);
  return { kind: "misconfigured", reason: `${model} returned an unknown output format` };
}

/** Permanent error codes: https://developers.cloudflare.com/workers-ai/platform/errors/ */
const IMAGE_ERRORS = new Set(["5004", "3006"]);
const CONFIGURATION_ERRORS = new Set(["5007", "5028", "3042", "5018", "3041", "5016", "3023", "5019", "5005", "3003"]);
const LIMIT_ERRORS = new Set(["3036", "3040"]);

/** Messages have the form "AiError: 5007: No such model …"; only the code is documented. */
function classifyAiError(model: string, error: unknown): Description {
  const message = error instanceof Error ? error.message : String(error);
  const code = /\b([35]\d{3}):/.exec(message)?.[1] ?? "";
  const reason = `${model}: ${message.slice(0, MAX_REASON_CHARACTERS)}`;
  if (IMAGE_ERRORS.has(code)) return { kind: "unreadable", reason };
  if (CONFIGURATION_ERRORS.has(code)) return { kind: "misconfigured", reason };
  if (LIMIT_ERRORS.has(code)) throw new AppError("rate_limited", reason, { cause: error });
  throw new Error(reason, { cause: error });
}

/** Describes images with a Workers AI model through the AI binding. */
export function workersAiDescriber(ai: AiBinding | null, settings: WorkersAiSettings): Describer {
  const model = settings.model ?? DEFAULT_MODEL;
  return {
    describe: async (image) => {
      if (ai === null)
        return { kind: "misconfigured", reason: "DESCRIBER is workers-ai but the AI binding is missing" };
      const rejection = rejectOversized(image);
      if (rejection !== null) return rejection;
      const input = modelInput(model, settings.prompt, image);
      let output: unknown;
      try {
        output = await ai.run(model, input, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      } catch (error) {
        return classifyAiError(model, error);
      }
      return parseOutput(model, output);
    },
  };
}
