/** What the header of a coded picture says, whatever the codec. */

export interface CodedPicture {
  width: number;
  height: number;
  /** Null where it does not say. */
  framesPerSecond: number | null;
}
