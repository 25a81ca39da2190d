/** Fills the text index with the documents of made assets, without their rows. */
import { env } from "cloudflare:workers";
import { documentOf } from "../src/operations/search/indexing/documents.ts";
import { emptyMetadata } from "../src/records/assets/metadata/metadata.ts";
import { openDatabase } from "../src/records/database.ts";
import { writeDocuments } from "../src/records/search/documents.ts";
import { findSearchState } from "../src/records/search/searchState.ts";
import type { IndexedAsset } from "../src/records/search/sources.ts";
import { makeAssets, type MadeAsset } from "../test/support/search/madeLibrary.ts";

const DOCUMENTS_PER_WRITE = 100;
/** Made assets at a time, each with another seed. */
const ASSETS_PER_SEED = 10_000;

/** The ids of albums and people are the same in every library, as their names are. */
const named = (names: string[]) => names.map((name, i) => ({ id: `entity_${name.length}_${i}`, name }));

function indexedAsset(libraryId: string, asset: MadeAsset): IndexedAsset {
  const [make, model, lensModel] = asset.camera;
  const { city, state, country, caption } = asset;
  return {
    id: asset.id,
    libraryId,
    mediaType: asset.mediaType,
    fileName: asset.fileName,
    description: null,
    localUs: asset.time.getTime() * 1000,
    metadata: { ...emptyMetadata(), make, model, lensModel, city, state, country, description: caption || null },
    albums: named(asset.albums),
    people: named(asset.people),
  };
}

export interface IndexFigures {
  documents: number;
  /** Of building and writing the documents. */
  seconds: number;
  bytes: number;
}

/** Indexes `count` documents of a library, of `assetIds` if they are given. */
export async function fillIndex(libraryId: string, count: number, assetIds: string[] = []): Promise<IndexFigures> {
  const searchDb = openDatabase(env.SEARCH_DB, "primary");
  const size = async (): Promise<number> => (await env.SEARCH_DB.prepare("SELECT 1").all()).meta.size_after;
  const before = await size();
  const startMs = Date.now();
  for (let made = 0; made < count; made += ASSETS_PER_SEED) {
    const assets = makeAssets(Math.min(ASSETS_PER_SEED, count - made), made + 1).map((asset, i) => ({
      ...asset,
      id: assetIds[made + i] ?? asset.id,
    }));
    for (let i = 0; i < assets.length; i += DOCUMENTS_PER_WRITE) {
      const part = assets.slice(i, i + DOCUMENTS_PER_WRITE).map((asset) => documentOf(indexedAsset(libraryId, asset)));
      const state = await findSearchState(searchDb);
      const write = { documents: part, deletedAssetIds: [], seenNames: [], renamed: null };
      if (!(await writeDocuments(searchDb, state, write, state, 1))) throw new Error("the index was not written");
    }
  }
  return {
    documents: count,
    seconds: (Date.now() - startMs) / 1000,
    bytes: (await size()) - before,
  };
}
