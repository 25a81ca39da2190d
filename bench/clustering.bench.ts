/**
 * `npm run bench:clustering`: the grouping of synthetic faces beside DBSCAN, and the rows and time that a new face costs
 * in a library of 100,000 faces and 2,000 people.
 */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { newId } from "../src/kernel/ids.ts";
import { quantize, squareOf } from "../src/operations/faces/clustering/int8Vectors.ts";
import { DEFAULT_THRESHOLDS } from "../src/operations/faces/clustering/thresholds.ts";
import { placeFaces } from "../src/operations/faces/placeFaces.ts";
import { openDatabase } from "../src/records/database.ts";
import { countingD1 } from "../test/support/bindings/d1.ts";
import { getRootOwner } from "../test/support/clients/account.ts";
import { testContext } from "../test/support/context.ts";
import { clusterInOrder } from "../test/support/faces/clusterInOrder.ts";
import { dbscan } from "../test/support/faces/dbscan.ts";
import { pairwiseF1 } from "../test/support/faces/pairwiseF1.ts";
import { insertSeededFaces } from "../test/support/faces/seedFaces.ts";
import { shuffled, syntheticFaces } from "../test/support/faces/syntheticFaces.ts";
import { tableHeader, tableRow } from "./measureCost.ts";

const DIMENSIONS = 192;
const PEOPLE = 2000;
const FACES = 100_000;
const WAITING = 20_000;
const MODEL = { model: "bench@1", dimensions: DIMENSIONS };

/** A Worker's clock only advances after I/O. */
async function nowMs(): Promise<number> {
  await env.DB.prepare("SELECT 1").run();
  return performance.now();
}

async function qualityTable(): Promise<string[]> {
  const faces = syntheticFaces({ identities: 200, dimensions: DIMENSIONS, largest: 150, seed: 21 });
  const quantized = faces.map(({ id, vector }) => ({ id, vector: quantize(vector) }));
  const lines = tableHeader(["method"], [`F1 of ${faces.length} faces`, "ms"]);
  const add = async (name: string, group: () => ReadonlyMap<string, string | null>): Promise<void> => {
    const startMs = await nowMs();
    const clusters = group();
    const ms = (await nowMs()) - startMs;
    const { f1 } = pairwiseF1(faces.map(({ id, identity }) => ({ identity, cluster: clusters.get(id) ?? null })));
    lines.push(tableRow(name, f1.toFixed(3), ms.toFixed(0)));
  };
  await add("one by one, in the order of people", () => clusterInOrder(faces, DEFAULT_THRESHOLDS));
  for (const order of [1, 2, 3]) {
    await add(`one by one, shuffled ${order}`, () => clusterInOrder(shuffled(faces, order), DEFAULT_THRESHOLDS));
  }
  for (const distance of [0.3, 0.35, 0.4, 0.45]) {
    await add(`DBSCAN of all faces, ${distance}`, () => dbscan(quantized, distance, DEFAULT_THRESHOLDS.minFaces));
  }
  return lines;
}

function hexOf(values: Int8Array | Int32Array): string {
  return new Uint8Array(values.buffer).toHex();
}

/** Inserts faces with random vectors, without the triggers of single changes. */
async function seed(owner: { userId: string; libraryId: string }): Promise<Int8Array[]> {
  const centres = syntheticFaces({ identities: PEOPLE, dimensions: DIMENSIONS, largest: 1, seed: 31 }).map(
    ({ vector }) => quantize(vector),
  );
  const people = centres.map((centre) => ({
    id: newId("person"),
    sum: hexOf(Int32Array.from(centre, (value) => value * 50)),
    squares: squareOf(centre) * 50,
  }));
  await env.DB.prepare("DROP TRIGGER IF EXISTS face_embeddings_insert").run();
  for (const trigger of ["faces_insert_person_count", "faces_insert_person_assets"]) {
    await env.DB.prepare(`DROP TRIGGER IF EXISTS ${trigger}`).run();
  }
  const { libraryId, userId } = owner;
  await env.DB.batch([
    env.DB.prepare("INSERT OR REPLACE INTO cluster_states (library_id, revision) VALUES (?, 10)").bind(libraryId),
    env.DB.prepare(
      `INSERT INTO people (id, library_id, user_id, created_at, updated_at)
       SELECT value ->> 'id', ?2, ?3, 0, 0 FROM json_each(?1)`,
    ).bind(JSON.stringify(people.map(({ id }) => ({ id }))), libraryId, userId),
    env.DB.prepare(
      `INSERT INTO person_clusters (person_id, library_id, model, sum, square_sum, face_count, is_measured, revision)
       SELECT value ->> 'id', ?2, ?3, unhex(value ->> 'sum'), value ->> 'squares', 50, 1, 10 FROM json_each(?1)`,
    ).bind(JSON.stringify(people), libraryId, MODEL.model),
    env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
       INSERT INTO face_embeddings (face_id, library_id, asset_id, model, vector, waiting, revision)
       SELECT printf('face_%022d', i), ?2, printf('asset_%022d', i), ?3, randomblob(?4), iif(i < ?5, 1, 0), 10 FROM n`,
    ).bind(FACES, libraryId, MODEL.model, DIMENSIONS, WAITING),
  ]);
  return centres;
}

async function costTable(): Promise<string[]> {
  const owner = await getRootOwner();
  const centres = await seed(owner);
  const counting = countingD1(env.DB);
  const { counts } = counting;
  const context = testContext({ db: openDatabase(counting.binding, "primary") });
  const lines = tableHeader(["a new face of a known person"], ["trips", "rows read", "rows written", "ms"]);
  for (const [i, name] of [
    "in an isolate that starts cold",
    "in one that remembers the library",
    "the next one",
  ].entries()) {
    const vector = centres[i] ?? new Int8Array(DIMENSIONS);
    const { faceIds } = await insertSeededFaces(owner, [{ vector, model: MODEL.model }]);
    // The trigger that seeding dropped.
    await env.DB.batch([
      env.DB.prepare("UPDATE cluster_states SET revision = revision + 1 WHERE library_id = ?").bind(owner.libraryId),
      env.DB.prepare(
        "UPDATE face_embeddings SET waiting = 2, revision = (SELECT max(revision) FROM cluster_states) WHERE face_id = ?",
      ).bind(faceIds[0]),
    ]);
    counting.reset();
    const startMs = await nowMs();
    const placement = await placeFaces(context, owner.libraryId, MODEL, null);
    const ms = (await nowMs()) - startMs;
    if (placement.kind !== "placed" || placement.assigned !== 1) throw new Error(JSON.stringify(placement));
    lines.push(tableRow(name, ...[counts.roundTrips, counts.rowsRead, counts.rowsWritten, ms.toFixed(0)].map(String)));
  }
  return lines;
}

it("compares and counts", { timeout: 600_000 }, async ({ task }) => {
  const tables = [
    { title: "Grouping of synthetic faces", lines: await qualityTable() },
    { title: "A library of 100,000 faces and 2,000 people", lines: await costTable() },
  ];
  for (const { title, lines } of tables) console.log(`${title}\n${lines.join("\n")}`);
  Object.assign(task.meta, { figures: { tables } });
});
