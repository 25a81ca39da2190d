/** A file with its fields, independent of the protocol: a multipart form, or the end of a resumable upload. */
import type { FileDigests } from "../../records/uploads/uploadTargets.ts";

export interface IncomingFile {
  /** File name from the client; null without one. */
  name: string | null;
  /** Media type from the client; null without one. */
  contentType: string | null;
  /** SHA-256 of the file that the client declares before it, base64. */
  declaredSha256: string | null;
  body: AsyncIterable<Uint8Array>;
  /** Expected size in bytes, used only to size the first buffer: the client may be wrong. */
  sizeHint: number | null;
}

/** Digests of the file that the client declares. */
export type DeclaredDigests = FileDigests;

/** Fields may arrive before or after the file. Both methods reject invalid fields as soon as they are read. */
export interface UploadSource<Fields> {
  /** Reads up to the file. `earlyFields` are those that arrived before it. */
  open(): Promise<{ file: IncomingFile; earlyFields: Partial<Fields> }>;
  /** Reads to the end, once the file's body has been consumed. Called only if the file is needed. */
  finish(): Promise<Fields>;
}

/** Calls `undo` when `step` fails, then rejects with the error of `step`. */
export async function undoOnError<T>(step: Promise<T>, undo: () => Promise<void>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    await undo();
    throw error;
  }
}
