/** Rows of earlier releases get the score of their metrics, and the size of their current version. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { qualityScore } from "../../../src/media/transcode/quality/qualityScore.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { insertAssets } from "../../support/clients/tenants.ts";
import { seededRandom } from "../../support/media/qualityImages.ts";

const next = seededRandom(14);
const randomMetrics = () => ({
  sharpness: next() ** 3 * 0.2,
  exposure: next(),
  clipped_shadows: next() / 2,
  clipped_highlights: next() / 2,
  contrast: next() / 2,
  colourfulness: next() * 100,
  noise: next() ** 2 * 30,
  entropy: next() * 8,
});

const zero = {
  sharpness: 0,
  exposure: 0,
  clipped_shadows: 1,
  clipped_highlights: 0,
  contrast: 0,
  noise: 0,
  entropy: 0,
};
const rows: Record<string, number | null>[] = [
  ...Array.from({ length: 200 }, randomMetrics),
  zero,
  { ...zero, exposure: 1 },
  { ...zero, sharpness: null },
  { aesthetic_score: 0.5 },
];

async function run(statement: string): Promise<void> {
  const migration = env.TEST_MIGRATIONS.find(({ name }) => name.endsWith("_asset_sizes_and_scores.sql"));
  await env.DB.prepare(migration?.queries.find((query) => query.includes(statement)) ?? "").run();
}

it("computes the scores of measured assets", async () => {
  const ids = await insertAssets({ userId: "u", libraryId: "l" }, [...rows.map(() => ({})), {}]);
  for (const [i, metrics] of rows.entries()) {
    await sqlAll("UPDATE assets SET metrics = ? WHERE id = ?", JSON.stringify(metrics), ids[i]);
  }
  await run("SET `quality_score`");
  const stored = await sqlAll("SELECT id, quality_score FROM assets");
  const scores = new Map(stored.map((row) => [row["id"], row["quality_score"]]));
  for (const [i, metrics] of rows.entries()) {
    const expected = qualityScore(metrics);
    const score = scores.get(ids[i]);
    if (expected === null) expect(score).toBeNull();
    // The last decimal may be rounded to the other side.
    else expect(Math.abs(Number(score) - expected)).toBeLessThan(0.00011);
  }
  expect(scores.get(ids[rows.length])).toBeNull();
});

it("finds the sizes of edited versions", async () => {
  const [edited = "", upload = ""] = await insertAssets({ userId: "u", libraryId: "l" }, [{}, {}]);
  await sqlAll(
    "UPDATE assets SET original_version_id = current_version_id, current_version_id = 'v1' WHERE id = ?",
    edited,
  );
  await sqlAll(
    `INSERT INTO asset_versions (id, library_id, asset_id, position, kind, mime_type, width, height, file_size_bytes, checksum, created_at)
     VALUES ('v1', 'l', ?, 1, 'edit', 'image/jpeg', 1, 1, 777, 'c', 0)`,
    edited,
  );
  await run("SET `current_size_bytes`");
  expect(
    await sqlAll("SELECT current_size_bytes FROM assets WHERE id IN (?, ?) ORDER BY id = ?", edited, upload, upload),
  ).toEqual([{ current_size_bytes: 777 }, { current_size_bytes: null }]);
});
