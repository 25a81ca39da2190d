/**
 * The parameters that the official client of 0.178 sends: each is published and read, which a wrong value proves, or
 * refused with 422. None is ignored.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { call } from "../support/clients/api.ts";
import { getRootOwner } from "../support/clients/account.ts";
import { insertAssets } from "../support/clients/tenants.ts";
import { listOperations, readDocument, type Operation } from "../support/clients/openapi.ts";

interface Parameter {
  operation: string;
  name: string;
  right: string[];
  wrong: string[];
  /** Parameters that the operation needs besides. */
  besides?: string;
  wrongStatus?: number;
}

const VIEWPORT = "bbox=-180,-90,180,90&cell_size=10";
const ratings = { name: "ratings", right: ["0", "5", "1,2", "0,1,2,3,4,5"], wrong: ["-1", "6", "2.5", "x", "5,6"] };
const mediaType = { name: "media_type", right: ["image", "video"], wrong: ["audio", "IMAGE", ""] };
const counts = "GET /api/assets/counts";

const parameters: Parameter[] = [
  { operation: "GET /api/assets", ...ratings },
  { operation: counts, ...ratings },
  { operation: "GET /api/assets/geo-clusters", besides: VIEWPORT, ...ratings },
  { operation: counts, name: "group_by", right: ["day", "week", "month", "year"], wrong: ["hour", "Month", ""] },
  { operation: counts, name: "order", right: ["asc", "desc"], wrong: ["up", "ASC", ""] },
  {
    operation: counts,
    name: "starting_after_bucket",
    right: ["2024-01-01T00:00:00"],
    wrong: ["yesterday", "2024-01-01T00:00:00Z", ""],
  },
  { operation: counts, ...mediaType },
  { operation: counts, name: "bbox", right: ["-10,-10,10,10", "170,-10,-170,10"], wrong: ["1,2,3", "x", "0,91,1,92"] },
  { operation: counts, name: "center", besides: "radius=100", right: ["8.5,47.4"], wrong: ["8.5", "8.5,91", "x"] },
  { operation: counts, name: "radius", besides: "center=8.5,47.4", right: ["1", "50000"], wrong: ["0", "50001", "x"] },
  { operation: "GET /api/assets/geo-clusters", besides: VIEWPORT, ...mediaType },
  { operation: "GET /api/albums", name: "name", right: ["", " ", "%", "Summer"], wrong: ["x".repeat(1025)] },
  { operation: "GET /api/events", name: "as_of", right: ["at_0"], wrong: ["x", "", "2024-01-01"], wrongStatus: 400 },
  { operation: "GET /api/events", name: "entity_types", right: ["stack"], wrong: ["exif"], wrongStatus: 400 },
  { operation: "GET /api/stacks", name: "include", right: ["asset_ids", ""], wrong: ["assets", "asset_ids,faces"] },
  {
    operation: "GET /api/tasks",
    name: "task_type",
    right: ["quality_scoring", "image_quality", "person_metrics_refresh"],
    wrong: ["metrics", ""],
  },
  { operation: "GET /api/people", name: "include_hidden", right: ["true", "false"], wrong: ["maybe"] },
  { operation: "GET /api/search", besides: "query=x", ...mediaType },
  { operation: "GET /api/search", besides: "query=x", ...ratings },
];

let operations: Map<string, Operation>;
let assetId = "";
beforeAll(async () => {
  const listed = listOperations(await readDocument());
  operations = new Map(listed.map((each) => [each.title.replace(/\/$/, ""), each]));
  [assetId = ""] = await insertAssets(await getRootOwner(), [{}]);
});

describe.each(parameters)("$name of $operation", ({ operation, name, right, wrong, besides, wrongStatus = 422 }) => {
  it("is published and read, or its route does not exist", async () => {
    const [method = "", path = ""] = operation.split(" ");
    const statusOf = async (value: string): Promise<number> => {
      const query = new URLSearchParams(besides);
      query.set(name, value);
      return (await call(method, `${path}?${query.toString()}`)).status;
    };
    const published = operations.get(operation);
    if (published === undefined) {
      expect(await statusOf(right[0] ?? "")).toBe(404);
      return;
    }
    expect(published.parameters?.map((each) => each.name)).toContain(name);
    for (const value of right) expect(await statusOf(value), value).toBe(200);
    for (const value of wrong) expect(await statusOf(value), value).toBe(wrongStatus);
  });
});

describe("the rating of an asset", () => {
  it.each(["PATCH", "bulk-update"])("is read by %s: 0 to 5 and null, else 422", async (route) => {
    const statusOf = async (rating: unknown): Promise<number> => {
      const updates = [{ id: assetId, change: { rating } }];
      const response =
        route === "PATCH"
          ? await call("PATCH", `/api/assets/${assetId}`, { json: { rating } })
          : await call("POST", "/api/assets/bulk-update", { json: { updates } });
      return response.status;
    };
    for (const rating of [0, 5, null]) expect(await statusOf(rating), String(rating)).toBe(200);
    for (const rating of [-1, 6, 2.5, "5", true]) expect(await statusOf(rating), String(rating)).toBe(422);
  });
});
