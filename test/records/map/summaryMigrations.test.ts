/** Migrations fill the summaries of existing assets: the same rows as triggers write for new ones. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../support/random.ts";
import { computeSummaries, readSummaries } from "../../support/rows/summaries.ts";
import { insertAssets, insertLibrary, insertUser } from "../../support/clients/tenants.ts";

const random = seededRandom(33);
const randomBelow = (count: number): number => Math.floor(random() * count);

/** The statements of a migration that begin with this text. */
function statementsOf(migration: string, start: RegExp): string[] {
  const found = env.TEST_MIGRATIONS.find(({ name }) => name.startsWith(migration));
  if (found === undefined) throw new Error(`no migration ${migration}`);
  return found.queries.map((query) => query.replaceAll(/^\s*--.*$/gm, "").trim()).filter((query) => start.test(query));
}

beforeAll(async () => {
  const userId = await insertUser();
  for (const libraryId of [await insertLibrary(userId), await insertLibrary(userId)]) {
    await insertAssets(
      { userId, libraryId },
      Array.from({ length: 150 }, (_, i) => ({
        capturedAt: `20${10 + randomBelow(3)}-0${1 + randomBelow(9)}-1${randomBelow(9)}T10:00:00`,
        trashedAt: i % 5 === 0 ? 1000 + i : null,
        mediaType: i % 3 === 0 ? ("video" as const) : ("image" as const),
        rating: i % 4 === 0 ? i % 6 : null,
        // Dense, sparse, and a place with only videos.
        position:
          i % 7 === 0 ? null : i % 3 === 0 && i % 2 === 0 ? [-70, -30] : [11 + random() / 10, 48 + random() * 20],
      })),
    );
    await env.DB.prepare("UPDATE assets SET album_count = 1 WHERE library_id = ? AND local_us % 2 = 0")
      .bind(libraryId)
      .run();
    await env.DB.prepare("UPDATE libraries SET trash_cleared_at = 1050 WHERE id = ?").bind(libraryId).run();
  }
});

describe("the migrations of summaries", () => {
  it("count existing assets by day and month", async () => {
    await env.DB.batch(["DELETE FROM day_counts", "DELETE FROM month_counts"].map((query) => env.DB.prepare(query)));
    const statements = statementsOf("0033_", /^INSERT/);
    expect(statements).toHaveLength(1);
    await env.DB.batch(statements.map((query) => env.DB.prepare(query)));
    const { summaries } = await computeSummaries();
    expect(summaries.dayCounts.length).toBeGreaterThan(50);
    expect((await readSummaries()).summaries).toEqual(summaries);
  });

  it("find the existing videos of the map, and the newest photo of each cell with videos", async () => {
    const reset = [
      "UPDATE map_points SET media_type = 'image'",
      `UPDATE map_cells SET videos = 0, video_latitude_sum = 0, video_longitude_sum = 0, newest_video_key = NULL,
        newest_image_key = NULL`,
    ];
    await env.DB.batch(reset.map((query) => env.DB.prepare(query)));
    const statements = statementsOf("0039_", /^UPDATE/);
    expect(statements).toHaveLength(11);
    await env.DB.batch(statements.map((query) => env.DB.prepare(query)));
    const { summaries } = await computeSummaries();
    expect((await readSummaries()).summaries).toEqual(summaries);
  });
});
