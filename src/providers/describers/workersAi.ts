/** Describes with a model of Cloudflare's catalogue, through the AI binding. Which model is configuration. */
import { z } from "zod";
import { AppError } from "../../kernel/errors.ts";
import type { Describer, Description, PictureFile } from "./describer.ts";
import { descriptionOf } from "./parseCompletion.ts";
import { readCompletion } from "./chatCompletion.ts";
import { dataUrl, MAX_TOKENS, pictureMessage, tooLarge } from "./imagePrompt.ts";

/** What of the binding is used; the real one is overloaded by every model's name. */
export interface AiBinding {
  run(model: string, input: Record<string, unknown>, options: { signal: AbortSignal }): Promise<unknown>;
}

export interface WorkersAiSettings {
  /** Null: the default. */
  model: string | null;
  prompt: string;
}

/** Sees, is cheap, and needs no agreement clicked first. docs/captions.md has the others. */
export const DEFAULT_MODEL = "@cf/google/gemma-4-26b-a4b-it";
const TIMEOUT_MS = 60_000;

/** Nearly all take a chat. `@cf/llava-hf/` wants the bytes as numbers, `@cf/moondream/` a question. */
function inputFor(model: string, prompt: string, picture: PictureFile): Record<string, unknown> {
  if (model.startsWith("@cf/llava-hf/")) return { image: [...picture.bytes], prompt, max_tokens: MAX_TOKENS };
  if (model.startsWith("@cf/moondream/")) {
    const image = dataUrl(picture);
    return { task: "query", image, question: prompt, reasoning: false, max_tokens: MAX_TOKENS, stream: false };
  }
  const chat = { messages: [pictureMessage(prompt, picture)], max_tokens: MAX_TOKENS };
  // Gemma's thoughts would be paid for and thrown away.
  return model.startsWith("@cf/google/gemma-4") ? { ...chat, chat_template_kwargs: { enable_thinking: false } } : chat;
}

/** The forms of the older models: Llama and Mistral, LLaVA, Moondream. */
const plainAnswer = z.union([
  z.object({ response: z.string() }).transform((answer) => answer.response),
  z.object({ description: z.string() }).transform((answer) => answer.description),
  z.object({ answer: z.string() }).transform((answer) => answer.answer),
]);

function readAnswer(model: string, answer: unknown): Description {
  const completion = readCompletion(answer);
  if (completion !== null) return completion;
  const said = plainAnswer.safeParse(answer);
  if (said.success) return descriptionOf(said.data);
  return { kind: "misconfigured", reason: `${model} answered in a form that is not known here` };
}

/** https://developers.cloudflare.com/workers-ai/platform/errors/: the codes that stay true however often one asks. */
const PICTURE_REFUSED = new Set(["5004", "3006"]);
const SETTING_REFUSED = new Set(["5007", "5028", "3042", "5018", "3041", "5016", "3023", "5019", "5005", "3003"]);
const LIMITED = new Set(["3036", "3040"]);

/** Errors read "AiError: 5007: No such model …"; the code is the only part that is documented. */
function judged(model: string, error: unknown): Description {
  const message = error instanceof Error ? error.message : String(error);
  const code = /\b([35]\d{3}):/.exec(message)?.[1] ?? "";
  const reason = `${model}: ${message.slice(0, 300)}`;
  if (PICTURE_REFUSED.has(code)) return { kind: "unreadable", reason };
  if (SETTING_REFUSED.has(code)) return { kind: "misconfigured", reason };
  if (LIMITED.has(code)) throw new AppError("rate_limited", reason, { cause: error });
  throw new Error(reason, { cause: error });
}

export function workersAiDescriber(ai: AiBinding | null, settings: WorkersAiSettings): Describer {
  const model = settings.model ?? DEFAULT_MODEL;
  return {
    describe: async (picture) => {
      if (ai === null) return { kind: "misconfigured", reason: "DESCRIBER is workers-ai, but there is no AI binding" };
      const large = tooLarge(picture);
      if (large !== null) return large;
      const input = inputFor(model, settings.prompt, picture);
      let answer: unknown;
      try {
        answer = await ai.run(model, input, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      } catch (error) {
        return judged(model, error);
      }
      return readAnswer(model, answer);
    },
  };
}
