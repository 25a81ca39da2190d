/** Every change of people and faces that the API makes, as part of actions.ts. */
import { jsonBody, request, type Action } from "./actions.ts";

export const peopleActions: Action[] = [
  {
    name: "create a person",
    run: request(
      "POST",
      () => "/api/people",
      ({ libraryId, looseFace }) => ({
        json: { name: "Eve", thumbnail_face_id: looseFace, library_id: libraryId },
        headers: { "idempotency-key": `person-of-${libraryId}` },
      }),
    ),
  },
  {
    name: "create a person whose name is taken",
    isNoOp: true,
    run: request(
      "POST",
      () => "/api/people",
      jsonBody(({ libraryId }) => ({ name: "ADA", library_id: libraryId })),
    ),
  },
  {
    name: "update a person",
    run: request(
      "PATCH",
      ({ named }) => `/api/people/${named}`,
      jsonBody(({ looseFace }) => ({ name: "Grace", thumbnail_face_id: looseFace, is_hidden: true })),
    ),
  },
  {
    name: "update several people",
    run: request(
      "POST",
      () => "/api/people/bulk-update",
      jsonBody(({ named, unnamed }) => ({
        updates: [
          { id: named, change: { name: null, birth_date: "1815-12-10" } },
          { id: unnamed, change: { name: "ada", is_favorite: true } },
        ],
      })),
    ),
  },
  {
    name: "merge people",
    run: request(
      "POST",
      ({ unnamed }) => `/api/people/${unnamed}/merge`,
      jsonBody(({ named }) => ({ source_person_ids: [named] })),
    ),
  },
  { name: "delete a person", run: request("DELETE", ({ named }) => `/api/people/${named}`) },
  {
    name: "draw a face",
    run: request(
      "POST",
      () => "/api/faces",
      ({ a, named, libraryId }) => ({
        json: { asset_id: a, person_id: named, bounding_box: { x: 1, y: 1, w: 9, h: 9 } },
        headers: { "idempotency-key": `face-of-${libraryId}` },
      }),
    ),
  },
  {
    name: "assign a face to another person",
    run: request(
      "PATCH",
      ({ portrait }) => `/api/faces/${portrait}`,
      jsonBody(({ unnamed }) => ({ person_id: unnamed })),
    ),
  },
  {
    name: "detach a face",
    run: request(
      "PATCH",
      ({ portrait }) => `/api/faces/${portrait}`,
      jsonBody(() => ({ person_id: null })),
    ),
  },
  { name: "delete a face", run: request("DELETE", ({ portrait }) => `/api/faces/${portrait}`) },
];
