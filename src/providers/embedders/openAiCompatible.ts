import { z } from "zod";
import type { Embedder } from "./embedder.ts";
import { DEFAULT_EMBEDDER_TIMEOUT_MS, requestEmbedding } from "./embedderRequest.ts";
import { parseVector } from "./parseVector.ts";
import { promptFor } from "./prompts.ts";

export interface OpenAiEmbedderSettings {
  /** Including the version, such as `http://localhost:11434/v1`. */
  baseUrl: string;
  model: string;
  apiKey: string | null;
  dimensions: number | null;
  timeoutMs?: number;
}

const embeddingList = z.object({ data: z.array(z.object({ embedding: z.unknown() })).min(1) });

/** Embeds texts with a server that implements OpenAI's embeddings: Ollama, vLLM, LM Studio, a hosted one. */
export function openAiCompatibleEmbedder(settings: OpenAiEmbedderSettings): Embedder {
  const { baseUrl, model, apiKey, dimensions, timeoutMs = DEFAULT_EMBEDDER_TIMEOUT_MS } = settings;
  return {
    model,
    dimensions,
    embedsImages: false,
    embedText: async (text, purpose) => {
      const answer = await requestEmbedding({
        url: `${baseUrl}/embeddings`,
        headers: {
          "content-type": "application/json",
          ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        // `dimensions` is left out: servers without Matryoshka models refuse it, and parseVector cuts the vector.
        body: JSON.stringify({ model, input: promptFor(model, text, purpose), encoding_format: "float" }),
        apiKey,
        timeoutMs,
      });
      if (answer.kind === "refused") return answer;
      const list = embeddingList.safeParse(answer.json);
      return { kind: "vector", vector: parseVector(list.data?.data[0]?.embedding, dimensions) };
    },
    embedImage: () => Promise.resolve({ kind: "refused", reason: `${model} embeds texts only` }),
  };
}
