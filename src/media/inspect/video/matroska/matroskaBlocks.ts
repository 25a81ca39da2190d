/** Derives frame rate and duration from block timestamps, for files whose headers lack them. */
import { viewOf } from "../../bytes/bytes.ts";
import { type ByteSource, memorySource } from "../../bytes/byteSource.ts";
import { type Element, CLUSTER_ID, elementAt, elementsIn, parseVariableInteger, readUnsigned } from "./ebml.ts";

const CLUSTER_TIMESTAMP_ID = 0xe7;
export const SIMPLE_BLOCK_ID = 0xa3;
export const BLOCK_GROUP_ID = 0xa0;
export const BLOCK_ID = 0xa1;
/** Reading a block header costs one page of the file. */
const MAX_FIRST_BLOCKS = 24;
/** The last blocks share one buffered read. */
const MAX_LAST_BLOCKS = 4000;
const TAIL_BYTES = 1024 * 1024;
/** A cluster header is a 4-byte id and a size of at most 8 bytes. */
const MAX_CLUSTER_HEADER_BYTES = 12;
const clusterIdBytes = [0x1f, 0x43, 0xb6, 0x75];

/** Returns the number of frame intervals at the start of a cluster and the ticks they span. */
export async function firstBlockTimes(
  source: ByteSource,
  from: Element,
  trackNumber: number,
): Promise<{ frames: number; ticks: number }> {
  const times = await blockTimes(source, from, MAX_FIRST_BLOCKS, trackNumber);
  if (times.length < 2) return { frames: 0, ticks: 0 };
  return { frames: times.length - 1, ticks: Math.max(...times) - Math.min(...times) };
}

/** Returns the timestamp of the last block. Browsers record WebM without writing the duration afterwards. */
export async function lastBlockTicks(source: ByteSource, first: Element): Promise<number | null> {
  const start = Math.max(first.start - MAX_CLUSTER_HEADER_BYTES, source.sizeBytes - TAIL_BYTES);
  const tail = memorySource((await source.read(start, source.sizeBytes - start)).slice());
  const clusterAt = findLastCluster(await tail.read(0, tail.sizeBytes));
  const lastCluster = clusterAt < 0 ? null : await elementAt(tail, clusterAt, tail.sizeBytes);
  if (lastCluster === null) return null;
  const clusterTicks = await readUnsigned(
    tail,
    await elementsIn(tail, lastCluster.start, lastCluster.end),
    CLUSTER_TIMESTAMP_ID,
  );
  const times = await blockTimes(tail, lastCluster, MAX_LAST_BLOCKS, null);
  return (clusterTicks ?? 0) + times.reduce((most, time) => Math.max(most, time), 0);
}

function findLastCluster(bytes: Uint8Array): number {
  let at = bytes.lastIndexOf(clusterIdBytes[0] ?? 0);
  while (at >= 0 && !clusterIdBytes.every((byte, i) => bytes[at + i] === byte)) {
    at = at === 0 ? -1 : bytes.lastIndexOf(clusterIdBytes[0] ?? 0, at - 1);
  }
  return at;
}

/** Returns timestamps relative to the cluster, of one track or, if `trackNumber` is null, of all tracks. */
async function blockTimes(
  source: ByteSource,
  from: Element,
  maxBlocks: number,
  trackNumber: number | null,
): Promise<number[]> {
  const times: number[] = [];
  let at = from.start;
  for (let i = 0; i < maxBlocks && at < from.end; i++) {
    const element = await elementAt(source, at, from.end);
    if (element === null || element.id === CLUSTER_ID) break;
    const time = await blockTime(source, element, trackNumber);
    if (time !== null) times.push(time);
    at = element.end;
  }
  return times;
}

async function blockTime(source: ByteSource, element: Element, trackNumber: number | null): Promise<number | null> {
  const block =
    element.id === BLOCK_GROUP_ID
      ? (await elementsIn(source, element.start, element.end)).find(({ id }) => id === BLOCK_ID)
      : element.id === SIMPLE_BLOCK_ID
        ? element
        : undefined;
  const head = block === undefined ? null : parseBlockHead(await source.read(block.start, BLOCK_HEAD_BYTES));
  return head === null || (trackNumber !== null && head.track !== trackNumber) ? null : head.time;
}

/** A track number of eight bytes, a timestamp of two, and flags. */
export const BLOCK_HEAD_BYTES = 11;

export interface BlockHead {
  track: number;
  /** Ticks after the timestamp of the cluster. */
  time: number;
  flags: number;
  /** Length of the head. */
  bytes: number;
}

/** Parses the head of a block (RFC 9559 §10); null if it is truncated. */
export function parseBlockHead(bytes: Uint8Array): BlockHead | null {
  const track = parseVariableInteger(bytes, 0);
  if (track === null || bytes.length < track.bytes + 3) return null;
  const view = viewOf(bytes);
  return {
    track: track.value,
    time: view.getInt16(track.bytes),
    flags: view.getUint8(track.bytes + 2),
    bytes: track.bytes + 3,
  };
}
