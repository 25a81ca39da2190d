/** Limits of the search, as part of table.ts. */
import * as documents from "../../src/operations/search/indexing/documents.ts";
import * as parseQuery from "../../src/operations/search/text/parseQuery.ts";
import * as words from "../../src/operations/search/text/words.ts";
import * as textSearch from "../../src/operations/search/textSearch.ts";
import * as embedderSettings from "../../src/kernel/settings/embedderSettings.ts";
import * as contentSearch from "../../src/operations/search/contentSearch.ts";
import * as embeddedText from "../../src/operations/search/embeddedText.ts";
import * as embedMissing from "../../src/operations/search/embedMissing.ts";
import * as embedderRequest from "../../src/providers/embedders/embedderRequest.ts";
import * as matches from "../../src/records/search/matches.ts";
import * as sources from "../../src/records/search/sources.ts";
import * as fieldSchemas from "../../src/routes/fieldSchemas.ts";
import * as routes from "../../src/routes/search/routes.ts";
import * as schemas from "../../src/routes/search/schemas.ts";
import { limit, type Section } from "./entry.ts";

export const searchSection: Section = {
  title: "Search",
  limits: [
    limit(parseQuery, "MAX_QUERY_CHARACTERS", "characters", "`query`", "422"),
    limit(schemas, "MAX_SEARCH_PEOPLE", "items", "`person_ids`", "422"),
    limit(fieldSchemas, "MAX_PAGE_NUMBER", "items", "`page`", "422"),
    limit(routes, "MAX_SEARCH_IMAGE_BYTES", "bytes", "searched image", "413"),
    limit(routes, "MAX_SEARCH_FIELD_BYTES", "bytes", "text fields of a search form, together", "422"),
    limit(routes, "MAX_SEARCH_PARTS", "items", "parts of a search form", "400"),
    limit(contentSearch, "MAX_CONTENT_HITS", "items", "hits of a search by content, over all pages", "the best count"),
    limit(
      contentSearch,
      "MAX_LISTED_MATCHES",
      "items",
      "matches of filters that are all ranked",
      "the nearest 2,000 are",
    ),
    limit(embedderSettings, "MAX_EMBEDDING_DIMENSIONS", "items", "dimensions of a vector", "the task retries"),
    limit(embeddedText, "MAX_EMBEDDED_CHARACTERS", "characters", "caption and place that are embedded", "cut"),
    limit(
      embedderRequest,
      "MAX_EMBEDDER_RESPONSE_CHARACTERS",
      "characters",
      "answer of an embedder",
      "the task retries",
    ),
    limit(
      embedMissing,
      "MAX_EMBEDDED_PER_RUN",
      "items",
      "assets that a scheduled run embeds",
      "the next run continues",
    ),
    limit(parseQuery, "MAX_QUERY_CLAUSES", "items", "words and phrases of a search", "later ones are ignored"),
    limit(parseQuery, "MAX_PHRASE_WORDS", "items", "words of a phrase", "later ones are ignored"),
    limit(parseQuery, "MAX_CORRECTED_LETTERS", "characters", "a word that may be misspelled", "is found exactly"),
    limit(textSearch, "MAX_CORRECTED_WORDS", "items", "words of a search that are corrected", "others stay"),
    limit(textSearch, "MAX_CORRECTIONS_PER_WORD", "items", "corrections of a word", "those of most assets count"),
    limit(matches, "MAX_RANKED_DOCUMENTS", "items", "text hits that are ranked", "the newest are ranked"),
    limit(words, "MAX_WORD_CHARACTERS", "characters", "a word", "cut, in assets and searches"),
    limit(documents, "MAX_CAPTION_WORD_CHARACTERS", "characters", "words of a caption that are found", "cut"),
    limit(documents, "MAX_FIELD_WORD_CHARACTERS", "characters", "words of every other field that are found", "cut"),
    limit(
      sources,
      "MAX_NAMES_PER_DOCUMENT",
      "items",
      "albums, and people, by which an asset is found",
      "others aren't",
    ),
  ],
};
