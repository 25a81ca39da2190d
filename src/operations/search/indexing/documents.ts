/** Builds the document of an asset: the words by which it is found. */
import type { DocumentField, SearchDocument } from "../../../records/search/documents.ts";
import type { IndexedAsset } from "../../../records/search/sources.ts";
import { CODES, codesOfTime } from "../text/calendarWords.ts";
import { documentWords, nameWords } from "../text/words.ts";
import { hashText } from "./hashText.ts";

/** A change of the documents increases it; the next run of the indexing then rebuilds the index. */
export const INDEX_VERSION = 1;

/** Characters of the words of a caption: a caption of the greatest size in Latin letters has fewer. */
export const MAX_CAPTION_WORD_CHARACTERS = 20_000;
/** Characters of the words of every other field. */
export const MAX_FIELD_WORD_CHARACTERS = 4000;

/** The words in front of the one that exceeds `maxCharacters`. */
function limitWords(words: string[], maxCharacters: number): string[] {
  let characters = 0;
  const end = words.findIndex((word) => (characters += word.length) > maxCharacters);
  return end === -1 ? words : words.slice(0, end);
}

type Text = string | null;

/** The words of texts; a text that occurs twice counts once. */
function wordsOf(texts: Text[], split: (text: string) => string[] = documentWords): string[] {
  const distinct = [...new Set(texts)].filter((text) => text !== null);
  return distinct.flatMap((text) => split(text));
}

const namesOf = (named: IndexedAsset["albums"]): Text[] => named.map(({ name }) => name);

/** The words of the fields. Entities are named by their ids too, so that those of a renamed one are found. */
function fieldsOf({ metadata, ...asset }: IndexedAsset): Record<DocumentField, string[]> {
  const { placeName, sublocation, city, state, country, countryCode } = metadata;
  const limited = (words: string[]): string[] => limitWords(words, MAX_FIELD_WORD_CHARACTERS);
  return {
    caption: limitWords(wordsOf([metadata.description, asset.description]), MAX_CAPTION_WORD_CHARACTERS),
    people: limited(wordsOf(namesOf(asset.people))),
    albums: limited(wordsOf(namesOf(asset.albums))),
    places: limited(wordsOf([placeName, sublocation, city, state, country, countryCode])),
    file_name: limited(nameWords(asset.fileName)),
    camera: limited(wordsOf([metadata.make, metadata.model, metadata.lensModel], nameWords)),
    keys: [
      CODES.all,
      CODES[asset.mediaType],
      ...codesOfTime(asset.localUs),
      ...[...asset.albums, ...asset.people].map(({ id }) => CODES.entity(id)),
    ],
  };
}

/** The same asset always has the same document, whenever it is built. */
export function documentOf(asset: IndexedAsset): SearchDocument {
  const { id: assetId, libraryId, localUs } = asset;
  const document = { assetId, libraryId, localUs, words: fieldsOf(asset) };
  return { ...document, digest: hashText(JSON.stringify([INDEX_VERSION, document])) };
}
