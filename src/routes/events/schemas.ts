import { z } from "@hono/zod-openapi";
import { entityTypes } from "../../operations/events/events.ts";
import { dateTimeSchema, libraryParameter, limitSchema, openEnumListSchema } from "../fieldSchemas.ts";

const eventSchema = z
  .object({
    cursor: z
      .string()
      .openapi({ description: "Opaque position in the feed, passed as `after_cursor`. Never expires." }),
    event_type: z.string().openapi({ example: "asset_updated" }),
    entity_type: z.string().openapi({ enum: [...entityTypes], example: "asset" }),
    entity_id: z
      .string()
      .openapi({ description: "The asset id for `metadata`, the album membership id for `album_asset`" }),
    created_at: z
      .string()
      .openapi({ format: "date-time", description: "Never earlier than that of the previous event" }),
    payload: z.record(z.string(), z.unknown()).nullable().openapi({
      description: "Fields of the entity at the time of the event; null for event types without a payload",
    }),
    actor: z.string().nullable().openapi({
      description:
        "The credential that made the change: the id of an API key, or `root` for the owner's key. Null for background tasks and for events from before this field existed. Tintype extension; not part of the Gumnut API.",
      example: "apikey_BM3nUmJ6fkBqBADyz5FEiu",
    }),
  })
  .openapi("Event");
export type EventBody = z.input<typeof eventSchema>;

export const eventPageSchema = z
  .object({
    data: z.array(eventSchema),
    has_more: z.boolean(),
    next_cursor: z.string().nullable().openapi({
      description:
        "Store it after applying this page, and pass it as `after_cursor`. Null only without `after_cursor` and without an event.",
    }),
    as_of: z.string().openapi({
      description:
        "The position at which this read stopped. Pass it as `as_of` to the other reads of this sync; never store it.",
    }),
  })
  .openapi("EventPage");

const entityTypesSchema = openEnumListSchema(entityTypes, entityTypes.length * 4)
  .refine((types) => types.length > 0, { error: "must not be empty; omit it to get all entity types" })
  .openapi({ minItems: 1 });

export const eventQuerySchema = z.object({
  library_id: libraryParameter,
  after_cursor: z.string().optional().openapi({ description: "`next_cursor` of the page before" }),
  as_of: z
    .string()
    .optional()
    .openapi({ description: "`as_of` of another read of the same sync: the end of this one" }),
  created_at_gte: dateTimeSchema.optional().openapi({ description: "Events at this time or later" }),
  created_at_lt: dateTimeSchema.optional().openapi({ description: "Events before this time" }),
  entity_types: entityTypesSchema.optional().openapi({
    description: "Events of these types of entity, comma-separated or as repeated parameters. Unknown ones are 400.",
  }),
  limit: limitSchema(20, 200),
});
