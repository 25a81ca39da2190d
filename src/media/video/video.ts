/** Reads a video by its container. */
import type { MediaFamily } from "../formats.ts";
import type { ByteSource } from "../source.ts";
import { readAvi } from "./avi.ts";
import { readMatroska } from "./matroska.ts";
import { readMp4 } from "./mp4.ts";
import { type VideoFacts, emptyVideoFacts } from "./videoFacts.ts";

type VideoReader = (source: ByteSource, facts: VideoFacts) => Promise<void>;

const readers: Partial<Record<MediaFamily, VideoReader>> = {
  mp4: readMp4,
  avi: readAvi,
  matroska: readMatroska,
};

/** No header that tells more than this is right. */
const longestSide = 2 ** 31 - 1;
const longestSeconds = 10 * 365 * 24 * 3600;

/** What could be read; of a broken file, what came before the break. A family without a reader has empty facts. */
export async function readVideo(source: ByteSource, family: MediaFamily): Promise<VideoFacts> {
  const facts = emptyVideoFacts();
  try {
    await readers[family]?.(source, facts);
  } catch {
    // The file breaks off or contradicts itself there: what came before stands.
  }
  return credible(facts);
}

function credible(facts: VideoFacts): VideoFacts {
  const { width, height, durationSeconds, captureTime } = facts;
  const hasSize = [width, height].every((side) => side > 0 && side <= longestSide);
  const hasDuration = durationSeconds !== null && durationSeconds > 0 && durationSeconds < longestSeconds;
  const hasTime = captureTime !== null && Number.isSafeInteger(captureTime.wallUs);
  return {
    width: hasSize ? width : 0,
    height: hasSize ? height : 0,
    durationSeconds: hasDuration ? durationSeconds : null,
    captureTime: hasTime ? captureTime : null,
    metadata: facts.metadata,
  };
}

/** Families that this room knows by their first bytes but reads nothing of. */
export function isUnread(family: MediaFamily): boolean {
  return readers[family] === undefined;
}
