import { z } from "zod";
import { AppError } from "../../kernel/errors.ts";
import type { AiBinding } from "../describers/workersAi.ts";
import type { Embedder, Embedding } from "./embedder.ts";
import { parseVector } from "./parseVector.ts";
import { promptFor } from "./prompts.ts";

export interface WorkersAiEmbedderSettings {
  /** A model id; null for DEFAULT_MODEL. */
  model: string | null;
  /** Null for all of the model, and for 256 of DEFAULT_MODEL. */
  dimensions: number | null;
}

/** Multilingual, and a Matryoshka model: its first 256 of 768 dimensions are vectors of their own. */
const DEFAULT_MODEL = "@cf/google/embeddinggemma-300m";
const DEFAULT_MODEL_DIMENSIONS = 256;
const TIMEOUT_MS = 30_000;
const MAX_REASON_CHARACTERS = 300;

const output = z.object({ data: z.array(z.unknown()).min(1) });

/** Permanent error codes: https://developers.cloudflare.com/workers-ai/platform/errors/ */
const PERMANENT_ERRORS = new Set([
  "5007",
  "5028",
  "3042",
  "5018",
  "3041",
  "5016",
  "3023",
  "5019",
  "5005",
  "3003",
  "5004",
  "3006",
]);
const LIMIT_ERRORS = new Set(["3036", "3040"]);

function classifyAiError(model: string, error: unknown): Embedding {
  const message = error instanceof Error ? error.message : String(error);
  const code = /\b([35]\d{3}):/.exec(message)?.[1] ?? "";
  const reason = `${model}: ${message.slice(0, MAX_REASON_CHARACTERS)}`;
  if (PERMANENT_ERRORS.has(code)) return { kind: "refused", reason };
  if (LIMIT_ERRORS.has(code)) throw new AppError("rate_limited", reason, { cause: error });
  throw new Error(reason, { cause: error });
}

/** Embeds texts with a Workers AI model through the AI binding. */
export function workersAiEmbedder(ai: AiBinding | null, settings: WorkersAiEmbedderSettings): Embedder {
  const model = settings.model ?? DEFAULT_MODEL;
  const dimensions = settings.dimensions ?? (model === DEFAULT_MODEL ? DEFAULT_MODEL_DIMENSIONS : null);
  return {
    model,
    dimensions,
    embedsImages: false,
    embedText: async (text, purpose) => {
      if (ai === null) return { kind: "refused", reason: "EMBEDDER is workers-ai but the AI binding is missing" };
      let answer: unknown;
      try {
        const input = { text: [promptFor(model, text, purpose)] };
        answer = await ai.run(model, input, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      } catch (error) {
        return classifyAiError(model, error);
      }
      return { kind: "vector", vector: parseVector(output.safeParse(answer).data?.data[0], dimensions) };
    },
    embedImage: () => Promise.resolve({ kind: "refused", reason: `${model} embeds texts only` }),
  };
}
