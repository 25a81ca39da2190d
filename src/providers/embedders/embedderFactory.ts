import type { Config } from "../../kernel/config.ts";
import type { Embedder } from "./embedder.ts";
import { immichMlEmbedder } from "./immichMl.ts";
import { openAiCompatibleEmbedder } from "./openAiCompatible.ts";
import { workersAiEmbedder } from "./workersAi.ts";

/** Creates the configured embedder. Returns null if it is unset: texts and images then stay inside the deployment. */
export function createEmbedder(config: Pick<Config, "embedder">, env: Pick<Cloudflare.Env, "AI">): Embedder | null {
  const settings = config.embedder;
  if (settings.kind === "none") return null;
  if (settings.kind === "workers-ai") return workersAiEmbedder(env.AI ?? null, settings);
  return settings.kind === "immich-ml" ? immichMlEmbedder(settings) : openAiCompatibleEmbedder(settings);
}
