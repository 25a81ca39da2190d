/** How many assets each month holds. */
import { createRoute } from "@hono/zod-openapi";
import { formatWallTime } from "../../kernel/time.ts";
import { allows } from "../../middleware/authentication.ts";
import { countByMonth } from "../../operations/assets/counts.ts";
import { newRouter } from "../router.ts";
import { personIdsOf, sharedFilterOf } from "./filterSchemas.ts";
import { failures, ok, security } from "../fieldSchemas.ts";
import { assetCountSchema, countQuerySchema, endOf } from "./countSchemas.ts";

const get = createRoute({
  tags: ["Assets"],
  security,
  method: "get",
  path: "/api/assets/counts",
  summary: "Count assets by month of capture, newest month first",
  description:
    "Filters are those of the list, and are ANDed. Months are those of each asset's wall clock; those without a match are left out. The next page has `local_datetime_before`, or `starting_after_bucket`, set to the last `time_bucket`.",
  middleware: [allows("read")] as const,
  request: { query: countQuerySchema },
  responses: { 200: ok(assetCountSchema, "A page of months that hold a match"), ...failures(404) },
});

export const counts = newRouter().openapi(get, async (c) => {
  const query = c.req.valid("query");
  const page = await countByMonth(c.var.db, c.var.principal, {
    libraryId: query.library_id ?? null,
    filter: sharedFilterOf({ ...query, local_datetime_before: endOf(query) }),
    personIds: personIdsOf(query),
    limit: query.limit,
  });
  const data = page.buckets.map(({ startUs, assets }) => ({
    time_bucket: formatWallTime({ wallUs: startUs, offsetMinutes: null }),
    count: assets,
  }));
  return c.json({ data, has_more: page.hasMore }, 200);
});
