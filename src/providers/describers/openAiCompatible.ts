/**
 * Any endpoint that speaks OpenAI's chat completions: Ollama, vLLM, LM Studio, a hosted one.
 * It is chosen by the owner and trusted with pictures, but not with how long it takes or how much it answers.
 */
import { AppError } from "../../kernel/errors.ts";
import type { Describer, Description, PictureFile } from "./describer.ts";
import { boundedText } from "./readTextLimited.ts";
import { readCompletion } from "./chatCompletion.ts";
import { MAX_TOKENS, pictureMessage, tooLarge } from "./imagePrompt.ts";
import { refusalOf } from "./classifyHttpError.ts";

export interface OpenAiCompatibleSettings {
  /** Up to and with the version, as `http://localhost:11434/v1`. */
  baseUrl: string;
  model: string;
  apiKey: string | null;
  prompt: string;
  /** A small model on a CPU takes a minute or more; the queue's consumer lives for fifteen. */
  timeoutMs?: number;
}

interface Answer {
  status: number;
  retryAfter: string | null;
  /** Null where it was longer than any completion is. */
  body: string | null;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_ANSWER_CHARACTERS = 1024 * 1024;
const MAX_RETRY_AFTER_SECONDS = 3600;

type TokenField = "max_tokens" | "max_completion_tokens";

async function post(settings: OpenAiCompatibleSettings, picture: PictureFile, limit: TokenField): Promise<Answer> {
  const { baseUrl, model, apiKey, prompt, timeoutMs = DEFAULT_TIMEOUT_MS } = settings;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ model, messages: [pictureMessage(prompt, picture)], [limit]: MAX_TOKENS, stream: false }),
      // The picture and the key are for the host that was named, not for one it points to.
      redirect: "manual",
      signal,
    });
    const body = await boundedText(response, MAX_ANSWER_CHARACTERS);
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body };
  } catch (error) {
    if (signal.aborted) throw new Error(`the describer did not answer within ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(`the describer could not be reached: ${String(error)}`, { cause: error });
  }
}

/** OpenAI's newer models take the limit only under its new name, Ollama only under the old. */
function wantsNewName(answer: Answer): boolean {
  return answer.status === 400 && (answer.body ?? "").includes("max_completion_tokens");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readAnswer(answer: Answer): Description {
  const completion = answer.body === null ? null : readCompletion(parseJson(answer.body));
  // LM Studio answers unknown paths with 200 as well, so that this is most often a base URL without its /v1.
  return completion ?? { kind: "misconfigured", reason: "the endpoint answered with something that is no completion" };
}

/** Throws when trying again may help; the pause that the server asks for travels in the error. */
function throwIfPassing(answer: Answer): void {
  if (answer.status === 429) {
    const seconds = Math.ceil(Number(answer.retryAfter ?? Number.NaN));
    const pause = seconds > 0 ? { retryAfterSeconds: Math.min(seconds, MAX_RETRY_AFTER_SECONDS) } : {};
    throw new AppError("rate_limited", "the describer answered 429: too many requests", pause);
  }
  if (answer.status >= 500 || answer.status === 408 || answer.status === 425) {
    throw new Error(`the describer answered ${answer.status}`);
  }
}

export function openAiCompatibleDescriber(settings: OpenAiCompatibleSettings): Describer {
  return {
    describe: async (picture) => {
      const large = tooLarge(picture);
      if (large !== null) return large;
      const first = await post(settings, picture, "max_tokens");
      const answer = wantsNewName(first) ? await post(settings, picture, "max_completion_tokens") : first;
      throwIfPassing(answer);
      if (answer.status >= 200 && answer.status < 300) return readAnswer(answer);
      return refusalOf(answer.status, answer.body ?? "", settings.apiKey);
    },
  };
}
