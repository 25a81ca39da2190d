import { AppError } from "../../kernel/errors.ts";
import { isTransientStatus, parseJsonOrNull, readTextLimited, retryAfterOf } from "../httpResponses.ts";
import { classifyHttpError } from "./classifyHttpError.ts";
import type { Describer, Description, ImageFile } from "./describer.ts";
import { imagePrompt, MAX_COMPLETION_TOKENS, rejectOversized } from "./imagePrompt.ts";
import { parseChatCompletion } from "./parseCompletion.ts";

export interface OpenAiCompatibleSettings {
  /** Including the version, such as `http://localhost:11434/v1`. */
  baseUrl: string;
  model: string;
  apiKey: string | null;
  prompt: string;
  /** Small models on a CPU take a minute or more; a queue consumer may run for 15 minutes. */
  timeoutMs?: number;
}

interface ModelResponse {
  status: number;
  retryAfter: string | null;
  /** The text of the body; null if it exceeds MAX_RESPONSE_CHARACTERS. */
  body: string | null;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_RESPONSE_CHARACTERS = 1024 * 1024;

type TokenField = "max_tokens" | "max_completion_tokens";

async function post(
  settings: OpenAiCompatibleSettings,
  image: ImageFile,
  tokenField: TokenField,
): Promise<ModelResponse> {
  const { baseUrl, model, apiKey, prompt, timeoutMs = DEFAULT_TIMEOUT_MS } = settings;
  const signal = AbortSignal.timeout(timeoutMs);
  const messages = [imagePrompt(prompt, image)];
  try {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ model, messages, [tokenField]: MAX_COMPLETION_TOKENS, stream: false }),
      // A redirect could send the image and the key to another host than the configured one.
      redirect: "manual",
      signal,
    });
    const body = await readTextLimited(response, MAX_RESPONSE_CHARACTERS);
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body };
  } catch (error) {
    if (signal.aborted) throw new Error(`the describer timed out after ${timeoutMs / 1000} s`, { cause: error });
    throw new Error(`the describer could not be reached: ${String(error)}`, { cause: error });
  }
}

/** OpenAI's newer models accept only `max_completion_tokens`, Ollama only `max_tokens`. */
function requiresNewTokenField(response: ModelResponse): boolean {
  return response.status === 400 && (response.body ?? "").includes("max_completion_tokens");
}

function parseSuccess(response: ModelResponse): Description {
  const description = response.body === null ? null : parseChatCompletion(parseJsonOrNull(response.body));
  // LM Studio responds with 200 to unknown paths, so this is usually a base URL without /v1.
  return description ?? { kind: "misconfigured", reason: "the describer's response is not a chat completion" };
}

function throwIfTransient({ status, retryAfter }: ModelResponse): void {
  if (status === 429) {
    throw new AppError("rate_limited", "the describer responded with 429: too many requests", retryAfterOf(retryAfter));
  }
  if (isTransientStatus(status)) throw new Error(`the describer responded with ${status}`);
}

/**
 * Describes images with a server that implements OpenAI's chat completions: Ollama, vLLM, LM Studio, a hosted one.
 * Response time and size are limited.
 */
export function openAiCompatibleDescriber(settings: OpenAiCompatibleSettings): Describer {
  return {
    describe: async (image) => {
      const rejection = rejectOversized(image);
      if (rejection !== null) return rejection;
      const first = await post(settings, image, "max_tokens");
      const response = requiresNewTokenField(first) ? await post(settings, image, "max_completion_tokens") : first;
      throwIfTransient(response);
      if (response.status >= 200 && response.status < 300) return parseSuccess(response);
      return classifyHttpError(response.status, response.body ?? "", settings.apiKey);
    },
  };
}
