/** The change feed. Nothing here writes to it. */
import { createRoute } from "@hono/zod-openapi";
import { formatInstant } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import * as operations from "../../operations/events/events.ts";
import { newRouter } from "../router.ts";
import { failures, ok, security } from "../fieldSchemas.ts";
import { eventPageSchema, eventQuerySchema, type EventBody } from "./schemas.ts";

const list = createRoute({
  tags: ["Events"],
  security,
  method: "get",
  path: "/api/events",
  summary: "Read the change feed, oldest first",
  description:
    "Everything that changed in a library, in order. Page with `after_cursor`; a cursor never expires, and is one place in the feed whatever the filters. Bounds: `created_at_gte` inclusive, `created_at_lt` exclusive; without a UTC offset they are UTC.",
  middleware: [allows("read")] as const,
  request: { query: eventQuerySchema },
  responses: {
    200: ok(eventPageSchema, "A page; the next one is after its `next_cursor`"),
    ...failures(404),
  },
});

function shape(event: operations.FeedEvent): EventBody {
  return {
    cursor: operations.cursorOf(event),
    event_type: event.eventType,
    entity_type: event.entityType,
    entity_id: event.entityId,
    created_at: formatInstant(event.createdAt),
    payload: event.payload,
  };
}

export const events = newRouter().openapi(list, async (c) => {
  const query = c.req.valid("query");
  const page = await operations.listEvents(c.var.db, c.var.principal, {
    libraryId: query.library_id ?? null,
    afterCursor: query.after_cursor ?? null,
    createdFrom: query.created_at_gte ?? null,
    createdBefore: query.created_at_lt ?? null,
    entityTypes: query.entity_types ?? null,
    limit: query.limit,
  });
  const data = page.events.map(shape);
  const next_cursor = data.at(-1)?.cursor ?? query.after_cursor ?? null;
  return c.json({ data, has_more: page.hasMore, next_cursor }, 200);
});
