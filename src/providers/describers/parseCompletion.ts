/** Parses model output into a description: reasoning is removed, refusals are recognized. */
import { z } from "zod";
import type { Description } from "./describer.ts";

const MAX_DESCRIPTION_CHARACTERS = 2000;

/** Reasoning inside the text, in the tags of Qwen and DeepSeek, and of Gemma 4. */
const REASONING = /<think>[\s\S]*?<\/think>|<\|channel>thought[\s\S]*?<channel\|>/gi;

/** Longer texts that start like a refusal usually continue with a description. */
const MAX_REFUSAL_CHARACTERS = 300;
const REFUSAL =
  /^(?:declined\W*$|(?:i['’]?m |i am )?(?:very |so )?sorry\b|i apologi[sz]e\b|as an ai\b|(?:unfortunately,? )?i(?:['’]m| am) (?:unable|not able)\b|(?:unfortunately,? )?i (?:can['’]?t|cannot|can not|won['’]?t|will not|must decline)\b)/i;
/** Marks a text that names an omission first and then describes the image. */
const DESCRIBES_IMAGE = /\b(?:photo(?:graph)?|image|picture|scene) (?:shows|depicts|captures|features)\b/i;

const contentPart = z.object({ text: z.string().optional() });
const choice = z.object({
  message: z.object({
    content: z.union([z.string(), z.array(contentPart)]).nullish(),
    refusal: z.string().nullish(),
  }),
  finish_reason: z.string().nullish(),
});
const chatCompletion = z.object({ choices: z.array(choice).min(1) });

function textOf(content: z.infer<typeof choice>["message"]["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? "").join("");
}

/** Parses the body of an OpenAI chat completion. Null if it has another format. */
export function parseChatCompletion(body: unknown): Description | null {
  const first = chatCompletion.safeParse(body).data?.choices[0];
  if (first === undefined) return null;
  const refused = (first.message.refusal ?? "") !== "" || first.finish_reason === "content_filter";
  return refused
    ? { kind: "declined" }
    : parseDescription(textOf(first.message.content), first.finish_reason === "length");
}

function isRefusal(text: string): boolean {
  return text.length <= MAX_REFUSAL_CHARACTERS && REFUSAL.test(text) && !DESCRIBES_IMAGE.test(text);
}

/** Truncates at a word boundary near the limit, never inside a surrogate pair. */
function truncate(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= MAX_DESCRIPTION_CHARACTERS) return text;
  const kept = characters.slice(0, MAX_DESCRIPTION_CHARACTERS - 1).join("");
  return `${kept.replace(/\s+\S{0,40}$/u, "")}…`;
}

function normalize(output: string): string {
  const plain = output
    .replace(REASONING, " ")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return plain.replace(/^(["“])(.*)(["”])$/u, "$2").trim();
}

/**
 * Converts model output to a description of at most 2,000 characters. `truncated`: the model reached its token limit.
 */
export function parseDescription(output: string, truncated = false): Description {
  const text = normalize(output);
  if (text === "" && truncated) {
    return { kind: "misconfigured", reason: "the model used all tokens before any text: disable its reasoning" };
  }
  return text === "" || isRefusal(text) ? { kind: "declined" } : { kind: "text", text: truncate(text) };
}
