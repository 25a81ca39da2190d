import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../../src/kernel/ids.ts";
import type { Outcome, WorkDeps } from "../../../../src/operations/tasks/taskOutcome.ts";
import { runBurst } from "../../../../src/operations/tasks/handlers/burst.ts";
import { workOn } from "../../../../src/operations/tasks/taskRunner.ts";
import { findAssetForWork, setThumbhash } from "../../../../src/records/assets/assets.ts";
import { openDatabase } from "../../../../src/records/database.ts";
import { ascii, bytesOf, directory, exifSegment, jpeg } from "../../../support/media/buildImage.ts";
import { owner, sqlAll } from "../../../support/clients/account.ts";
import { assetOf } from "../../../support/clients/answers.ts";
import { call, uniqueBytes } from "../../../support/clients/api.ts";
import { tasksOf } from "../../../support/bindings/consumer.ts";
import { countingD1 } from "../../../support/bindings/d1.ts";
import { keptQueue } from "../../../support/bindings/queue.ts";
import { recount } from "../../../support/rows/recount.ts";
import { insertAssets, readEvents, type AssetFields } from "../../../support/clients/tenants.ts";
import { quietUpload } from "../../../support/clients/uploads.ts";

let me: { userId: string; libraryId: string };
beforeAll(async () => {
  me = await owner();
});
afterEach(async () => {
  expect(Object.entries(await recount()).filter(([what]) => what.includes("stack"))).toEqual([]);
});

function deps(changes: Partial<WorkDeps> = {}): WorkDeps {
  const db = openDatabase(env.DB, "primary");
  return { db, bucket: env.BUCKET, queue: keptQueue().binding, images: env.IMAGES, nowMs: Date.now(), ...changes };
}

async function run(assetId: string, changes: Partial<WorkDeps> = {}): Promise<Outcome> {
  const asset = await findAssetForWork(deps().db, assetId);
  if (asset === null) throw new Error("no such asset");
  return await runBurst(deps(changes), asset);
}

/** A second of a fixed minute, or of one that many minutes later or earlier. */
function at(second: number): string {
  return new Date(Date.UTC(2024, 4, 6, 7, 8) + second * 1000).toISOString().slice(0, 23);
}

/** Frames of one burst, taken at these seconds. */
async function frames(burst: string, seconds: number[], fields: AssetFields = {}): Promise<string[]> {
  const ids = await insertAssets(
    me,
    seconds.map((second) => ({ ...fields, taken: at(second) })),
  );
  await sqlAll(
    "UPDATE assets SET file_metadata = json_object('autoStackId', ?1) WHERE id IN (SELECT value FROM json_each(?2))",
    burst,
    JSON.stringify(ids),
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

async function told(act: () => Promise<unknown>): Promise<string[]> {
  const { lastSeq } = await readEvents();
  await act();
  return (await readEvents(lastSeq)).events.map(({ event_type, entity_id, payload }) =>
    [event_type, entity_id, ...(payload === null ? [] : [payload.stack_id ?? "none"])].join(" "),
  );
}

async function remove(stackId: string | null, assetIds: string[]): Promise<void> {
  const response = await call("DELETE", `/api/stacks/${stackId}/assets`, { json: { asset_ids: assetIds } });
  expect(response.status).toBe(200);
}

/** A photo as an iPhone writes it: the name of its burst in the maker note. */
function iphoneFrame(burst: string): Uint8Array {
  const note = bytesOf("Apple iOS\0\0\x01MM", directory(14, [ascii(0x0b, `${burst}\0`)]));
  const exif = exifSegment({
    image: [ascii(0x010f, "Apple\0")],
    exif: [{ tag: 0x927c, type: 1, count: note.length, value: note }],
  });
  return bytesOf(jpeg(4, 3, exif), uniqueBytes());
}

describe("two uploads of one burst", () => {
  it("are one stack when their work is done, in whatever order and however often", async () => {
    const burst = crypto.randomUUID();
    const upload = async (second: number) =>
      (await assetOf(await quietUpload(iphoneFrame(burst), { fileCreatedAt: `${at(second)}Z` }), 201)).id;
    const [first, second] = [await upload(0), await upload(1)];
    const lone = (await assetOf(await quietUpload(iphoneFrame(crypto.randomUUID())), 201)).id;
    const plain = (await assetOf(await quietUpload(bytesOf(jpeg(4, 3), uniqueBytes())), 201)).id;
    expect((await tasksOf(plain))["burst_detection"]).toBeUndefined();
    for (const id of [second, first, lone]) await workOn(deps(), id);
    const stackId = await stackOf(first);
    expect(await stack(stackId)).toMatchObject({ origin: "auto_burst", asset_count: 2, primary_asset_id: null });
    expect(await stacksOf([second, lone])).toEqual([stackId, null]);
    for (const id of [first, second, lone]) {
      expect((await tasksOf(id))["burst_detection"]).toMatchObject({ status: "success", error_message: null });
    }
    const shown = await (await call("GET", `/api/stacks/${stackId}`)).json();
    expect(shown).toMatchObject({ id: stackId, origin: "auto_burst", asset_count: 2 });
    for (const id of [first, second]) expect(await told(() => run(id))).toEqual([]);
  });
});

describe("burst detection", () => {
  it("makes one stack of all frames there are, and tells the feed in order", async () => {
    const ids = await frames(newBurst(), [0, 0.1, 0.2, 25]);
    const events = await told(async () => {
      expect(await run(ids[2] ?? "")).toEqual({ kind: "done", result: "stacked 4" });
    });
    const stackId = await stackOf(ids[0] ?? "");
    expect(await stacksOf(ids)).toEqual(ids.map(() => stackId));
    expect(events).toEqual([
      `stack_created ${stackId}`,
      ...ids.toSorted().map((id) => `asset_updated ${id} ${stackId}`),
    ]);
    for (const id of ids) expect(await told(() => run(id))).toEqual([]);
  });

  it("adds late frames to the stack there is, before it, behind it and in the middle", async () => {
    const burst = newBurst();
    const [a = "", b = ""] = await frames(burst, [10, 30]);
    await run(a);
    const stackId = await stackOf(a);
    for (const second of [20, 0, 50]) {
      const [late = ""] = await frames(burst, [second]);
      expect(await told(() => run(late))).toEqual([`asset_updated ${late} ${stackId}`, `stack_updated ${stackId}`]);
    }
    expect(await stack(stackId)).toMatchObject({ asset_count: 5, origin: "auto_burst" });
    expect(await stackOf(b)).toBe(stackId);
  });

  it("keeps apart what is more than 30 seconds apart, until a frame between them shows it to be one burst", async () => {
    const burst = newBurst();
    const early = await frames(burst, [0, 30]);
    const late = await frames(burst, [60.001, 61]);
    for (const id of [...late, ...early]) await run(id);
    const [one, other] = [await stackOf(early[0] ?? ""), await stackOf(late[0] ?? "")];
    expect(one).not.toBe(other);
    expect(await stacksOf([...early, ...late])).toEqual([one, one, other, other]);
    const [between = ""] = await frames(burst, [45]);
    const [kept = "", gone = ""] = [one ?? "", other ?? ""].toSorted();
    const events = await told(() => run(between));
    expect(await stacksOf([...early, ...late, between])).toEqual([kept, kept, kept, kept, kept]);
    expect(events.slice(-2)).toEqual([`stack_updated ${kept}`, `stack_deleted ${gone}`]);
    expect(events).toHaveLength(5);
  });

  it("leaves alone a single frame, other bursts, other libraries and what is in the trash", async () => {
    const [burst, other] = [newBurst(), newBurst()];
    const [lone = ""] = await frames(burst, [0]);
    const [stranger = ""] = await frames(other, [0]);
    const [inTrash = ""] = await frames(burst, [1], { trashedAt: 1 });
    const { libraryId } = me;
    me = { ...me, libraryId: newId("library") };
    const [elsewhere = ""] = await frames(burst, [0]);
    me = { ...me, libraryId };
    expect(await told(() => run(lone))).toEqual([]);
    expect(await run(inTrash)).toMatchObject({ kind: "skipped", reason: expect.stringContaining("trash") });
    const [second = ""] = await frames(burst, [2]);
    await run(second);
    const stackId = await stackOf(lone);
    expect(await stacksOf([lone, second, stranger, inTrash, elsewhere])).toEqual([stackId, stackId, null, null, null]);
    expect(stackId).not.toBeNull();
    const [nameless = ""] = await insertAssets(me, [{}]);
    expect(await run(nameless)).toMatchObject({ kind: "skipped" });
  });

  it("joins a stack of which all others are in the trash", async () => {
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

describe("what someone decided about a burst", () => {
  it("stays: what was taken out does not come back, nor what was ungrouped", async () => {
    const burst = newBurst();
    const [a = "", b = "", c = ""] = await frames(burst, [0, 1, 2]);
    await run(a);
    const stackId = await stackOf(a);
    await remove(stackId, [a]);
    expect(await run(a)).toMatchObject({ kind: "skipped", reason: expect.stringContaining("took it out") });
    expect(await stacksOf([a, b, c])).toEqual([null, stackId, stackId]);
    expect((await call("DELETE", `/api/stacks/${stackId}`)).status).toBe(200);
    const [late = ""] = await frames(burst, [3]);
    for (const id of [a, b, c, late]) expect(await told(() => run(id))).toEqual([]);
    expect(await stacksOf([a, b, c, late])).toEqual([null, null, null, null]);
  });

  it("stays: no late frame joins a stack that someone changed; late frames make one of their own", async () => {
    const burst = newBurst();
    const ids = await frames(burst, [0, 1, 2]);
    await run(ids[0] ?? "");
    const stackId = await stackOf(ids[0] ?? "");
    await call("PATCH", `/api/stacks/${stackId}`, { json: { primary_asset_id: ids[1] } });
    const before = await stack(stackId);
    const [late = ""] = await frames(burst, [3]);
    expect(await told(() => run(late))).toEqual([]);
    expect(await run(ids[2] ?? "")).toMatchObject({ kind: "skipped" });
    const [later = ""] = await frames(burst, [4]);
    await run(later);
    expect(await stack(stackId)).toEqual(before);
    expect(await stackOf(late)).not.toBe(stackId);
    expect(await stackOf(late)).toBe(await stackOf(later));
  });

  it("stays, though it was decided while detection was looking", async () => {
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

describe("the frames of a burst worked on at once", () => {
  it("are one stack, told of once", async () => {
    const ids = await frames(newBurst(), [0, 1, 2, 3, 4, 5, 6, 7]);
    const events = await told(() => Promise.all(ids.map((id) => run(id))));
    expect(events.filter((event) => event.startsWith("stack_created"))).toHaveLength(1);
    expect(events).toHaveLength(1 + ids.length);
    expect(new Set(await stacksOf(ids)).size).toBe(1);
  });

  it("are told of with their stack by work that looked at them before", async () => {
    const [a = "", b = ""] = await frames(newBurst(), [0, 1]);
    const before = await findAssetForWork(deps().db, a);
    await run(b);
    if (before === null) throw new Error("no such asset");
    const stackId = await stackOf(a);
    expect(await told(() => setThumbhash(deps().db, before, "AA", Date.now()))).toEqual([
      `asset_updated ${a} ${stackId}`,
    ]);
  });

  it("make one stack when another consumer is always quicker, or the work comes again", async () => {
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
    expect(await run(late, { db: openDatabase(busy, "primary") })).toMatchObject({ kind: "again" });
    await run(late);
    expect(await stackOf(late)).toBe(await stackOf(a));
  });

  it("of 500 cost six statements for the first and one for each other, and a late one reads a few rows", async () => {
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
