export interface ImageFile {
  bytes: Uint8Array;
  mimeType: string;
}

export type Description =
  | { kind: "text"; text: string }
  /** The model refused to describe the image. */
  | { kind: "declined" }
  /** The image is unusable; retries fail as well. */
  | { kind: "unreadable"; reason: string }
  /** A setting is wrong; every image fails until it is changed. */
  | { kind: "misconfigured"; reason: string };

/** Writes a caption for an image. */
export interface Describer {
  /** Throws only on transient failures: overload, timeout, broken connection. */
  describe(image: ImageFile): Promise<Description>;
}
