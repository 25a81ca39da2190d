/** MPEG program streams (MPG, VOB) and bare MPEG video: size and pace from the first sequence header, the duration from the first and the last time stamps. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Codec, readCodedPicture } from "../codecs/pictureHeader.ts";
import { commonPace, secondsBetween, timestampAt } from "./timestamps.ts";
import type { VideoFindings } from "../videoInfo.ts";

const headBytes = 256 * 1024;
const tailSizes = [256 * 1024, 1024 * 1024];
/** Of these, one stream of pictures is enough. */
const firstVideoStream = 0xe0;
const lastVideoStream = 0xef;
/** MPEG-2 sets the two highest bits of a packet's third byte; MPEG-1 has padding and a buffer size there. */
const longestPadding = 16;

export async function readProgramStream(source: ByteSource, facts: VideoFindings): Promise<void> {
  const head = await source.read(0, headBytes);
  const codec: Codec = "mpeg";
  const picture = readCodedPicture(codec, head) ?? readCodedPicture("h264", head);
  const first = pictureTimes(head);
  facts.width = picture?.width ?? 0;
  facts.height = picture?.height ?? 0;
  facts.metadata.fps = picture?.framesPerSecond ?? commonPace(first);
  const last = await lastTimes(source, first);
  facts.durationSeconds = secondsBetween(first.slice(0, 4), last, facts.metadata.fps);
}

async function lastTimes(source: ByteSource, first: number[]): Promise<number[]> {
  if (source.sizeBytes <= headBytes) return first;
  for (const size of tailSizes) {
    const start = Math.max(0, source.sizeBytes - size);
    const times = pictureTimes(await source.read(start, source.sizeBytes - start));
    if (times.length > 0) return times;
  }
  return [];
}

/** The times in the heads of packets with pictures. What looks like a head inside of a picture has no sane time behind it. */
function pictureTimes(bytes: Uint8Array): number[] {
  const times: number[] = [];
  for (let at = bytes.indexOf(1, 2); at >= 0; at = bytes.indexOf(1, at + 1)) {
    const stream = bytes[at + 1] ?? 0;
    if (bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue;
    if (stream < firstVideoStream || stream > lastVideoStream) continue;
    const time = packetTime(bytes, at + 4);
    if (time !== null) times.push(time);
  }
  return times;
}

function packetTime(bytes: Uint8Array, start: number): number | null {
  if (((bytes[start] ?? 0) & 0xc0) === 0x80) {
    return ((bytes[start + 1] ?? 0) & 0x80) === 0 ? null : marked(bytes, start + 3);
  }
  let at = start;
  while (bytes[at] === 0xff && at < start + longestPadding) at += 1;
  if (((bytes[at] ?? 0) & 0xc0) === 0x40) at += 2;
  return ((bytes[at] ?? 0) & 0xe0) === 0x20 ? marked(bytes, at) : null;
}

/** Each part of a time stamp ends in a bit that is set. */
function marked(bytes: Uint8Array, at: number): number | null {
  const isWhole = [0, 2, 4].every((part) => ((bytes[at + part] ?? 0) & 1) === 1);
  return isWhole ? timestampAt(bytes, at) : null;
}
