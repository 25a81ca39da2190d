/** What a picture that is read while it arrives can turn out to be. Its message is fit for whoever sent the picture. */

export class BrokenPicture extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "BrokenPicture";
  }
}

export interface Size {
  width: number;
  height: number;
}

/** As far as it is known: filled in when the head of the picture has been read. */
export interface PictureBytes {
  /** A chunk is valid until the next is asked for. */
  bytes: AsyncIterable<Uint8Array>;
  size: Size;
}
