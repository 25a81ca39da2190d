/** The interface of the index of vectors, so that another one can replace the scanned blocks. */

/** Vectors of one library and one model, which are compared with each other. */
export interface VectorSpace {
  libraryId: string;
  /** The model and the number of dimensions. */
  space: string;
}

/** `content`: by an embedder. `appearance`: a perceptual hash. An asset has one of each. */
export type VectorKind = "content" | "appearance";

export interface AssetVector extends VectorSpace {
  assetId: string;
  kind: VectorKind;
  /** What was embedded: the version of an image, or a digest of a text. */
  source: string;
  vector: Float32Array;
}

export interface VectorHit {
  assetId: string;
  /** The cosine of the angle to the query, -1 to 1. */
  cosine: number;
}

export interface VectorQuery extends VectorSpace {
  vector: Float32Array;
  limit: number;
  /** The only assets to compare; null for all of the space. */
  assetIds: readonly string[] | null;
}

export interface VectorIndex {
  /** Stores the vector of an asset in place of any other of its kind. */
  put(vector: AssetVector): Promise<void>;
  /** The stored vectors of an asset. */
  find(assetId: string): Promise<Partial<Record<VectorKind, AssetVector>>>;
  /** The nearest assets, the nearest first. */
  search(query: VectorQuery): Promise<VectorHit[]>;
  /** Deletes the vectors of a kind. */
  remove(assetIds: readonly string[], kind: VectorKind): Promise<void>;
}

/** The space of perceptual hashes: 64 bits as 1 and -1. Another algorithm needs another name. */
export const APPEARANCE_SPACE = "dct-hash#64";

/** The cosine distance, 0 to 2. Rounding to bytes and to 32 bits leaves no more than six digits. */
export function distanceOf(cosine: number): number {
  return Math.round(Math.min(2, Math.max(0, 1 - cosine)) * 1e6) / 1e6;
}

/** The space of a model's vectors of a length. */
export function spaceName(model: string, dimensions: number): string {
  return `${model}#${dimensions}`;
}
