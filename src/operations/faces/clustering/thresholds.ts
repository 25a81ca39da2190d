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

/** For models that were not measured. */
export const DEFAULT_THRESHOLDS: ClusterThresholds = { join: 0.4, margin: 0.04, pair: 0.4, merge: 0.3, minFaces: 3 };

/**
 * For the recognizer in the Worker: the widest that mix no two people of 435 photographs of 31 people, in any order of
 * arrival (docs/decisions/0043).
 */
export const WORKER_THRESHOLDS: ClusterThresholds = { join: 0.32, margin: 0.04, pair: 0.3, merge: 0.2, minFaces: 3 };

/** For the models of Immich's container, whose own default for pairs is 0.5 with at least 3 faces; not measured here. */
export const IMMICH_ML_THRESHOLDS: ClusterThresholds = {
  join: 0.45,
  margin: 0.04,
  pair: 0.5,
  merge: 0.35,
  minFaces: 3,
};

/** The thresholds for embeddings of a model, `name@version`. */
export function thresholdsOf(model: string): ClusterThresholds {
  if (model.startsWith("immich-ml/")) return IMMICH_ML_THRESHOLDS;
  return model.startsWith("blazeface-mobilefacenet@") ? WORKER_THRESHOLDS : DEFAULT_THRESHOLDS;
}
