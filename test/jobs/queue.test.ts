import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { uniqueBytes } from "../support/api.ts";
import { owner, sqlAll } from "../support/account.ts";
import { assetOf } from "../support/answers.ts";
import { countingD1 } from "../support/d1.ts";
import { brokenImages } from "../support/images.ts";
import { plainPng } from "../support/pngs.ts";
import { keptQueue } from "../support/queue.ts";
import { quietUpload } from "../support/uploading.ts";

interface Delivered {
  acked: string[];
  retried: { id: string; delaySeconds: number | undefined }[];
}

/** The messages as the queue hands them to the Worker; the bodies' places are their ids. */
async function deliver(
  bodies: unknown[],
  options: { queue?: string; attempts?: number; env?: Partial<Cloudflare.Env> } = {},
): Promise<Delivered> {
  const messages = bodies.map((body, i) => ({
    id: String(i),
    timestamp: new Date(),
    attempts: options.attempts ?? 1,
    body,
  }));
  const batch = createMessageBatch(options.queue ?? "tintype", messages);
  // The test's queue forgets the delay that a retry asks for.
  const retries = batch.messages.map((message) => vi.spyOn(message, "retry"));
  const context = createExecutionContext();
  await worker.queue(batch, { ...env, ...options.env });
  const result = await getQueueResult(batch, context);
  expect(result.outcome).toBe("ok");
  const retried = result.retryMessages.map(({ msgId }) => ({
    id: msgId,
    delaySeconds: retries[Number(msgId)]?.mock.calls[0]?.[0]?.delaySeconds,
  }));
  return { acked: result.explicitAcks, retried };
}

async function uploaded(bytes: Uint8Array | string, name = "a.png"): Promise<string> {
  return (await assetOf(await quietUpload(bytes, { name }), 201)).id;
}

let edge = 10;
async function picture(): Promise<string> {
  edge += 1;
  return await uploaded(await plainPng(edge, 20, [200, 100, 50, 255]));
}

async function statusOf(assetId: string): Promise<unknown> {
  return (await sqlAll("SELECT status FROM tasks WHERE asset_id = ?", assetId))[0]?.status;
}

beforeAll(async () => {
  await owner();
});
beforeEach(() => {
  for (const method of ["warn", "log"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a message about an upload", () => {
  it("is what the upload sent, and is acknowledged when its work is done", async () => {
    const queue = keptQueue();
    const response = await quietUpload(await plainPng(10, 10, [9, 9, 9, 255]), {
      name: "a.png",
      env: { QUEUE: queue.binding },
    });
    const asset = await assetOf(response, 201);
    expect(await deliver(queue.sent)).toEqual({ acked: ["0"], retried: [] });
    expect(await statusOf(asset.id)).toBe("success");
    const [row] = await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", asset.id);
    expect(row?.thumbhash).toMatch(/^[\w+/]+=*$/);
  });

  it("delivered twice, even in one batch, is acknowledged twice and worked on once", async () => {
    const assetId = await picture();
    expect((await deliver([{ assetId }, { assetId }])).acked).toEqual(["0", "1"]);
    expect((await deliver([{ assetId }])).acked).toEqual(["0"]);
    const query = "SELECT count(*) AS n FROM events WHERE entity_id = ? AND event_type = 'asset_updated'";
    expect(await sqlAll(query, assetId)).toEqual([{ n: 1 }]);
  });

  it("is acknowledged when the asset has been deleted meanwhile", async () => {
    const assetId = await picture();
    await sqlAll("DELETE FROM assets WHERE id = ?", assetId);
    expect(await deliver([{ assetId }])).toEqual({ acked: ["0"], retried: [] });
  });

  it("is acknowledged when the file is no picture: asking again would not help", async () => {
    const assetId = await uploaded("no picture at all", "a.jpg");
    expect(await deliver([{ assetId }])).toEqual({ acked: ["0"], retried: [] });
    expect(await statusOf(assetId)).toBe("failure");
  });

  it("comes again later, each time after a longer while, when Images is not well", async () => {
    const images = brokenImages(new Error("IMAGES_TRANSFORM_ERROR 9529: timeout"));
    const assetId = await picture();
    for (const [i, delaySeconds] of [30, 60, 120, 240, 480].entries()) {
      const delivered = await deliver([{ assetId }], { attempts: i + 1, env: { IMAGES: images } });
      expect(delivered).toEqual({ acked: [], retried: [{ id: "0", delaySeconds }] });
    }
    expect(await deliver([{ assetId }], { attempts: 6, env: { IMAGES: images } })).toEqual({
      acked: ["0"],
      retried: [],
    });
    expect(await statusOf(assetId)).toBe("failure");
  });

  it("comes again later when D1 is away, without the messages beside it", async () => {
    const ids = [await picture(), await picture(), await picture()];
    let asked = 0;
    const fail = (statements: string[]): void => {
      if (statements.some((text) => /from "assets"/i.test(text))) asked += 1;
      if (asked === 2) throw new Error("D1_ERROR: D1 DB is overloaded.");
    };
    const { binding } = countingD1(env.DB, { beforeBatch: fail });
    const delivered = await deliver(
      ids.map((assetId) => ({ assetId })),
      { attempts: 3, env: { DB: binding } },
    );
    expect(delivered).toEqual({ acked: ["0", "2"], retried: [{ id: "1", delaySeconds: 120 }] });
    expect(await Promise.all(ids.map(statusOf))).toEqual(["success", "pending", "success"]);
  });

  it.each([null, "asset_1", 7, [], {}, { assetId: 5 }, { asset_id: "asset_1" }])(
    "of unknown form is dropped: %j",
    async (body) => {
      const assetId = await picture();
      expect((await deliver([body, { assetId }])).acked).toEqual(["0", "1"]);
      expect(await statusOf(assetId)).toBe("success");
    },
  );
});

describe("a dead letter", () => {
  const queue = "tintype-dead";

  it("closes what is still open, with a reason", async () => {
    const assetId = await uploaded(uniqueBytes());
    await sqlAll("UPDATE tasks SET error_message = NULL WHERE asset_id = ?", assetId);
    expect(await deliver([{ assetId }], { queue })).toEqual({ acked: ["0"], retried: [] });
    expect(await sqlAll("SELECT status, error_message FROM tasks WHERE asset_id = ?", assetId)).toEqual([
      { status: "failure", error_message: "given up after too many deliveries" },
    ]);
    expect((await deliver([{ assetId }], { queue })).acked).toEqual(["0"]);
  });

  it("of unknown form is dropped", async () => {
    expect((await deliver(["?", { assetId: "asset_gone" }], { queue })).acked).toEqual(["0", "1"]);
  });

  it("comes again when D1 is away", async () => {
    const fail = (): void => {
      throw new Error("D1_ERROR: Network connection lost.");
    };
    const { binding } = countingD1(env.DB, { beforeBatch: fail });
    const delivered = await deliver([{ assetId: "asset_1" }], { queue, env: { DB: binding } });
    expect(delivered).toEqual({ acked: [], retried: [{ id: "0", delaySeconds: 30 }] });
  });
});
