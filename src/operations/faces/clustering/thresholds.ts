/** Distances at which faces count as the same person. They depend on the model of the embeddings. */

/** All distances are cosine distances. */
export interface ClusterThresholds {
  /** A face joins a person whose centroid is at most this far. */
  join: number;
  /** A face waits when the second nearest person is less than this farther than the nearest: siblings. */
  margin: number;
  /** Two waiting faces at most this far from each other are similar. */
  pair: number;
  /** Waiting faces whose centre is at most this far from a person's centroid show that person. */
  merge: number;
  /** Similar waiting faces that form a person. */
  minFaces: number;
}

export const DEFAULT_THRESHOLDS: ClusterThresholds = { join: 0.45, margin: 0.03, pair: 0.5, merge: 0.35, minFaces: 3 };

/** The thresholds for embeddings of a model, `name@version`. */
export function thresholdsOf(_model: string): ClusterThresholds {
  return DEFAULT_THRESHOLDS;
}
