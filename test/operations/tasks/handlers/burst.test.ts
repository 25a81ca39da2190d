import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../../src/kernel/ids.ts";
import type { TaskOutcome } from "../../../../src/operations/tasks/taskOutcome.ts";
import { runBurstDetection } from "../../../../src/operations/tasks/handlers/burst.ts";
import { runPendingTasks } from "../../../../src/operations/tasks/taskRunner.ts";
import { findAssetForTask } from "../../../../src/records/assets/assets.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { ascii, bytesOf, directory, exifSegment, jpeg } from "../../../support/media/buildImage.ts";
import { getRootOwner, sqlAll } from "../../../support/clients/account.ts";
import { expectAsset } from "../../../support/clients/responses.ts";
import { call, uniqueBytes } from "../../../support/clients/api.ts";
import { tasksByType } from "../../../support/rows/taskRows.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { findInconsistencies } from "../../../support/rows/consistency.ts";
import { insertAssets, readEvents, type AssetFields } from "../../../support/clients/tenants.ts";
import { uploadWithoutConsumer } from "../../../support/clients/uploads.ts";
import { storeChange } from "../../../support/applied.ts";
import { testContext } from "../../../support/context.ts";
import type { Context } from "../../../../src/operations/context.ts";

let me: { userId: string; libraryId: string };
beforeAll(async () => {
  me = await getRootOwner();
});
afterEach(async () => {
  expect(Object.entries(await findInconsistencies()).filter(([what]) => what.includes("stack"))).toEqual([]);
});

async function run(assetId: string, changes: Partial<Context> = {}): Promise<TaskOutcome> {
  const asset = await findAssetForTask(testContext().db, assetId);
  if (asset === null) throw new Error("no such asset");
  return await runBurstDetection(testContext(changes), asset);
}

/** Timestamp `second` seconds after a fixed minute; negative values are earlier. */
function at(second: number): string {
  return new Date(Date.UTC(2024, 4, 6, 7, 8) + second * 1000).toISOString().slice(0, 23);
}

/** Stores frames of one burst captured at these seconds. */
async function frames(
  burst: string,
  seconds: number[],
  { make = null, ...fields }: AssetFields & { make?: string | null } = {},
): Promise<string[]> {
  const ids = await insertAssets(
    me,
    seconds.map((second) => ({ ...fields, capturedAt: at(second) })),
  );
  await sqlAll(
    "UPDATE assets SET file_metadata = json_object('autoStackId', ?1, 'make', ?3) WHERE id IN (SELECT value FROM json_each(?2))",
    burst,
    JSON.stringify(ids),
    make,
  );
  return ids;
}

let serial = 0;
const newBurst = (): string => `burst ${++serial}`;

async function stacksOf(ids: string[]): Promise<(string | null)[]> {
  const rows = await sqlAll(
    "SELECT a.stack_id FROM json_each(?) w JOIN assets a ON a.id = w.value ORDER BY w.key",
    JSON.stringify(ids),
  );
  return rows.map((row) => (typeof row.stack_id === "string" ? row.stack_id : null));
}

async function stackOf(assetId: string): Promise<string | null> {
  return (await stacksOf([assetId]))[0] ?? null;
}

async function stack(id: string | null): Promise<Record<string, unknown> | undefined> {
  return (await sqlAll("SELECT * FROM stacks WHERE id = ?", id))[0];
}

async function eventsDuring(act: () => Promise<unknown>): Promise<string[]> {
  const { lastSeq } = await readEvents();
  await act();
  return (await readEvents(lastSeq)).events.map(({ event_type, entity_id, payload }) =>
    [event_type, entity_id, ...(payload === null ? [] : [payload.stack_id ?? "none"])].join(" "),
  );
}

async function removeFromStack(stackId: string | null, assetIds: string[]): Promise<void> {
  const response = await call("DELETE", `/api/stacks/${stackId}/assets`, { json: { asset_ids: assetIds } });
  expect(response.status).toBe(200);
}

/** JPEG with the burst identifier in Apple's maker note. */
function iphoneFrame(burst: string): Uint8Array {
  const note = bytesOf("Apple iOS\0\0\x01MM", directory(14, [ascii(0x0b, `${burst}\0`)]));
  const exif = exifSegment({
    image: [ascii(0x010f, "Apple\0")],
    exif: [{ tag: 0x927c, type: 1, count: note.length, value: note }],
  });
  return bytesOf(jpeg(4, 3, exif), uniqueBytes());
}

describe("uploads of one burst", () => {
  it("form one stack after their tasks ran, in any order and any number of times", async () => {
    const burst = crypto.randomUUID();
    const upload = async (second: number) =>
      (await expectAsset(await uploadWithoutConsumer(iphoneFrame(burst), { fileCreatedAt: `${at(second)}Z` }), 201)).id;
    const [first, second] = [await upload(0), await upload(1)];
    const lone = (await expectAsset(await uploadWithoutConsumer(iphoneFrame(crypto.randomUUID())), 201)).id;
    const plain = (await expectAsset(await uploadWithoutConsumer(bytesOf(jpeg(4, 3), uniqueBytes())), 201)).id;
    expect((await tasksByType(plain))["burst_detection"]).toBeUndefined();
    for (const id of [second, first, lone]) await runPendingTasks(testContext(), id);
    const stackId = await stackOf(first);
    expect(await stack(stackId)).toMatchObject({ origin: "auto_burst", asset_count: 2, primary_asset_id: null });
    expect(await stacksOf([second, lone])).toEqual([stackId, null]);
    for (const id of [first, second, lone]) {
      expect((await tasksByType(id))["burst_detection"]).toMatchObject({ status: "success", error_message: null });
    }
    const shown = await (await call("GET", `/api/stacks/${stackId}`)).json();
    expect(shown).toMatchObject({ id: stackId, origin: "auto_burst", asset_count: 2 });
    for (const id of [first, second]) expect(await eventsDuring(() => run(id))).toEqual([]);
  });
});

describe("burst detection", () => {
  it.each([
    "0",
    "0000000000000000",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-0000-0000-000000000000}",
    " ",
  ])("never stacks frames with the empty identifier %j", async (burst) => {
    const ids = await frames(burst, [0, 0.1, 0.2]);
    for (const id of ids) expect(await run(id)).toMatchObject({ kind: "skipped" });
    expect(await stacksOf(ids)).toEqual([null, null, null]);
  });

  it("never stacks frames of two makers with the same identifier", async () => {
    const burst = newBurst();
    const apple = await frames(burst, [0, 0.2], { make: "Apple" });
    const google = await frames(burst, [0.1, 0.3], { make: "Google" });
    const unknown = await frames(burst, [0.15]);
    for (const id of [...apple, ...google, ...unknown]) await run(id);
    const [first, second] = await stacksOf(apple);
    const [third, fourth] = await stacksOf(google);
    expect([first, third]).toEqual([second, fourth]);
    expect(first).not.toBeNull();
    expect(third).not.toBeNull();
    expect(first).not.toBe(third);
    expect(await stacksOf(unknown)).toEqual([null]);
  });

  it("creates one stack of all frames and writes its events in order", async () => {
    const ids = await frames(newBurst(), [0, 0.1, 0.2, 25]);
    const events = await eventsDuring(async () => {
      expect(await run(ids[2] ?? "")).toEqual({ kind: "done", result: "stacked 4" });
    });
    const stackId = await stackOf(ids[0] ?? "");
    expect(await stacksOf(ids)).toEqual(ids.map(() => stackId));
    expect(events).toEqual([
      `stack_created ${stackId}`,
      ...ids.toSorted().map((id) => `asset_updated ${id} ${stackId}`),
    ]);
    for (const id of ids) expect(await eventsDuring(() => run(id))).toEqual([]);
  });

  it("adds late frames before, after and between the frames of an existing stack", async () => {
    const burst = newBurst();
    const [a = "", b = ""] = await frames(burst, [10, 30]);
    await run(a);
    const stackId = await stackOf(a);
    for (const second of [20, 0, 50]) {
      const [late = ""] = await frames(burst, [second]);
      expect(await eventsDuring(() => run(late))).toEqual([
        `asset_updated ${late} ${stackId}`,
        `stack_updated ${stackId}`,
      ]);
    }
    expect(await stack(stackId)).toMatchObject({ asset_count: 5, origin: "auto_burst" });
    expect(await stackOf(b)).toBe(stackId);
  });

  it("separates frames more than 30 seconds apart until a frame between them connects them", async () => {
    const burst = newBurst();
    const early = await frames(burst, [0, 30]);
    const late = await frames(burst, [60.001, 61]);
    for (const id of [...late, ...early]) await run(id);
    const [one, other] = [await stackOf(early[0] ?? ""), await stackOf(late[0] ?? "")];
    expect(one).not.toBe(other);
    expect(await stacksOf([...early, ...late])).toEqual([one, one, other, other]);
    const [between = ""] = await frames(burst, [45]);
    const [oldest = "", merged = ""] = [one ?? "", other ?? ""].toSorted();
    const events = await eventsDuring(() => run(between));
    expect(await stacksOf([...early, ...late, between])).toEqual([oldest, oldest, oldest, oldest, oldest]);
    expect(events.slice(-2)).toEqual([`stack_updated ${oldest}`, `stack_deleted ${merged}`]);
    expect(events).toHaveLength(5);
  });

  it("ignores single frames, other bursts, other libraries and trashed assets", async () => {
    const [burst, other] = [newBurst(), newBurst()];
    const [lone = ""] = await frames(burst, [0]);
    const [unrelated = ""] = await frames(other, [0]);
    const [inTrash = ""] = await frames(burst, [1], { trashedAt: 1 });
    const { libraryId } = me;
    me = { ...me, libraryId: newId("library") };
    const [elsewhere = ""] = await frames(burst, [0]);
    me = { ...me, libraryId };
    expect(await eventsDuring(() => run(lone))).toEqual([]);
    expect(await run(inTrash)).toMatchObject({ kind: "skipped", reason: expect.stringContaining("trash") });
    const [second = ""] = await frames(burst, [2]);
    await run(second);
    const stackId = await stackOf(lone);
    expect(await stacksOf([lone, second, unrelated, inTrash, elsewhere])).toEqual([stackId, stackId, null, null, null]);
    expect(stackId).not.toBeNull();
    const [nameless = ""] = await insertAssets(me, [{}]);
    expect(await run(nameless)).toMatchObject({ kind: "skipped" });
  });

  it("adds a frame to a stack whose other members are all trashed", async () => {
    const burst = newBurst();
    const ids = await frames(burst, [0, 1]);
    await run(ids[0] ?? "");
    await sqlAll("UPDATE assets SET trashed_at = 1 WHERE id IN (?, ?)", ...ids);
    const [late = ""] = await frames(burst, [2]);
    await run(late);
    expect(await stackOf(late)).toBe(await stackOf(ids[0] ?? ""));
    expect(await run(ids[0] ?? "")).toEqual({ kind: "done", result: null });
  });
});

describe("a user's changes to a burst stack", () => {
  it("are kept: removed and ungrouped frames are never stacked again", async () => {
    const burst = newBurst();
    const [a = "", b = "", c = ""] = await frames(burst, [0, 1, 2]);
    await run(a);
    const stackId = await stackOf(a);
    await removeFromStack(stackId, [a]);
    expect(await run(a)).toMatchObject({
      kind: "skipped",
      reason: expect.stringContaining("removed the asset from a stack"),
    });
    expect(await stacksOf([a, b, c])).toEqual([null, stackId, stackId]);
    expect((await call("DELETE", `/api/stacks/${stackId}`)).status).toBe(200);
    const [late = ""] = await frames(burst, [3]);
    for (const id of [a, b, c, late]) expect(await eventsDuring(() => run(id))).toEqual([]);
    expect(await stacksOf([a, b, c, late])).toEqual([null, null, null, null]);
  });

  it("are kept: late frames form a new stack instead of joining an edited one", async () => {
    const burst = newBurst();
    const ids = await frames(burst, [0, 1, 2]);
    await run(ids[0] ?? "");
    const stackId = await stackOf(ids[0] ?? "");
    await call("PATCH", `/api/stacks/${stackId}`, { json: { primary_asset_id: ids[1] } });
    const before = await stack(stackId);
    const [late = ""] = await frames(burst, [3]);
    expect(await eventsDuring(() => run(late))).toEqual([]);
    expect(await run(ids[2] ?? "")).toMatchObject({ kind: "skipped" });
    const [later = ""] = await frames(burst, [4]);
    await run(later);
    expect(await stack(stackId)).toEqual(before);
    expect(await stackOf(late)).not.toBe(stackId);
    expect(await stackOf(late)).toBe(await stackOf(later));
  });

  it("are kept when they happen while burst detection runs", async () => {
    const burst = newBurst();
    const [a = "", b = "", c = ""] = await frames(burst, [0, 1, 2]);
    const [stranger = ""] = await insertAssets(me, [{}]);
    let tries = 0;
    const { binding } = countingD1(env.DB, {
      beforeBatch: async (sql) => {
        if (sql.length < 2 || tries++ > 0) return;
        await call("POST", "/api/stacks", { json: { asset_ids: [a, stranger] } });
      },
    });
    await run(a, { db: openDatabase(binding, "primary") });
    expect(await stackOf(a)).toBe(await stackOf(stranger));
    await run(b);
    expect(await stackOf(b)).toBe(await stackOf(c));
    expect(await stackOf(b)).not.toBe(await stackOf(a));
  });
});

describe("frames of a burst processed concurrently", () => {
  it("form one stack with one event", async () => {
    const ids = await frames(newBurst(), [0, 1, 2, 3, 4, 5, 6, 7]);
    const events = await eventsDuring(() => Promise.all(ids.map((id) => run(id))));
    expect(events.filter((event) => event.startsWith("stack_created"))).toHaveLength(1);
    expect(events).toHaveLength(1 + ids.length);
    expect(new Set(await stacksOf(ids)).size).toBe(1);
  });

  it("have their stack in events of tasks that read them earlier", async () => {
    const [a = "", b = ""] = await frames(newBurst(), [0, 1]);
    const before = await findAssetForTask(testContext().db, a);
    await run(b);
    if (before === null) throw new Error("no such asset");
    const stackId = await stackOf(a);
    expect(await eventsDuring(() => storeChange(testContext(), before, { thumbhash: "AA" }))).toEqual([
      `asset_updated ${a} ${stackId}`,
    ]);
  });

  it("form one stack when another consumer always writes first, or when the message is redelivered", async () => {
    const burst = newBurst();
    const [a = "", b = ""] = await frames(burst, [0, 1]);
    const { binding } = countingD1(env.DB, {
      beforeBatch: async (sql) => {
        if (sql.length < 2) return;
        const [more = ""] = await frames(burst, [2]);
        await run(more);
      },
    });
    expect(await run(a, { db: openDatabase(binding, "primary") })).toEqual({ kind: "done", result: null });
    expect(await stackOf(a)).toBe(await stackOf(b));
    const { binding: busy } = countingD1(env.DB, {
      beforeBatch: async (sql) => {
        if (sql.length > 1) await frames(burst, [3]);
      },
    });
    const [late = ""] = await frames(burst, [3]);
    expect(await run(late, { db: openDatabase(busy, "primary") })).toMatchObject({ kind: "retry" });
    await run(late);
    expect(await stackOf(late)).toBe(await stackOf(a));
  });

  it("cost six statements for the first of 500 and one for each other; a late frame reads few rows", async () => {
    const burst = newBurst();
    const ids = await frames(
      burst,
      Array.from({ length: 500 }, (_, i) => i / 10),
    );
    const counted = countingD1(env.DB);
    const { counts } = counted;
    const db = openDatabase(counted.binding, "primary");
    await run(ids[250] ?? "", { db });
    expect(counts.statements.length).toBeLessThanOrEqual(6);
    expect(new Set(await stacksOf(ids)).size).toBe(1);
    counted.reset();
    await run(ids[499] ?? "", { db });
    expect(counts.statements).toHaveLength(1);
    expect(counts.rowsRead).toBeLessThan(30);
    const [late = ""] = await frames(burst, [49.95]);
    counted.reset();
    await run(late, { db });
    expect(counts.rowsRead).toBeLessThan(150);
    expect(await stack(await stackOf(late))).toMatchObject({ asset_count: 501 });
  });
});
