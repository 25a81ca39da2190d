/** How well faces fit their people, for clients that review the groups. */
import { listHiddenPeople, readComparedFaces, readPersonNames } from "../../records/faces/clusters/comparedFaces.ts";
import type { Face, FacePage } from "../../records/faces/faces.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { cosineDistance } from "./clustering/int8Vectors.ts";
import type { Neighbour } from "./clustering/vectorSet.ts";
import { getFace, listFaces, type FaceReference, type ListFacesParams } from "./faces.ts";
import { loadClusters } from "./libraryClusters.ts";

/** People that a face is compared with in an answer. */
export const CANDIDATES_PER_FACE = 5;

export interface Candidate {
  personId: string;
  /** Cosine distance to the person's centroid. */
  distance: number;
  name: string | null;
}

export interface ClusterAssignment {
  /** Cosine distance to the centroid of the face's person; null without one. */
  distanceToPerson: number | null;
  /** The nearest other people, the nearest first. */
  candidates: Candidate[];
}

/** A face; `assignment` has what was asked for. */
export interface AssessedFace extends Face {
  assignment: ClusterAssignment;
}

interface Comparison {
  distanceToPerson: number | null;
  neighbours: Neighbour[];
}

const NOTHING: Comparison = { distanceToPerson: null, neighbours: [] };

/** Compares faces of one library with its people. Faces without an embedding have nothing to compare. */
async function compare(context: Context, faces: Face[]): Promise<Map<string, Comparison>> {
  const { db, faceRecognizer: model } = context;
  if (model === null || faces.length === 0) return new Map();
  const faceIds = faces.map(({ id }) => id);
  const { libraryId, vectors } = await readComparedFaces(db, faceIds, model.model);
  const clusters = libraryId === null ? null : await loadClusters(context, libraryId, model, null);
  if (libraryId === null || clusters === null) return new Map();
  const { people } = clusters.space;
  const hidden = await listHiddenPeople(db, libraryId);
  return new Map(
    faces.map(({ id, personId }) => {
      const vector = vectors.get(id);
      if (vector?.length !== people.dimensions) return [id, NOTHING];
      const centroid = personId === null ? undefined : people.get(personId);
      const isCandidate = (other: string): boolean => other !== personId && !hidden.has(other);
      return [
        id,
        {
          distanceToPerson: centroid === undefined ? null : cosineDistance(vector, centroid),
          neighbours: people.nearest(vector, CANDIDATES_PER_FACE, isCandidate),
        },
      ];
    }),
  );
}

async function assess(context: Context, faces: Face[]): Promise<AssessedFace[]> {
  const comparisons = await compare(context, faces);
  const neighbourIds = [...comparisons.values()].flatMap(({ neighbours }) => neighbours.map(({ id }) => id));
  const names = await readPersonNames(context.db, [...new Set(neighbourIds)]);
  return faces.map((face) => {
    const { distanceToPerson, neighbours } = comparisons.get(face.id) ?? NOTHING;
    const candidates = neighbours.flatMap(({ id, distance }): Candidate[] => {
      const name = names.get(id);
      return name === undefined ? [] : [{ personId: id, distance, name }];
    });
    return { ...face, assignment: { distanceToPerson, candidates } };
  });
}

/** Reads a face with its assignment. Throws `not_found` for an unknown or inaccessible id. */
export async function assessFace(
  context: Context,
  principal: Principal,
  reference: FaceReference,
): Promise<AssessedFace> {
  const face = await getFace(context, principal, reference);
  const [assessed] = await assess(context, [face]);
  return assessed ?? { ...face, assignment: { distanceToPerson: null, candidates: [] } };
}

/** Lists faces as `listFaces` does, with their assignments. */
export async function listAssessedFaces(
  context: Context,
  principal: Principal,
  params: ListFacesParams,
): Promise<Omit<FacePage, "faces"> & { faces: AssessedFace[] }> {
  const page = await listFaces(context, principal, params);
  return { ...page, faces: await assess(context, page.faces) };
}
