import type { ImageFile } from "../describers/describer.ts";

/** A query and a document get different prompts from some models. */
export type EmbeddingPurpose = "query" | "document";

export type Embedding =
  /** The vector has unit length. */
  | { kind: "vector"; vector: Float32Array }
  /** A setting is wrong, or the input is refused; retries fail as well. */
  | { kind: "refused"; reason: string };

/** Maps texts, and with some models images, to vectors: similar things have vectors with a small angle. */
export interface Embedder {
  /** Recorded with each vector. Vectors of different models or lengths are never compared. */
  readonly model: string;
  /** The length of its vectors; null if only its answers tell. */
  readonly dimensions: number | null;
  /** Whether photos are embedded as images; otherwise their captions and metadata are embedded as text. */
  readonly embedsImages: boolean;
  /** Throws only on failures that a retry may mend: overload, timeout, broken connection, malformed answer. */
  embedText(text: string, purpose: EmbeddingPurpose): Promise<Embedding>;
  /** Like `embedText`, for embedders with `embedsImages`. */
  embedImage(image: ImageFile): Promise<Embedding>;
}
