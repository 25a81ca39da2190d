/** The change feed as documented and as answered. */
import { z } from "@hono/zod-openapi";
import { entityTypes } from "../../operations/events/events.ts";
import { dateTimeSchema, idSchema, limitSchema, listOf } from "../fieldSchemas.ts";

const eventSchema = z
  .object({
    cursor: z.string().openapi({ description: "Where to go on from: `after_cursor`. Opaque, and good for ever" }),
    event_type: z.string().openapi({ example: "asset_updated" }),
    entity_type: z.string().openapi({ description: "One of those that `entity_types` takes", example: "asset" }),
    entity_id: z.string().openapi({ description: "Of `metadata` the asset's id; of `album_asset` the link's" }),
    created_at: z.string().openapi({ format: "date-time", description: "Never earlier than the event's before it" }),
    payload: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: "What the row said at the time of the event, where a client needs it" }),
  })
  .openapi("Event");
export type EventBody = z.input<typeof eventSchema>;

export const eventPageSchema = z
  .object({
    data: z.array(eventSchema),
    has_more: z.boolean(),
    next_cursor: z.string().nullable().openapi({
      description: "The last event's cursor, else the one that was sent, else null; newer SDKs go on from it",
    }),
  })
  .openapi("EventPage");

const types = listOf(z.enum(entityTypes), entityTypes.length * 4)
  .refine((named) => named.length > 0, { error: "must name a type, or be left out" })
  .openapi({ type: "array", items: { type: "string", enum: [...entityTypes] } });

export const eventQuerySchema = z.object({
  library_id: idSchema("library").optional(),
  after_cursor: z.string().optional(),
  created_at_gte: dateTimeSchema.optional(),
  created_at_lt: dateTimeSchema.optional(),
  entity_types: types.optional(),
  limit: limitSchema(20, 200),
});
