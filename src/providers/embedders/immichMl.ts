import { z } from "zod";
import { parseJsonOrNull } from "../httpResponses.ts";
import type { Embedder, Embedding } from "./embedder.ts";
import { DEFAULT_EMBEDDER_TIMEOUT_MS, requestEmbedding } from "./embedderRequest.ts";
import { parseVector } from "./parseVector.ts";

export interface ImmichMlSettings {
  /** Without a path, such as `http://localhost:3003`. */
  baseUrl: string;
  /** A CLIP model; null for DEFAULT_MODEL. */
  model: string | null;
  /** Sent as `x-api-key` to a proxy in front of the container, which has no authentication; null for none. */
  apiKey: string | null;
  timeoutMs?: number;
}

/** Immich's default. */
const DEFAULT_MODEL = "ViT-B-32__openai";

/** Newer servers send the vector as JSON inside of a text. */
const clipAnswer = z.object({ clip: z.union([z.string().transform(parseJsonOrNull), z.array(z.unknown())]) });

/** Embeds images and texts with CLIP through Immich's machine learning server, whose API is `POST /predict`. */
export function immichMlEmbedder(settings: ImmichMlSettings): Embedder {
  const { baseUrl, apiKey, timeoutMs = DEFAULT_EMBEDDER_TIMEOUT_MS } = settings;
  const model = settings.model ?? DEFAULT_MODEL;
  const predict = async (type: "visual" | "textual", input: string | Blob): Promise<Embedding> => {
    const form = new FormData();
    form.set("entries", JSON.stringify({ clip: { [type]: { modelName: model } } }));
    if (typeof input === "string") form.set("text", input);
    else form.set("image", input, "image");
    const headers = apiKey === null ? {} : { "x-api-key": apiKey };
    const answer = await requestEmbedding({ url: `${baseUrl}/predict`, headers, body: form, apiKey, timeoutMs });
    if (answer.kind === "refused") return answer;
    return { kind: "vector", vector: parseVector(clipAnswer.safeParse(answer.json).data?.clip, null) };
  };
  return {
    model,
    dimensions: null,
    embedsImages: true,
    embedText: (text) => predict("textual", text),
    embedImage: ({ bytes, mimeType }) => predict("visual", new Blob([bytes], { type: mimeType })),
  };
}
