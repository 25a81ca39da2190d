/** GET /api/events: the change feed. */
import { createRoute } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { requireAction } from "../../middleware/authentication.ts";
import * as operations from "../../operations/events/events.ts";
import { newRouter } from "../router.ts";
import { errorResponses, jsonResponse, credentialSecurity } from "../fieldSchemas.ts";
import { eventPageSchema, eventQuerySchema, type EventBody } from "./schemas.ts";

const list = createRoute({
  tags: ["Events"],
  security: credentialSecurity,
  method: "get",
  path: "/api/events",
  operationId: "events_get",
  summary: "Read the change feed, oldest first",
  description:
    "Lists every change in a library, in order. Page with `after_cursor`. A cursor never expires and marks the same position in the feed for any combination of filters. While `has_more` is true, `next_cursor` also holds the end of this read, so that a sync ends. Pass `as_of` of the first response to the other reads of the same sync, such as other entity types: they stop at the same event. An unknown entity type, and a cursor or `as_of` that is malformed or ahead of the database, is 400. `created_at_gte` is inclusive, `created_at_lt` exclusive; bounds without a UTC offset are UTC.",
  middleware: [requireAction("read")] as const,
  request: { query: eventQuerySchema },
  responses: {
    200: jsonResponse(eventPageSchema, "A page of events; pass `next_cursor` as `after_cursor` for the next page"),
    ...errorResponses(404),
  },
});

function serializeEvent(event: operations.FeedEvent): EventBody {
  return {
    cursor: operations.encodeCursor(event),
    event_type: event.eventType,
    entity_type: event.entityType,
    entity_id: event.entityId,
    created_at: formatInstant(event.createdAt),
    payload: event.payload,
    actor: event.actor,
  };
}

export const events = newRouter().openapi(list, async (c) => {
  const query = c.req.valid("query");
  const page = await operations.listEvents(c.var.context, c.var.principal, {
    libraryId: query.library_id ?? null,
    afterCursor: query.after_cursor ?? null,
    asOf: query.as_of ?? null,
    createdFrom: query.created_at_gte ?? null,
    createdBefore: query.created_at_lt ?? null,
    entityTypes: query.entity_types ?? null,
    limit: query.limit,
  });
  const data = page.events.map(serializeEvent);
  return c.json({ data, has_more: page.hasMore, next_cursor: page.nextCursor, as_of: page.asOf }, 200);
});
