/** Parses the settings of the embedder: docs/search.md. */
import { AppError } from "../errors.ts";
import { text, type Vars } from "./vars.ts";

/** `dimensions` keeps the first components of each vector, for Matryoshka models; null keeps all. */
export type EmbedderConfig =
  | { kind: "none" }
  | { kind: "workers-ai"; model: string | null; dimensions: number | null }
  | { kind: "openai-compatible"; baseUrl: string; model: string; apiKey: string | null; dimensions: number | null }
  | { kind: "immich-ml"; baseUrl: string; model: string | null; apiKey: string | null };

export const MIN_EMBEDDING_DIMENSIONS = 8;
export const MAX_EMBEDDING_DIMENSIONS = 4096;

function dimensionsOf(vars: Vars): number | null {
  const value = text(vars, "EMBEDDER_DIMENSIONS");
  if (value === null) return null;
  const dimensions = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (dimensions >= MIN_EMBEDDING_DIMENSIONS && dimensions <= MAX_EMBEDDING_DIMENSIONS) return dimensions;
  const range = `${MIN_EMBEDDING_DIMENSIONS} to ${MAX_EMBEDDING_DIMENSIONS}`;
  throw new AppError("not_configured", `EMBEDDER_DIMENSIONS must be a whole number from ${range}, not "${value}"`);
}

/** Rejects credentials and a query in the URL, because fetch() rejects the former and the path is appended. */
function urlOf(vars: Vars, name: string, example: string): string {
  const url = text(vars, name) ?? "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || /[?#@]/.test(url)) {
    throw new AppError("not_configured", `${name} must be an http(s) URL such as ${example}`);
  }
  return url.replace(/\/+$/, "");
}

/** Off by default: an embedder costs money and receives texts or images. Throws `not_configured`. */
export function parseEmbedderSettings(vars: Vars): EmbedderConfig {
  const kind = text(vars, "EMBEDDER") ?? "none";
  const model = text(vars, "EMBEDDER_MODEL");
  if (kind === "none") return { kind };
  if (kind === "workers-ai") return { kind, model, dimensions: dimensionsOf(vars) };
  if (kind === "immich-ml") {
    const baseUrl = urlOf(vars, "IMMICH_ML_URL", "http://192.168.1.2:3003").replace(/\/predict$/, "");
    return { kind, model, baseUrl, apiKey: text(vars, "IMMICH_ML_API_KEY") };
  }
  if (kind !== "openai-compatible") {
    const kinds = "none, workers-ai, openai-compatible or immich-ml";
    throw new AppError("not_configured", `EMBEDDER must be ${kinds}, not "${kind}"`);
  }
  if (model === null) throw new AppError("not_configured", "EMBEDDER_MODEL must name the model of EMBEDDER_URL");
  const baseUrl = urlOf(vars, "EMBEDDER_URL", "http://localhost:11434/v1");
  return { kind, baseUrl, model, apiKey: text(vars, "EMBEDDER_API_KEY"), dimensions: dimensionsOf(vars) };
}
