/** Makes a description of what a model said: its thoughts and its refusals are none. */
import type { Description } from "./describer.ts";

/** A caption is read, not studied; a model that rambles must not fill the row. */
const MAX_CHARACTERS = 2000;

/** Reasoning that a server left in the answer, in the tags of Qwen and DeepSeek, and of Gemma 4. */
const THOUGHTS = /<think>[\s\S]*?<\/think>|<\|channel>thought[\s\S]*?<channel\|>/gi;

/** Longer ones that begin like this go on to describe: "I can't say who they are. Two people …". */
const LONGEST_REFUSAL = 300;
const REFUSAL =
  /^(?:declined\W*$|(?:i['’]?m |i am )?(?:very |so )?sorry\b|i apologi[sz]e\b|as an ai\b|(?:unfortunately,? )?i(?:['’]m| am) (?:unable|not able)\b|(?:unfortunately,? )?i (?:can['’]?t|cannot|can not|won['’]?t|will not|must decline)\b)/i;
/** It says what it left out and then does what it was asked. */
const STILL_DESCRIBES = /\b(?:photo(?:graph)?|image|picture|scene) (?:shows|depicts|captures|features)\b/i;

function isRefusal(text: string): boolean {
  return text.length <= LONGEST_REFUSAL && REFUSAL.test(text) && !STILL_DESCRIBES.test(text);
}

/** At a word where there is one near the end; never in the middle of a character. */
function cut(text: string): string {
  const characters = Array.from(text);
  if (characters.length <= MAX_CHARACTERS) return text;
  const kept = characters.slice(0, MAX_CHARACTERS - 1).join("");
  return `${kept.replace(/\s+\S{0,40}$/u, "")}…`;
}

function tidy(said: string): string {
  const plain = said
    .replace(THOUGHTS, " ")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return plain.replace(/^(["“])(.*)(["”])$/u, "$2").trim();
}

/** `ranOut`: the model was stopped at its token limit. */
export function descriptionOf(said: string, ranOut = false): Description {
  const text = tidy(said);
  if (text === "" && ranOut) {
    return { kind: "misconfigured", reason: "the model used up its tokens before it said anything: does it reason?" };
  }
  return text === "" || isRefusal(text) ? { kind: "declined" } : { kind: "text", text: cut(text) };
}
