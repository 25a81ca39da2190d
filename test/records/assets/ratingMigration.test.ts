/** Rows of earlier releases get the rating of their file. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { parseMetadataSources, ratingOf } from "../../../src/records/assets/metadata/metadata.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { insertAssets } from "../../support/clients/tenants.ts";

const FILES = [
  "{}",
  '{"rating":null}',
  '{"rating":0}',
  '{"rating":5}',
  '{"rating":4.0}',
  '{"rating":-1}',
  '{"rating":99}',
  '{"rating":4.5}',
  '{"rating":"3"}',
];

it("fills the effective ratings of existing assets", async () => {
  const ids = await insertAssets(
    { userId: "u", libraryId: "l" },
    FILES.map(() => ({})),
  );
  for (const [i, id] of ids.entries()) await sqlAll("UPDATE assets SET file_metadata = ? WHERE id = ?", FILES[i], id);
  const migration = env.TEST_MIGRATIONS.find(({ name }) => name.endsWith("_asset_ratings.sql"));
  const backfill = migration?.queries.find((query) => query.includes("UPDATE")) ?? "";
  await env.DB.prepare(backfill).run();
  const rows = await sqlAll("SELECT id, rating FROM assets");
  const stored = new Map(rows.map((row) => [row["id"], row["rating"]]));
  for (const [i, id] of ids.entries()) {
    const file: unknown = JSON.parse(FILES[i] ?? "");
    const expected = ratingOf(parseMetadataSources({ file, user: {}, derived: {} }));
    expect([FILES[i], stored.get(id)]).toEqual([FILES[i], expected]);
  }
});
