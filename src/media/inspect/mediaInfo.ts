/** Bytes in, facts out: the one door to this room. Never throws and never reads a file whole, whatever the bytes. */
import { boundedSource } from "./bytes/boundedSource.ts";
import type { MediaFormat } from "./formats.ts";
import { type FileMetadata, emptyMetadata } from "./metadata/fileMetadata.ts";
import { sniff, sniffBytes } from "./sniff.ts";
import type { ByteSource } from "./bytes/byteSource.ts";
import { readStill } from "./imageInfo.ts";
import { readVideo } from "./video/video.ts";
import type { WallTime } from "./metadata/wallTime.ts";

export interface MediaFacts {
  /** As displayed, orientation and rotation applied; 0 where unknown. */
  width: number;
  height: number;
  /** As encoded; null where unknown, and for videos. */
  rawWidth: number | null;
  rawHeight: number | null;
  durationSeconds: number | null;
  /** When it was taken: the original date of a still, the creation date of a video. */
  captureTime: WallTime | null;
  metadata: FileMetadata;
  /** Why the content could not be read, for the record; null where it could. */
  problem: string | null;
}

/** The sample photos need one to three reads and at most 150 KB; a PNG or JPEG full of foreign blocks needs more. */
const budgetBytes = 4 * 1024 * 1024;

/** By what the bytes are, not by what the name says: the format serves only to word the problem. */
export async function readFacts(source: ByteSource, format: MediaFormat): Promise<MediaFacts> {
  try {
    return await readFound(boundedSource(source, budgetBytes), format);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return unreadable(`the ${format.extension} file could not be read: ${reason}`.slice(0, 500));
  }
}

async function readFound(source: ByteSource, format: MediaFormat): Promise<MediaFacts> {
  const head = await source.read(0, sniffBytes);
  if (head.length === 0) return unreadable("the file is empty");
  const family = sniff(head);
  if (family === null) return unreadable(`not a ${format.extension} file: it begins with ${spelled(head)}`);
  const still = await readStill(source, family);
  if (still !== null) {
    return {
      ...still,
      durationSeconds: null,
      problem: still.width === 0 ? `no picture size found: the ${family} file is broken or cut short` : null,
    };
  }
  const video = await readVideo(source, family);
  return {
    ...video,
    rawWidth: null,
    rawHeight: null,
    problem: video.width === 0 ? `no picture size found: the ${family} file has no video or is cut short` : null,
  };
}

function unreadable(problem: string): MediaFacts {
  return {
    width: 0,
    height: 0,
    rawWidth: null,
    rawHeight: null,
    durationSeconds: null,
    captureTime: null,
    metadata: emptyMetadata(),
    problem,
  };
}

/** The first bytes for a reader of logs: hexadecimal, so that no control character gets into the record. */
function spelled(head: Uint8Array): string {
  return [...head.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
