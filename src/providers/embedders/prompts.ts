import type { EmbeddingPurpose } from "./embedder.ts";

type Prompts = Record<EmbeddingPurpose, (text: string) => string>;

/** The prompts that models were trained with, from their model cards. */
const prompts: [model: RegExp, prompts: Prompts][] = [
  [
    /embeddinggemma/i,
    { query: (text) => `task: search result | query: ${text}`, document: (text) => `title: none | text: ${text}` },
  ],
  [/nomic-embed-text/i, { query: (text) => `search_query: ${text}`, document: (text) => `search_document: ${text}` }],
  [/(?:^|[/:-])e5-(?!.*instruct)/i, { query: (text) => `query: ${text}`, document: (text) => `passage: ${text}` }],
  [
    /qwen3-embedding/i,
    {
      query: (text) => `Instruct: Given a search query, retrieve photos whose description matches it\nQuery:${text}`,
      document: (text) => text,
    },
  ],
];

/** Adds the prompt of the model for a query or a document; other models get the text as it is. */
export function promptFor(model: string, text: string, purpose: EmbeddingPurpose): string {
  const found = prompts.find(([name]) => name.test(model));
  return found === undefined ? text : found[1][purpose](text);
}
