/** The pace and the end of a Matroska video whose head does not tell them: by the times of its first and last pictures. */
import { viewOf } from "../../bytes/bytes.ts";
import { type ByteSource, memorySource } from "../../bytes/byteSource.ts";
import { type Element, cluster, elementAt, elementsIn, unsigned } from "./ebml.ts";

const clusterTime = 0xe7;
const simpleBlock = 0xa3;
const blockGroup = 0xa0;
const block = 0xa1;
/** Pictures between them are stepped over by their heads, a page of the file each. */
const mostFirstBlocks = 24;
/** Of the last ones all lie in one stretch. */
const mostLastBlocks = 4000;
const tailBytes = 1024 * 1024;
/** Of a cluster: its mark and its size. */
const longestHeadBytes = 12;
const clusterMark = [0x1f, 0x43, 0xb6, 0x75];

/** How many pictures but one, and the ticks that they take, at the front of a cluster. */
export async function pictureTimesIn(
  source: ByteSource,
  from: Element,
  trackNumber: number,
): Promise<{ frames: number; ticks: number }> {
  const times = await timesIn(source, from, mostFirstBlocks, trackNumber);
  if (times.length < 2) return { frames: 0, ticks: 0 };
  return { frames: times.length - 1, ticks: Math.max(...times) - Math.min(...times) };
}

/** When the last picture or sound begins. A recording of a browser is never gone back over to write how long it is. */
export async function lastTicks(source: ByteSource, first: Element): Promise<number | null> {
  const start = Math.max(first.start - longestHeadBytes, source.sizeBytes - tailBytes);
  const tail = memorySource((await source.read(start, source.sizeBytes - start)).slice());
  const at = lastMark(await tail.read(0, tail.sizeBytes));
  const last = at < 0 ? null : await elementAt(tail, at, tail.sizeBytes);
  if (last === null) return null;
  const began = await unsigned(tail, await elementsIn(tail, last.start, last.end), clusterTime);
  const times = await timesIn(tail, last, mostLastBlocks, null);
  return (began ?? 0) + times.reduce((most, time) => Math.max(most, time), 0);
}

function lastMark(bytes: Uint8Array): number {
  let at = bytes.lastIndexOf(clusterMark[0] ?? 0);
  while (at >= 0 && !clusterMark.every((byte, i) => bytes[at + i] === byte)) {
    at = at === 0 ? -1 : bytes.lastIndexOf(clusterMark[0] ?? 0, at - 1);
  }
  return at;
}

/** The times within the cluster, of one track's blocks or of all. */
async function timesIn(source: ByteSource, from: Element, most: number, trackNumber: number | null): Promise<number[]> {
  const times: number[] = [];
  let at = from.start;
  for (let i = 0; i < most && at < from.end; i++) {
    const element = await elementAt(source, at, from.end);
    if (element === null || element.id === cluster) break;
    const time = await timeOf(source, element, trackNumber);
    if (time !== null) times.push(time);
    at = element.end;
  }
  return times;
}

/** The track's number, whose first bit marks its one byte, then the time within the cluster. */
async function timeOf(source: ByteSource, element: Element, trackNumber: number | null): Promise<number | null> {
  const held =
    element.id === blockGroup
      ? (await elementsIn(source, element.start, element.end)).find(({ id }) => id === block)
      : element.id === simpleBlock
        ? element
        : undefined;
  if (held === undefined) return null;
  const head = await source.read(held.start, 3);
  if (head.length < 3 || (trackNumber !== null && head[0] !== (0x80 | trackNumber))) return null;
  return viewOf(head).getInt16(1);
}
