/** Searches the clusters of a Matroska file for key frames. */
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { CLUSTER_ID, elementsIn, type ElementHeader, readElementHeader } from "../../matroska/ebml.ts";
import { BLOCK_GROUP_ID, BLOCK_ID, SIMPLE_BLOCK_ID } from "../../matroska/matroskaBlocks.ts";
import { type Block, firstFrameOf, readBlock } from "./blockFrame.ts";

/** Elements that are looked at from one place on; a second of a film has about a hundred blocks. */
export const MAX_SEARCHED_ELEMENTS = 16_384;

/** Marks of clusters, in the data of frames too, that are looked at from one place on. */
export const MAX_SEARCHED_CLUSTERS = 4096;

/** Elements of a block group: the block, its references and what is added to it. */
const MAX_GROUP_ELEMENTS = 16;
const REFERENCE_BLOCK_ID = 0xfb;
const KEY_FRAME_FLAG = 0x80;
const CLUSTER_HEADER_BYTES = 12;
const SEARCH_STEP_BYTES = 64 * 1024;
const clusterIdBytes = [0x1f, 0x43, 0xb6, 0x75];

/** Elements that a cluster begins with: a timestamp, a checksum, its position or size, padding. */
const FIRST_CHILD_IDS = [0xe7, 0xbf, 0xa7, 0xab, 0xec];

/** A group holds a key frame if it names no other block that the frame refers to. */
async function keyBlockOfGroup(source: ByteSource, start: number, end: number): Promise<Block | null> {
  const parts = await elementsIn(source, start, end, MAX_GROUP_ELEMENTS);
  const block = parts.find(({ id }) => id === BLOCK_ID);
  if (block === undefined || parts.some(({ id }) => id === REFERENCE_BLOCK_ID)) return null;
  return await readBlock(source, { offset: block.start, length: block.end - block.start });
}

/** Returns the block in an element if it is a key frame of the track. */
async function keyBlockIn(source: ByteSource, { id, start }: ElementHeader, length: number, trackNumber: number) {
  const block =
    id === SIMPLE_BLOCK_ID
      ? await readBlock(source, { offset: start, length })
      : id === BLOCK_GROUP_ID
        ? await keyBlockOfGroup(source, start, start + length)
        : null;
  if (block === null || block.head.track !== trackNumber) return null;
  return id === BLOCK_GROUP_ID || (block.head.flags & KEY_FRAME_FLAG) !== 0 ? block : null;
}

/**
 * Finds the first key frame among the elements from an offset on, inside of clusters of known or unknown size. Returns
 * null at the end of the file or at a damaged element.
 */
export async function findKeyFrame(source: ByteSource, offset: number, trackNumber: number): Promise<ByteRange | null> {
  let at = offset;
  for (let left = MAX_SEARCHED_ELEMENTS; left > 0; left--) {
    const header = await readElementHeader(source, at);
    if (header === null) return null;
    const { id, start, sizeBytes } = header;
    at = id === CLUSTER_ID ? start : start + (sizeBytes ?? Infinity);
    if (id === CLUSTER_ID) continue;
    if (sizeBytes === null || at > source.sizeBytes) return null;
    const block = await keyBlockIn(source, header, sizeBytes, trackNumber);
    if (block !== null) return await firstFrameOf(source, block);
  }
  return null;
}

/** Finds the header of the next cluster from an offset on; null if there is none. */
export async function findCluster(source: ByteSource, offset: number): Promise<number | null> {
  let left = MAX_SEARCHED_CLUSTERS;
  for (let from = offset; ; from += SEARCH_STEP_BYTES - CLUSTER_HEADER_BYTES) {
    const bytes = await source.read(from, SEARCH_STEP_BYTES);
    for (let at = bytes.indexOf(0x1f); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
      if (!clusterIdBytes.every((byte, i) => bytes[at + i] === byte)) continue;
      const header = await readElementHeader(source, from + at);
      const child = header === null ? null : await readElementHeader(source, header.start);
      if (child !== null && FIRST_CHILD_IDS.includes(child.id)) return from + at;
      if (--left === 0) return null;
    }
    if (bytes.length < SEARCH_STEP_BYTES) return null;
  }
}
