import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MEDIA_FILE_MEMORY_MS } from "../../../src/records/delivery/mediaFiles.ts";
import { countingD1, type D1Faults } from "../../support/bindings/d1.ts";
import { recordingQueue } from "../../support/bindings/queue.ts";
import { sqlAll } from "../../support/clients/account.ts";
import { call } from "../../support/clients/api.ts";
import { uploadPhoto } from "../../support/clients/versions.ts";

const NOW_MS = Date.parse("2026-05-06T07:08:09Z");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW_MS });
});

afterEach(() => {
  vi.useRealTimers();
});

/** The isolate reads through a new binding, so that each test begins without memory. */
function isolate(faults: D1Faults = {}) {
  const d1 = countingD1(env.DB, faults);
  const options = { env: { DB: d1.binding, QUEUE: recordingQueue().binding } };
  return {
    counts: d1.counts,
    change: (method: string, path: string, json?: unknown) => call(method, path, { ...options, json }),
    status: async (url: string): Promise<number> => {
      const response = await call("GET", url, { ...options, token: null });
      await response.arrayBuffer();
      return response.status;
    },
  };
}

async function photo(): Promise<{ id: string; url: string; otherUrl: string }> {
  const { id, asset_urls: urls } = await uploadPhoto();
  return { id, url: urls?.["thumbnail"]?.url ?? "", otherUrl: urls?.["preview"]?.url ?? "" };
}

describe("a media file that was read within the last seconds", () => {
  it("is served without a D1 query, also in another size", async () => {
    const { url, otherUrl } = await photo();
    const { counts, status } = isolate();
    expect([await status(url), await status(otherUrl)]).toEqual([200, 200]);
    const before = counts.roundTrips;
    expect([await status(url), await status(otherUrl)]).toEqual([200, 200]);
    expect(counts.roundTrips).toBe(before);
  });

  it("still needs a valid signature that has not expired", async () => {
    const { url } = await photo();
    const { status } = isolate();
    expect(await status(url)).toBe(200);
    expect(await status(url.replace(/sig=.{3}/, "sig=AAA"))).toBe(403);
    vi.setSystemTime(NOW_MS + 3 * 24 * 3600_000);
    expect(await status(url)).toBe(403);
  });

  it("ends at the next request after a change by this isolate", async () => {
    const { id, url } = await photo();
    const { status, change } = isolate();
    expect(await status(url)).toBe(200);
    expect((await change("POST", "/api/assets/trash", { ids: [id] })).status).toBe(200);
    expect(await status(url)).toBe(404);
    expect((await change("POST", "/api/assets/restore", { ids: [id] })).status).toBe(200);
    expect(await status(url)).toBe(200);
  });

  it("ends after a change whose response was lost", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { id, url } = await photo();
    const { status, change } = isolate({
      afterBatch: (sql) => {
        if (sql.some((text) => /update "?assets/i.test(text))) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    expect(await status(url)).toBe(200);
    expect((await change("POST", "/api/assets/trash", { ids: [id] })).status).toBe(503);
    expect(await status(url)).toBe(404);
    vi.restoreAllMocks();
  });

  it("ends within five seconds after a change by another isolate", async () => {
    const { id, url } = await photo();
    const { status } = isolate();
    // The first request stores the rendition, which counts as a change.
    expect([await status(url), await status(url)]).toEqual([200, 200]);
    await sqlAll("UPDATE assets SET trashed_at = ? WHERE id = ?", NOW_MS, id);
    vi.setSystemTime(NOW_MS + MEDIA_FILE_MEMORY_MS - 1);
    expect(await status(url)).toBe(200);
    vi.setSystemTime(NOW_MS + MEDIA_FILE_MEMORY_MS);
    expect(await status(url)).toBe(404);
  });
});
