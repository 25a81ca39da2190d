import { createRoute, z } from "@hono/zod-openapi";
import { requireAction } from "../../middleware/authentication.ts";
import { createPerson } from "../../operations/people/createPerson.ts";
import { deletePerson, mergePeople } from "../../operations/people/mergePeople.ts";
import { getPerson, listPeople } from "../../operations/people/people.ts";
import { updatePeople, updatePerson, type PersonPatch } from "../../operations/people/updatePeople.ts";
import { mediaUrlBuilder } from "../delivery/mediaUrls.ts";
import {
  acknowledgementSchema,
  credentialSecurity,
  errorResponses,
  idSchema,
  jsonBody,
  jsonResponse,
} from "../fieldSchemas.ts";
import { idempotencyHeaders, readIdempotencyKey } from "../idempotencyKey.ts";
import { newRouter } from "../router.ts";
import {
  bulkUpdatePeopleSchema,
  createPersonSchema,
  getPersonParameters,
  mergePeopleSchema,
  personPageSchema,
  personQuerySchema,
  personSchema,
  updatePersonSchema,
} from "./schemas.ts";
import { serializeListedPerson } from "./serializer.ts";

const params = z.object({ person_id: idSchema("person") });
const shared = { tags: ["People"], security: credentialSecurity };

const create = createRoute({
  ...shared,
  method: "post",
  path: "/api/people",
  operationId: "people_create",
  summary: "Create a person",
  description:
    "Names are unique in a library, hidden people included, without regard to case and outer space. If a person has the name and every other field that was sent, that person is returned with 200; if a field differs, the response is 409. Without a name, a new person is created each time.",
  middleware: [requireAction("write")] as const,
  request: { headers: idempotencyHeaders, body: jsonBody(createPersonSchema) },
  responses: {
    200: jsonResponse(personSchema, "The person who has this name, unchanged"),
    201: jsonResponse(personSchema, "The new person"),
    ...errorResponses(404, 409, 413, 415),
  },
});

const list = createRoute({
  ...shared,
  method: "get",
  path: "/api/people",
  operationId: "people_list",
  summary: "List people",
  description:
    "Named people who are not hidden, the newest first, unless the parameters say otherwise. Page with `starting_after_id` while `has_more` is true.",
  middleware: [requireAction("read")] as const,
  request: { query: personQuerySchema },
  responses: { 200: jsonResponse(personPageSchema, "A page of people"), ...errorResponses(404) },
});

const bulkUpdate = createRoute({
  ...shared,
  method: "post",
  path: "/api/people/bulk-update",
  operationId: "people_bulk_update",
  summary: "Update many people, all or none of them",
  description:
    "The items apply in order, and each new name is checked against the names that earlier items left: two people can't exchange their names. A name that another person of the library has is 409.",
  middleware: [requireAction("write")] as const,
  request: { body: jsonBody(bulkUpdatePeopleSchema) },
  responses: { 200: jsonResponse(acknowledgementSchema, "Updated"), ...errorResponses(404, 409, 413, 415) },
});

const get = createRoute({
  ...shared,
  method: "get",
  path: "/api/people/{person_id}",
  operationId: "people_retrieve",
  summary: "Get a person",
  description: "List the assets that show the person with GET /api/assets?person_ids=",
  middleware: [requireAction("read")] as const,
  request: { params, query: getPersonParameters },
  responses: { 200: jsonResponse(personSchema, "The person"), ...errorResponses(404) },
});

const update = createRoute({
  ...shared,
  method: "patch",
  path: "/api/people/{person_id}",
  operationId: "people_update",
  summary: "Update a person's name, birth date, portrait or visibility",
  description: "A name that another person of the library has is 409. Faces move with PATCH /api/faces/{face_id}.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(updatePersonSchema) },
  responses: { 200: jsonResponse(personSchema, "The updated person"), ...errorResponses(404, 409, 413, 415) },
});

const remove = createRoute({
  ...shared,
  method: "delete",
  path: "/api/people/{person_id}",
  operationId: "people_delete",
  summary: "Delete a person; the faces are kept without one",
  description: "Automatic faces are grouped again.",
  middleware: [requireAction("delete")] as const,
  request: { params },
  responses: { 200: jsonResponse(acknowledgementSchema, "Deleted"), ...errorResponses(404) },
});

const merge = createRoute({
  ...shared,
  method: "post",
  path: "/api/people/{person_id}/merge",
  operationId: "people_merge",
  summary: "Merge people into one",
  description:
    "All faces of the source people move to this person, who keeps the own name, birth date and portrait. The source people are deleted. If nobody of them has a name or a face, this person is deleted too, and the response is 204.",
  middleware: [requireAction("write")] as const,
  request: { params, body: jsonBody(mergePeopleSchema) },
  responses: {
    200: jsonResponse(personSchema, "The person with all faces"),
    204: { description: "Nobody had a name or a face: all of them were deleted" },
    ...errorResponses(404, 409, 413, 415),
  },
});

function toPatch(body: z.output<typeof updatePersonSchema>): PersonPatch {
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.birth_date === undefined ? {} : { birthDate: body.birth_date }),
    ...(body.is_favorite === undefined ? {} : { isFavorite: body.is_favorite }),
    ...(body.is_hidden === undefined ? {} : { isHidden: body.is_hidden }),
    ...(body.thumbnail_face_id === undefined ? {} : { thumbnailFaceId: body.thumbnail_face_id }),
  };
}

const SORT_KEYS = {
  created_at_desc: { sortKey: "created_at", isDescending: true },
  created_at_asc: { sortKey: "created_at", isDescending: false },
  name_asc: { sortKey: "name", isDescending: false },
  name_desc: { sortKey: "name", isDescending: true },
  asset_count_desc: { sortKey: "asset_count", isDescending: true },
  asset_count_asc: { sortKey: "asset_count", isDescending: false },
} as const;

export const people = newRouter()
  .openapi(create, async (c) => {
    const body = c.req.valid("json");
    const { context, principal } = c.var;
    const idempotent = await readIdempotencyKey(c, c.req.valid("header"), body);
    const request = {
      libraryId: body.library_id ?? null,
      name: body.name ?? null,
      birthDate: body.birth_date ?? null,
      isFavorite: body.is_favorite ?? null,
      isHidden: body.is_hidden ?? null,
      thumbnailFaceId: body.thumbnail_face_id ?? null,
    };
    const { person, isNew } = await createPerson(context, principal, request, idempotent);
    return c.json(await serializeListedPerson(person, await mediaUrlBuilder(c)), isNew ? 201 : 200);
  })
  .openapi(list, async (c) => {
    const query = c.req.valid("query");
    const page = await listPeople(c.var.context, c.var.principal, {
      libraryId: query.library_id ?? null,
      assetId: query.asset_id ?? null,
      albumId: query.album_id ?? null,
      ids: query.ids ?? null,
      name: query.name ?? null,
      nameFilter: query.name_filter ?? null,
      includeHidden: query.include_hidden ?? null,
      ...SORT_KEYS[query.sort],
      startingAfterId: query.starting_after_id ?? null,
      limit: query.limit,
      withMetrics: query.include?.includes("cluster_metrics") ?? false,
    });
    const urls = await mediaUrlBuilder(c);
    const data = await Promise.all(page.people.map((person) => serializeListedPerson(person, urls)));
    return c.json({ data, has_more: page.hasMore }, 200);
  })
  .openapi(bulkUpdate, async (c) => {
    const { updates } = c.req.valid("json");
    const changes = updates.map(({ id, change }) => ({ id, change: toPatch(change) }));
    await updatePeople(c.var.context, c.var.principal, changes);
    return c.json({}, 200);
  })
  .openapi(get, async (c) => {
    const withMetrics = c.req.valid("query").include?.includes("cluster_metrics") ?? false;
    const person = await getPerson(c.var.context, c.var.principal, c.req.valid("param").person_id, withMetrics);
    return c.json(await serializeListedPerson(person, await mediaUrlBuilder(c)), 200);
  })
  .openapi(update, async (c) => {
    const { context, principal } = c.var;
    const change = toPatch(c.req.valid("json"));
    const person = await updatePerson(context, principal, c.req.valid("param").person_id, change);
    return c.json(await serializeListedPerson(person, await mediaUrlBuilder(c)), 200);
  })
  .openapi(remove, async (c) => {
    await deletePerson(c.var.context, c.var.principal, c.req.valid("param").person_id);
    return c.json({}, 200);
  })
  .openapi(merge, async (c) => {
    const { context, principal } = c.var;
    const { source_person_ids: sourceIds } = c.req.valid("json");
    const person = await mergePeople(context, principal, c.req.valid("param").person_id, sourceIds);
    if (person === null) return c.body(null, 204);
    return c.json(await serializeListedPerson(person, await mediaUrlBuilder(c)), 200);
  });
