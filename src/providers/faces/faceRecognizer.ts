import type { RgbaImage } from "../../media/transcode/rgbaImage.ts";

/** An upright picture of at most 1,440 pixels a side: the preview rendition of an asset. */
export interface FaceImage {
  readonly width: number;
  readonly height: number;
  readonly mimeType: string;
  /** The encoded file. */
  bytes(): Promise<Uint8Array>;
  /** The decoded pixels, `width` × `height`. */
  pixels(): Promise<RgbaImage>;
}

/** A rectangle in fractions of the picture's width and height. */
export interface FaceBox {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** A point in fractions of the picture's width and height. */
export type FacePoint = readonly [x: number, y: number];

/** In the order of the picture, left before right: eyes, nose, corners of the mouth. */
export type FaceLandmarks = readonly [FacePoint, FacePoint, FacePoint, FacePoint, FacePoint];

export interface RecognizedFace {
  /** Inside the picture. */
  box: FaceBox;
  landmarks: FaceLandmarks | null;
  /** 0 to 1. */
  confidence: number;
  /** Of unit length, `dimensions` values; null for a face that is too small to compare. */
  embedding: Float32Array | null;
}

/** Finds the faces of a picture and computes embeddings, whose distance is small for the same person. */
/** The same picture fails with the same settings again. Clients read the message. */
export class PermanentRecognitionError extends Error {}

export interface FaceRecognizer {
  /** `name@version`, stored with each face. Embeddings compare only within one model. */
  readonly model: string;
  /** Values of an embedding. */
  readonly dimensions: number;
  /**
   * Memory of the isolate that `recognize` takes at most, the decoded picture included; 0 if another service computes.
   */
  readonly memoryBytes: number;
  /** Throws a PermanentRecognitionError, and other errors on failures that a later attempt may not have. */
  recognize(image: FaceImage): Promise<RecognizedFace[]>;
}
