/** Finds the key frames of a film in the container that its first bytes tell. */
import { boundedSource } from "../../bytes/boundedSource.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import type { MediaFamily } from "../../formats.ts";
import { sniff, SNIFF_BYTES } from "../../sniff.ts";
import type { KeyFrameTrack } from "./keyFrameTrack.ts";
import { openAsfKeyFrames } from "./asfKeyFrames.ts";
import { openAviKeyFrames } from "./avi/aviKeyFrames.ts";
import { openMatroskaKeyFrames } from "./matroska/matroskaKeyFrames.ts";
import { openProgramKeyFrames } from "./mpeg/programKeyFrames.ts";
import { openTransportKeyFrames } from "./mpeg/transportKeyFrames.ts";
import { openMp4KeyFrames } from "./mp4/mp4KeyFrames.ts";

/** Everything that is read of a film for its poster: the tables and up to four key frames. */
export const MAX_FILM_READ_BYTES = 64 * 1024 * 1024;

/** Headers and tables that are read to find key frames. */
export const MAX_KEY_FRAME_SEARCH_BYTES = 8 * 1024 * 1024;

/** Reads headers and tables in pages through `tables`, and frames from the file. */
type OpenContainer = (file: ByteSource, tables: ByteSource) => Promise<KeyFrameTrack | null>;

const containers = new Map<MediaFamily | null, OpenContainer>([
  ["mp4", openMp4KeyFrames],
  ["heif", openMp4KeyFrames],
  // An MP4 may begin with any box.
  [null, openMp4KeyFrames],
  ["matroska", openMatroskaKeyFrames],
  ["avi", openAviKeyFrames],
  ["asf", openAsfKeyFrames],
  ["mpeg-ts", openTransportKeyFrames],
  ["mpeg-ps", openProgramKeyFrames],
]);

interface GuardedFile {
  file: ByteSource;
  /** Does work on the file. Damage becomes null; what a read of the file threw is thrown. */
  attempt: <T>(work: () => Promise<T>) => Promise<T | null>;
}

/** Limits what is read. Reads beyond the limit return nothing, as at the end of the file. */
function guardFile(source: ByteSource): GuardedFile {
  const failures: unknown[] = [];
  let left = MAX_FILM_READ_BYTES;
  const read: ByteSource["read"] = async (offset, length) => {
    if (Math.min(length, source.sizeBytes - offset) > left) return new Uint8Array();
    try {
      const bytes = await source.read(offset, length);
      left -= bytes.length;
      return bytes;
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
  return {
    file: { sizeBytes: source.sizeBytes, read },
    attempt: async (work) => {
      try {
        return await work();
      } catch {
        if (failures.length > 0) throw failures[0];
        return null;
      }
    },
  };
}

/**
 * Opens the video track of a film. Returns null if its container is unknown, if it has no video track or if its headers
 * are damaged. Reads up to `MAX_FILM_READ_BYTES`, those of the key frames included. Throws only what `source` throws:
 * another attempt may succeed.
 */
export async function openKeyFrames(source: ByteSource): Promise<KeyFrameTrack | null> {
  const { file, attempt } = guardFile(source);
  const tables = boundedSource(file, MAX_KEY_FRAME_SEARCH_BYTES);
  const family = sniff(await tables.read(0, SNIFF_BYTES));
  const track = await attempt(async () => (await containers.get(family)?.(file, tables)) ?? null);
  if (track === null) return null;
  return { ...track, readKeyFrame: (index, maxBytes) => attempt(() => track.readKeyFrame(index, maxBytes)) };
}
