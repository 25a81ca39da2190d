/** Finds the key frames of Matroska and WebM films. */
import type { ByteRange, ByteSource } from "../../../bytes/byteSource.ts";
import { windowedSource } from "../../../bytes/windowedSource.ts";
import { CLUSTER_ID, readElementHeader } from "../../matroska/ebml.ts";
import { findVideoTrack, openSegment } from "../../matroska/segment.ts";
import type { KeyFrameTrack } from "../keyFrameTrack.ts";
import { readSample } from "../readSample.ts";
import { MAX_PLACE_SEARCH_BYTES, placeOffset, SEARCHED_PLACES } from "../searchedPlaces.ts";
import { findCluster, findKeyFrame } from "./clusters.ts";
import { type Cue, readCues } from "./cues.ts";
import { readTrackEntry } from "./trackEntry.ts";

async function locateCue(file: ByteSource, cue: Cue, trackNumber: number): Promise<ByteRange | null> {
  const source = windowedSource(file, MAX_PLACE_SEARCH_BYTES);
  const cluster = await readElementHeader(source, cue.clusterOffset);
  if (cluster?.id !== CLUSTER_ID) return null;
  return await findKeyFrame(source, cluster.start + (cue.blockPosition ?? 0), trackNumber);
}

async function locateFrom(file: ByteSource, offset: number, trackNumber: number): Promise<ByteRange | null> {
  const source = windowedSource(file, MAX_PLACE_SEARCH_BYTES);
  const cluster = await findCluster(source, offset);
  return cluster === null ? null : await findKeyFrame(source, cluster, trackNumber);
}

/** Opens the video track of a film by its cues; without them, key frames are searched at places of the file. */
export async function openMatroskaKeyFrames(file: ByteSource, source: ByteSource): Promise<KeyFrameTrack | null> {
  const segment = await openSegment(source);
  const track = segment === null ? null : await findVideoTrack(source, segment);
  if (segment === null || track === null || track.number === null || segment.firstCluster === undefined) return null;
  const trackNumber = track.number;
  const { restore, ...entry } = await readTrackEntry(source, track);
  const cues = await readCues(source, segment, trackNumber);
  const keyFrames = cues.length === 0 ? SEARCHED_PLACES : cues.length;
  const clusters = { offset: segment.firstCluster.start, length: segment.end - segment.firstCluster.start };
  const locate = async (index: number): Promise<ByteRange | null> => {
    const cue = cues[index];
    const range = cue === undefined ? null : await locateCue(file, cue, trackNumber);
    if (range !== null) return range;
    return index === 0
      ? await findKeyFrame(windowedSource(file, MAX_PLACE_SEARCH_BYTES), clusters.offset, trackNumber)
      : await locateFrom(file, placeOffset(clusters, index / keyFrames), trackNumber);
  };
  return {
    ...entry,
    keyFrames,
    readKeyFrame: async (index, maxBytes) => {
      const sample = await readSample(file, await locate(index), maxBytes);
      return sample instanceof Uint8Array ? restore(sample) : sample;
    },
  };
}
