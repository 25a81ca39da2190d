/** Says in words what a picture shows. One interface, one implementation for each kind of endpoint; none is a choice too. */
import type { Config } from "../../kernel/config.ts";
import { openAiCompatibleDescriber } from "./openAiCompatible.ts";
import { workersAiDescriber } from "./workersAi.ts";

export interface PictureFile {
  bytes: Uint8Array;
  mimeType: string;
}

export type Description =
  | { kind: "text"; text: string }
  /** The model looked and would not say. */
  | { kind: "declined" }
  /** This picture can't be taken, however often it is sent. */
  | { kind: "unreadable"; reason: string }
  /** No picture will get through until someone changes a setting. */
  | { kind: "misconfigured"; reason: string };

export interface Describer {
  /** Throws only on what may pass: an overload, a timeout, a broken connection. */
  describe(picture: PictureFile): Promise<Description>;
}

const PROMPT = `Describe this photograph for the person who looks for it years later, in plain text of at most 80 words.
First what it shows: subjects, place, activity, and text that can be read. Then, in one sentence each, its technical quality (focus, light, colour, noise) and its composition.
Name no one. Write neither a preamble nor a list nor Markdown. If you will not describe it, answer with the one word DECLINED.`;

/** Null: there is none, and nobody's pictures leave the deployment. */
export function describerOf(config: Config, env: Pick<Cloudflare.Env, "AI">): Describer | null {
  const settings = config.describer;
  if (settings.kind === "none") return null;
  const prompt = settings.prompt ?? PROMPT;
  if (settings.kind === "workers-ai") return workersAiDescriber(env.AI ?? null, { ...settings, prompt });
  return openAiCompatibleDescriber({ ...settings, prompt });
}
