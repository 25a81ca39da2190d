/** The people and waiting faces of a library as clustering compares them. An isolate remembers those it used last. */
import {
  MAX_WAITING_FACES,
  readClusters,
  type ClusterChanges,
  type PersonCluster,
} from "../../records/faces/clusters/readClusters.ts";
import { countVectors, readVectors } from "../../records/faces/clusters/countClusters.ts";
import type { CountedPerson } from "../../records/faces/clusters/saveClusters.ts";
import type { FaceRecognizer } from "../../providers/faces/faceRecognizer.ts";
import type { Context } from "../context.ts";
import { ClusterSpace, type WaitingFace } from "./clustering/clusterSpace.ts";
import { addTo, squareOf } from "./clustering/int8Vectors.ts";

/** Vectors of all libraries that an isolate remembers: 10,000 people at 256 dimensions. */
export const MAX_REMEMBERED_CLUSTER_BYTES = 16 * 1024 * 1024;
/** People whose vectors one read counts again; the others follow with the next one. */
export const MAX_RECOUNTED_PEOPLE = 50;

const MAX_COUNT_ATTEMPTS = 3;

export type FaceModel = Pick<FaceRecognizer, "model" | "dimensions">;

export interface LibraryClusters {
  revision: number;
  space: ClusterSpace;
  /** Faces of `space` that were not compared yet. */
  unplacedIds: string[];
  /** Sums that were counted again and are not stored yet. */
  counted: CountedPerson[];
  /** Whether people with stale sums are missing, who were too many for one read. */
  isPartial: boolean;
}

interface Remembered {
  revision: number;
  space: ClusterSpace;
}

const remembered = new WeakMap<object, Map<string, Remembered>>();

function memoryOf({ db }: Context): Map<string, Remembered> {
  const memory = remembered.get(db.binding) ?? new Map<string, Remembered>();
  remembered.set(db.binding, memory);
  return memory;
}

function keyOf(libraryId: string, { model }: FaceModel): string {
  return `${libraryId} ${model}`;
}

/** Remembers the state at a revision, and forgets those used longest ago beyond the memory. */
export function rememberClusters(
  context: Context,
  libraryId: string,
  model: FaceModel,
  { revision, space }: Remembered,
): void {
  const memory = memoryOf(context);
  const key = keyOf(libraryId, model);
  memory.delete(key);
  memory.set(key, { revision, space });
  let sizeBytes = 0;
  for (const [other, { space: kept }] of [...memory].toReversed()) {
    sizeBytes += kept.sizeBytes;
    if (sizeBytes > MAX_REMEMBERED_CLUSTER_BYTES) memory.delete(other);
  }
}

/** The person's exact sum, or null if faces came from the trash or went there between two pages of the reading. */
async function countOnce(
  context: Context,
  personId: string,
  { model, dimensions }: FaceModel,
): Promise<CountedPerson | null> {
  const sum = new Int32Array(dimensions);
  const seen = new Set<string>();
  let squareSum = 0;
  let faceCount = 0;
  let pages = 0;
  for await (const faces of readVectors(context.db, personId, model)) {
    pages += 1;
    for (const { faceId, vector } of faces) {
      if (seen.has(faceId)) continue;
      seen.add(faceId);
      if (vector.length !== dimensions) continue;
      addTo(sum, vector);
      squareSum += squareOf(vector);
      faceCount += 1;
    }
  }
  const isWhole = pages === 1 || (await countVectors(context.db, personId, model)) === seen.size;
  return isWhole ? { personId, sum, squareSum, faceCount } : null;
}

async function recount(context: Context, personId: string, model: FaceModel): Promise<CountedPerson> {
  for (let attempt = 0; attempt < MAX_COUNT_ATTEMPTS; attempt += 1) {
    const person = await countOnce(context, personId, model);
    if (person !== null) return person;
  }
  throw new Error("the faces of a person are being changed concurrently");
}

function setPeople(space: ClusterSpace, people: PersonCluster[]): void {
  for (const { personId, sum, squareSum, faceCount, isStale } of people) {
    if (sum === null || isStale || sum.length !== space.dimensions) space.deletePerson(personId);
    else space.setPerson(personId, { sum, squareSum, faceCount });
  }
}

function setFaces(space: ClusterSpace, { waiting, unplaced }: ClusterChanges): string[] {
  for (const { faceId, vector, rejectedPersonIds } of waiting) {
    if (vector?.length === space.dimensions) space.setWaiting({ faceId, vector, rejectedPersonIds });
    else space.deleteWaiting(faceId);
  }
  space.keepNewestWaiting(MAX_WAITING_FACES);
  const faces = unplaced.flatMap(({ faceId, vector, rejectedPersonIds }): WaitingFace[] =>
    vector?.length === space.dimensions ? [{ faceId, vector, rejectedPersonIds }] : [],
  );
  for (const face of faces) space.setWaiting(face);
  return faces.map(({ faceId }) => faceId);
}

async function readChanges(context: Context, libraryId: string, model: FaceModel, assetId: string | null) {
  const known = memoryOf(context).get(keyOf(libraryId, model));
  const query = { libraryId, model: model.model, assetId };
  const changes = await readClusters(context.db, { ...query, since: known?.revision ?? null });
  if (changes === null) return null;
  const isKnown = known !== undefined && !changes.isIncomplete && changes.revision >= known.revision;
  if (isKnown) return { changes, space: known.space.clone() };
  const all = known === undefined ? changes : await readClusters(context.db, { ...query, since: null });
  return all === null ? null : { changes: all, space: new ClusterSpace(model.dimensions) };
}

/**
 * Reads the state of a library: what changed since the state that the isolate remembers, else everything. Sums that
 * became stale are counted again from the person's faces. The result is a copy. Null if the library has no embeddings.
 */
export async function loadClusters(
  context: Context,
  libraryId: string,
  model: FaceModel,
  assetId: string | null,
): Promise<LibraryClusters | null> {
  const read = await readChanges(context, libraryId, model, assetId);
  if (read === null) return null;
  const { changes, space } = read;
  setPeople(space, changes.people);
  const unplacedIds = setFaces(space, changes);
  const stale = changes.people.filter(({ isStale }) => isStale);
  const counted: CountedPerson[] = [];
  for (const { personId } of stale.slice(0, MAX_RECOUNTED_PEOPLE)) {
    const person = await recount(context, personId, model);
    space.setPerson(personId, person);
    counted.push(person);
  }
  return { revision: changes.revision, space, unplacedIds, counted, isPartial: stale.length > counted.length };
}
