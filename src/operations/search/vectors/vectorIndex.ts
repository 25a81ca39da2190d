/** The interface of the index of vectors, so that another one can replace the scanned blocks. */

/** Vectors of one library and one model, which are compared with each other. */
export interface VectorSpace {
  libraryId: string;
  /** The model and the number of dimensions. */
  space: string;
}

export interface AssetVector extends VectorSpace {
  assetId: string;
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
  /** Stores the vector of an asset in place of any other that it has. */
  put(vector: AssetVector): Promise<void>;
  /** The stored vector of an asset; null without one. */
  find(assetId: string): Promise<AssetVector | null>;
  /** The nearest assets, the nearest first. */
  search(query: VectorQuery): Promise<VectorHit[]>;
  /** Deletes the vectors of assets. */
  remove(assetIds: readonly string[]): Promise<void>;
}

/** The space of a model's vectors of a length. */
export function spaceName(model: string, dimensions: number): string {
  return `${model}#${dimensions}`;
}
