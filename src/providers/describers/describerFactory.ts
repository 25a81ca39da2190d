import type { Config } from "../../kernel/config.ts";
import type { Describer } from "./describer.ts";
import { openAiCompatibleDescriber } from "./openAiCompatible.ts";
import { workersAiDescriber } from "./workersAi.ts";

const DEFAULT_PROMPT = `Describe this photograph for the person who looks for it years later, in plain text of at most 80 words.
First what it shows: subjects, place, activity, and text that can be read. Then, in one sentence each, its technical quality (focus, light, colour, noise) and its composition.
Name no one. Write neither a preamble nor a list nor Markdown. If you will not describe it, answer with the one word DECLINED.`;

/** Creates the configured describer. Returns null if it is unset: images then stay inside the deployment. */
export function createDescriber(config: Config, env: Pick<Cloudflare.Env, "AI">): Describer | null {
  const settings = config.describer;
  if (settings.kind === "none") return null;
  const prompt = settings.prompt ?? DEFAULT_PROMPT;
  if (settings.kind === "workers-ai") return workersAiDescriber(env.AI ?? null, { ...settings, prompt });
  return openAiCompatibleDescriber({ ...settings, prompt });
}
