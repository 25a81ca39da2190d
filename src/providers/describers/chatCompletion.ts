/** Reads a chat completion, whoever made it. Anything that is none is null. */
import { z } from "zod";
import type { Description } from "./describer.ts";
import { descriptionOf } from "./parseCompletion.ts";

const part = z.object({ text: z.string().optional() });
const choice = z.object({
  message: z.object({
    content: z.union([z.string(), z.array(part)]).nullish(),
    refusal: z.string().nullish(),
  }),
  finish_reason: z.string().nullish(),
});
const completion = z.object({ choices: z.array(choice).min(1) });

function textOf(content: z.infer<typeof choice>["message"]["content"]): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((piece) => piece.text ?? "").join("");
}

export function readCompletion(body: unknown): Description | null {
  const first = completion.safeParse(body).data?.choices[0];
  if (first === undefined) return null;
  const refused = (first.message.refusal ?? "") !== "" || first.finish_reason === "content_filter";
  return refused
    ? { kind: "declined" }
    : descriptionOf(textOf(first.message.content), first.finish_reason === "length");
}
