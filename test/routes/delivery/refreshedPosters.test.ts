import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { posterKey } from "../../../src/objects/keys.ts";
import { MAX_REFRESHED_POSTERS } from "../../../src/operations/delivery/posters/refreshPosters.ts";
import { runPendingTasks } from "../../../src/operations/tasks/taskRunner.ts";
import type { Asset } from "../../../src/records/assets/assets.ts";
import { deliver } from "../../support/bindings/consumer.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { call } from "../../support/clients/api.ts";
import { testContext } from "../../support/context.ts";
import { movie } from "../../support/media/buildVideo.ts";
import { renderPng } from "../../support/media/images.ts";
import { changeTasks, tasksByType } from "../../support/rows/taskRows.ts";
import { countUpdateEvents, reloadAsset, storeAsset } from "../../support/storeAsset.ts";

async function refresh({ libraryId }: Asset): Promise<{ count: number; sent: unknown[] }> {
  const queue = recordingQueue();
  const path = `/api/libraries/${libraryId}/video-posters`;
  const response = await call("POST", path, { env: { QUEUE: queue.binding } });
  expect(response.status).toBe(200);
  const { count } = await response.json<{ count: number }>();
  return { count, sent: queue.sent };
}

async function runTasks({ id }: Asset): Promise<string | null> {
  await runPendingTasks(testContext(), id);
  return (await tasksByType(id))["video_thumbnail_extract"]?.result ?? null;
}

describe("POST /api/libraries/{id}/video-posters", () => {
  it("replaces the poster of a film, and keeps the earlier one until then", async () => {
    const film = await storeAsset("0009_with-gps.mp4");
    await runTasks(film);
    const earlier = await reloadAsset(film);
    const events = await countUpdateEvents(film);
    expect(await refresh(film)).toEqual({ count: 1, sent: [{ assetId: film.id }] });
    expect((await reloadAsset(film)).posterVersionId).toBe(earlier.posterVersionId);
    expect(await countUpdateEvents(film)).toBe(events);
    expect(await runTasks(film)).toBe("decoded a key frame of H.264");
    const current = await reloadAsset(film);
    expect(current.posterSource).toBe("film");
    expect(current.posterVersionId).not.toBe(earlier.posterVersionId);
    expect(await env.BUCKET.head(posterKey(film.id, earlier.posterVersionId ?? ""))).toBeNull();
  });

  it("tries a film without a poster again, and keeps an earlier poster that can't be made again", async () => {
    const film = await storeAsset("empty.mp4", movie());
    const result = await runTasks(film);
    expect(result).toMatch(/^skipped: no key frames were found/);
    expect((await refresh(film)).sent).toContainEqual({ assetId: film.id });
    expect(await runTasks(film)).toBe(result);
    await env.DB.prepare("UPDATE assets SET poster_version_id = 'v', poster_source = 'film' WHERE id = ?")
      .bind(film.id)
      .run();
    await refresh(film);
    expect(await runTasks(film)).toBe("kept the earlier poster: no key frames were found in the video");
    expect((await reloadAsset(film)).posterVersionId).toBe("v");
  });

  it("leaves posters from clients, of unknown origin and of still photos, photos and the trash", async () => {
    const film = await storeAsset("video_rotate.mp4");
    const { count } = await refresh(film);
    const body = await renderPng(50, 50, () => [0, 9, 0, 255]);
    const headers = { "content-type": "image/png" };
    const put = await call("PUT", `/api/assets/${film.id}/still`, {
      body,
      headers,
      env: { QUEUE: recordingQueue().binding },
    });
    expect(put.status).toBe(200);
    expect((await refresh(film)).count).toBe(count - 1);
    for (const source of [null, film.currentVersionId]) {
      await env.DB.prepare("UPDATE assets SET poster_source = ? WHERE id = ?").bind(source, film.id).run();
      expect((await refresh(film)).count).toBe(count - 1);
    }
    await storeAsset("photo.png", body);
    await env.DB.prepare("UPDATE assets SET poster_source = 'film', trashed_at = 1 WHERE id = ?").bind(film.id).run();
    expect((await refresh(film)).count).toBe(count - 1);
    await env.DB.prepare("UPDATE assets SET trashed_at = NULL WHERE id = ?").bind(film.id).run();
    expect((await refresh(film)).count).toBe(count);
  });

  it("continues by messages of the queue", async () => {
    const { libraryId, userId } = await storeAsset("video_rotate.mp4");
    const extra = MAX_REFRESHED_POSTERS + 5;
    // Copies of one row, with other ids.
    await env.DB.prepare(
      `INSERT INTO assets (id, library_id, user_id, checksum, checksum_sha1, file_size_bytes, mime_type, media_type,
        original_file_name, device_id, device_asset_id, file_created_at, file_modified_at, local_us, current_version_id,
        file_metadata, metadata_updated_at, created_at, updated_at)
      SELECT 'asset_' || printf('%05d', value), ?, ?, 'c' || value, 's' || value, 1, 'video/mp4', 'video', 'a.mp4', 'd',
        'd' || value, '', '', 0, 'v' || value, '{}', 0, 0, 0 FROM json_each(?)`,
    )
      .bind(libraryId, userId, JSON.stringify(Array.from({ length: extra }, (_, i) => i)))
      .run();
    const path = `/api/libraries/${libraryId}/video-posters`;
    const queue = recordingQueue();
    const response = await call("POST", path, { env: { QUEUE: queue.binding } });
    expect(await response.json()).toEqual({ count: MAX_REFRESHED_POSTERS });
    const rest = queue.sent.at(-1);
    expect(rest).toEqual({
      refreshPosters: { libraryId, afterId: `asset_${String(MAX_REFRESHED_POSTERS - 1).padStart(5, "0")}` },
    });
    const second = recordingQueue();
    await deliver([rest], { env: { QUEUE: second.binding } });
    expect(second.sent.length).toBeGreaterThanOrEqual(extra - MAX_REFRESHED_POSTERS);
    expect(second.sent).not.toContainEqual(expect.objectContaining({ refreshPosters: expect.anything() }));
    await env.DB.prepare("DELETE FROM assets WHERE file_size_bytes = 1").run();
  });
});

describe("a poster that an earlier release stored", () => {
  it.each(["film", "outdated", "a version"])("in place of one of origin %s is of unknown origin", async (source) => {
    const film = await storeAsset("video_rotate.mp4");
    const set = async (poster: string, columns = ""): Promise<void> => {
      await env.DB.prepare(`UPDATE assets SET poster_version_id = ?${columns} WHERE id = ?`)
        .bind(poster, film.id)
        .run();
    };
    await set("v", `, poster_source = '${source}'`);
    expect((await reloadAsset(film)).posterSource).toBe(source);
    await set("w");
    expect((await reloadAsset(film)).posterSource).toBeNull();
    await set("x", ", poster_source = 'client'");
    await set("y");
    expect((await reloadAsset(film)).posterSource).toBe("client");
  });

  const migrations = import.meta.glob<string>("../../../migrations/0053_*.sql", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const [backfill = ""] = (Object.values(migrations)[0] ?? "").split("--> statement-breakpoint");

  it.each([
    ["film", "of its task", "extracted a video frame", 50],
    [null, "that a client sent before its task", "the video already has a poster", 50],
    [null, "that a client sent after its task", "decoded a key frame of H.264", 150],
    [null, "that a client sent after its task found none", "skipped: no key frames were found in the video", 150],
  ])("is of origin %s: one %s", async (source, _, result, thumbhashDueAt) => {
    const film = await storeAsset("video_rotate.mp4");
    await env.DB.prepare("UPDATE assets SET poster_version_id = 'v', poster_source = NULL WHERE id = ?")
      .bind(film.id)
      .run();
    await changeTasks(film.id, { status: "success", result, startedAt: 100, completedAt: 200 });
    await env.DB.prepare("UPDATE asset_tasks SET tasks = json_set(tasks, '$.thumbhash.dueAt', ?) WHERE asset_id = ?")
      .bind(thumbhashDueAt, film.id)
      .run();
    await env.DB.exec(
      backfill
        .replaceAll(/^--.*$/gm, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    );
    expect((await reloadAsset(film)).posterSource).toBe(source);
  });
});
