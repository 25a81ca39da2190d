/** The text of an asset that an embedder of texts gets. */
import { hashText } from "./indexing/hashText.ts";
import type { Asset } from "../../records/assets/assets.ts";

/** Models read 512 tokens or more; a token has about four letters. */
export const MAX_EMBEDDED_CHARACTERS = 2000;

function cut(text: string): string {
  return text.length <= MAX_EMBEDDED_CHARACTERS ? text : text.slice(0, MAX_EMBEDDED_CHARACTERS).toWellFormed();
}

/**
 * The captions and the place of an asset; null if it has neither. Everything else, such as dates and names, is found by
 * its words.
 */
export function embeddedText({ description, metadata }: Pick<Asset, "description" | "metadata">): string | null {
  const { placeName, sublocation, city, state, country } = metadata;
  const place = [...new Set([placeName, sublocation, city, state, country])].filter((part) => part !== null).join(", ");
  const captions = [metadata.description, description, place].filter((part) => part !== null && part.trim() !== "");
  return captions.length === 0 ? null : cut(captions.join("\n"));
}

/** Tells whether a text has changed since it was embedded. */
export function sourceOfText(text: string): string {
  return `text:${hashText(text).toString(36)}`;
}
