import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import { uniqueBytes } from "../support/clients/api.ts";
import { owner, sqlAll } from "../support/clients/account.ts";
import { assetOf } from "../support/clients/answers.ts";
import { deliver, tasksOf } from "../support/bindings/consumer.ts";
import { countingD1 } from "../support/bindings/d1.ts";
import { insertTaskRows } from "../support/rows/taskRows.ts";
import { quietUpload } from "../support/clients/uploads.ts";
import { sampleBytes } from "../fixtures/media/samples.ts";

const PHOTO = "0014_picasa.jpg";
const MINUTE_MS = 60_000;

let photo: Uint8Array;
beforeAll(async () => {
  await owner();
  photo = await sampleBytes(PHOTO);
});

/** A photo that is in no library yet: bytes behind a JPEG's end change its checksum and not its picture. */
async function uploadPhoto(): Promise<string> {
  const bytes = new Uint8Array([...photo, ...uniqueBytes(16)]);
  return (await assetOf(await quietUpload(bytes), 201)).id;
}

/** Images as it is, but for what it throws, and how often it was asked. */
function watchedImages(failure: Error | null = null): { binding: ImagesBinding; asked: () => number } {
  let asked = 0;
  const binding = new Proxy(env.IMAGES, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        asked += 1;
        if (failure !== null) throw failure;
        return member.apply(target, args);
      };
    },
  });
  return { binding, asked: () => asked };
}

const overloaded = (): Partial<Cloudflare.Env> => ({
  IMAGES: watchedImages(new Error("internal error, try later")).binding,
});

async function thumbhashOf(assetId: string): Promise<unknown> {
  return (await sqlAll("SELECT thumbhash FROM assets WHERE id = ?", assetId))[0]?.thumbhash;
}

/** As if the time until the task is due had passed. */
async function makeDue(assetId: string): Promise<void> {
  await sqlAll("UPDATE tasks SET due_at = ? WHERE asset_id = ?", Date.now() - 1000, assetId);
}

describe("a message of an upload", () => {
  it("gets all of the asset's work done and is acknowledged", async () => {
    const assetId = await uploadPhoto();
    const { acknowledged, retryDelays } = await deliver([{ assetId }]);
    expect([acknowledged, retryDelays]).toEqual([1, []]);
    const tasks = Object.values(await tasksOf(assetId));
    expect(tasks.map((task) => task.status)).toEqual(tasks.map(() => "success"));
    expect(tasks[0]).toMatchObject({ error_message: null, retry_count: 0 });
    expect(tasks[0]?.completed_at).toBeGreaterThanOrEqual(tasks[0]?.started_at ?? Infinity);
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });

  it("that comes again finds nothing to do, and asks Images for nothing", async () => {
    const assetId = await uploadPhoto();
    await deliver([{ assetId }]);
    const before = await tasksOf(assetId);
    const images = watchedImages();
    const { acknowledged } = await deliver([{ assetId }, { assetId }], { env: { IMAGES: images.binding } });
    expect(acknowledged).toBe(2);
    expect(images.asked()).toBe(0);
    expect(await tasksOf(assetId)).toEqual(before);
  });

  it("that comes to two consumers at once has each task run by one of them", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("DELETE FROM tasks WHERE asset_id = ? AND task_type <> 'thumbhash'", assetId);
    const images = watchedImages();
    const both = { env: { IMAGES: images.binding } };
    await Promise.all([deliver([{ assetId }], both), deliver([{ assetId }], both)]);
    expect(images.asked()).toBe(1);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "success", retry_count: 0 });
  });

  it("for a trashed asset does the work all the same: a restore finds it complete", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id = ?", assetId);
    await deliver([{ assetId }]);
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });

  it("for a deleted asset is acknowledged, and nothing happens", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("DELETE FROM assets WHERE id = ?", assetId);
    const { acknowledged, retryDelays } = await deliver([{ assetId }]);
    expect([acknowledged, retryDelays]).toEqual([1, []]);
    expect(await tasksOf(assetId)).toEqual({});
  });

  it("for an asset that is gone leaves no task open, should one be there", async () => {
    const assetId = newId("asset");
    await insertTaskRows(await owner(), [{ assetId, status: "pending" }]);
    expect((await deliver([{ assetId }])).acknowledged).toBe(1);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "failure", error_message: "the asset is gone" });
  });

  it("of unknown form is dropped, and the ones beside it are not held up", async () => {
    const assetId = await uploadPhoto();
    const { acknowledged } = await deliver([{ nonsense: true }, "text", { assetId }]);
    expect(acknowledged).toBe(3);
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });

  it("comes again when the database is away, and then does its work", async () => {
    const assetId = await uploadPhoto();
    const faulty = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1_ERROR: Network connection lost");
      },
    });
    const { acknowledged, retryDelays } = await deliver([{ assetId }], { attempts: 3, env: { DB: faulty.binding } });
    expect([acknowledged, retryDelays]).toEqual([0, [120]]);
    await deliver([{ assetId }]);
    expect((await tasksOf(assetId)).thumbhash?.status).toBe("success");
  });

  it("is never put off for longer than a queue holds a message back, however often the database was away", async () => {
    const assetId = await uploadPhoto();
    const away = countingD1(env.DB, {
      beforeBatch: () => {
        throw new Error("D1_ERROR: Network connection lost");
      },
    });
    const { retryDelays } = await deliver([{ assetId }], { attempts: 20, env: { DB: away.binding } });
    expect(retryDelays).toEqual([12 * 3600]);
  });
});

describe("a task that fails", () => {
  it("for a reason that passes is tried again, each time later, and succeeds with its last failure on record", async () => {
    const assetId = await uploadPhoto();
    const delays: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      const { retryDelays } = await deliver([{ assetId }], { env: overloaded() });
      delays.push(...retryDelays);
      expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "pending", retry_count: round + 1 });
      await makeDue(assetId);
    }
    expect(delays).toEqual([30, 60, 120, 240, 480]);
    await deliver([{ assetId }]);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({
      status: "success",
      error_message: expect.stringContaining("internal error") as unknown,
      retry_count: 5,
    });
  });

  it("is given up after five retries, and asked for no more", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("UPDATE tasks SET retry_count = 5 WHERE asset_id = ?", assetId);
    const { acknowledged } = await deliver([{ assetId }], { env: overloaded() });
    expect(acknowledged).toBe(1);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "failure", result: null, retry_count: 5 });
  });

  it("is not tried before its time, however often the bell rings", async () => {
    const assetId = await uploadPhoto();
    await deliver([{ assetId }], { env: overloaded() });
    const { retryDelays } = await deliver([{ assetId }]);
    expect(retryDelays).toHaveLength(1);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "pending", retry_count: 1 });
  });

  it("for a reason that stays is not tried again", async () => {
    const { id: assetId } = await assetOf(await quietUpload(uniqueBytes(), { name: "no-photo.jpg" }), 201);
    const { acknowledged } = await deliver([{ assetId }]);
    expect(acknowledged).toBe(1);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "failure", retry_count: 0 });
    expect((await tasksOf(assetId)).thumbhash?.error_message).not.toBeNull();
  });

  it("of a kind that nothing knows says so", async () => {
    const assetId = await uploadPhoto();
    await sqlAll("UPDATE tasks SET task_type = 'embedding' WHERE asset_id = ? AND task_type = 'thumbhash'", assetId);
    await deliver([{ assetId }]);
    expect((await tasksOf(assetId)).embedding).toMatchObject({
      status: "failure",
      error_message: "no work is known by the name embedding",
    });
  });
});

describe("a task whose consumer died", () => {
  async function start(assetId: string, endsInMs: number, retryCount = 0): Promise<void> {
    await sqlAll(
      "UPDATE tasks SET status = 'started', due_at = ?, retry_count = ? WHERE asset_id = ? AND task_type = 'thumbhash'",
      Date.now() + endsInMs,
      retryCount,
      assetId,
    );
  }

  it("is left alone while it might still be running", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, 14 * MINUTE_MS);
    expect((await deliver([{ assetId }])).acknowledged).toBe(1);
    expect((await tasksOf(assetId)).thumbhash?.status).toBe("started");
  });

  it("is taken over when its claim has run out, and that counts as a try", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, -1000);
    await deliver([{ assetId }]);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({ status: "success", retry_count: 1 });
  });

  it("again and again fails in the end, without being run once more", async () => {
    const assetId = await uploadPhoto();
    await start(assetId, -1000, 5);
    await deliver([{ assetId }]);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({
      status: "failure",
      error_message: "its consumer stopped again and again before it was done",
    });
    expect(await thumbhashOf(assetId)).toBeNull();
  });

  it("has no say any more when it was only slow, and another has done the work", async () => {
    const assetId = await uploadPhoto();
    const slowImages = {
      input: () => slowImages,
      transform: () => slowImages,
      output: async () => {
        await makeDue(assetId);
        await deliver([{ assetId }]);
        throw new Error("internal error");
      },
    };
    await deliver([{ assetId }], { env: { IMAGES: slowImages as unknown as ImagesBinding } });
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({
      status: "success",
      error_message: null,
      retry_count: 1,
    });
    expect(await thumbhashOf(assetId)).toBeTypeOf("string");
  });
});

describe("a message that the queue gave up on", () => {
  it("fails what was waiting, with the last reason, and is acknowledged", async () => {
    const assetId = await uploadPhoto();
    await deliver([{ assetId }], { env: overloaded() });
    const { acknowledged } = await deliver([{ assetId }], { queue: "tintype-dead" });
    expect(acknowledged).toBe(1);
    expect((await tasksOf(assetId)).thumbhash).toMatchObject({
      status: "failure",
      error_message: expect.stringContaining("internal error") as unknown,
    });
  });

  it("says so where no reason is known, and leaves alone what is done or running", async () => {
    const done = await uploadPhoto();
    await deliver([{ assetId: done }]);
    const running = await uploadPhoto();
    await sqlAll("UPDATE tasks SET status = 'started', due_at = ? WHERE asset_id = ?", Date.now() + MINUTE_MS, running);
    const waiting = await uploadPhoto();
    await deliver([{ assetId: done }, { assetId: running }, { assetId: waiting }, "?"], { queue: "tintype-dead" });
    expect((await tasksOf(done)).thumbhash?.status).toBe("success");
    expect((await tasksOf(running)).thumbhash?.status).toBe("started");
    expect((await tasksOf(waiting)).thumbhash).toMatchObject({
      status: "failure",
      error_message: "given up after too many deliveries",
    });
  });
});
