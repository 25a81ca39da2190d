/** Finds the parts of a Matroska segment, by its first elements and its seek head, and its video track. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { childrenOf, CLUSTER_ID, type Element, elementAt, elementsIn, readUnsigned } from "./ebml.ts";

const ids = {
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekId: 0x53ab,
  seekPosition: 0x53ac,
  tracks: 0x1654ae6b,
  track: 0xae,
} as const;

/** Ids of elements in a track and in its video settings. */
export const trackIds = {
  number: 0xd7,
  type: 0x83,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  projection: 0x7670,
  projectionType: 0x7671,
  yaw: 0x7673,
  roll: 0x7675,
} as const;

const VIDEO_TYPE = 1;

export interface Segment {
  /** Offsets of the content. Positions in the file count from its start. */
  start: number;
  end: number;
  firstCluster: Element | undefined;
  /** Finds an element in front of the first cluster or by the seek head. */
  find(id: number): Promise<Element | undefined>;
}

export interface VideoTrack {
  number: number | null;
  /** Elements of the track. */
  fields: Element[];
  /** Elements of its video settings. */
  video: Element[];
}

async function findBySeekHead(source: ByteSource, segment: Element, elements: Element[], id: number) {
  for (const seek of await childrenOf(source, elements, ids.seekHead)) {
    const fields = await elementsIn(source, seek.start, seek.end);
    const position = await readUnsigned(source, fields, ids.seekPosition);
    if ((await readUnsigned(source, fields, ids.seekId)) !== id || position === null) continue;
    const element = await elementAt(source, segment.start + position, segment.end);
    if (element?.id === id) return element;
  }
  return undefined;
}

/** Opens the first segment; null if there is none. */
export async function openSegment(source: ByteSource): Promise<Segment | null> {
  const top = await elementsIn(source, 0, source.sizeBytes);
  const segment = top.find(({ id }) => id === ids.segment);
  if (segment === undefined) return null;
  const elements = await elementsIn(source, segment.start, segment.end);
  const byId = (id: number) => elements.find((element) => element.id === id);
  return {
    start: segment.start,
    end: segment.end,
    firstCluster: byId(CLUSTER_ID),
    find: async (id) => byId(id) ?? (await findBySeekHead(source, segment, elements, id)),
  };
}

/** Finds the first video track; null if there is none. */
export async function findVideoTrack(source: ByteSource, segment: Segment): Promise<VideoTrack | null> {
  const tracks = await segment.find(ids.tracks);
  for (const track of tracks === undefined ? [] : await elementsIn(source, tracks.start, tracks.end)) {
    if (track.id !== ids.track) continue;
    const fields = await elementsIn(source, track.start, track.end);
    const video = await childrenOf(source, fields, trackIds.video);
    if (video.length === 0 || (await readUnsigned(source, fields, trackIds.type)) !== VIDEO_TYPE) continue;
    return { number: await readUnsigned(source, fields, trackIds.number), fields, video };
  }
  return null;
}
