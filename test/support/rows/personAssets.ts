/** People on assets by SQL, and the rows that triggers keep of them, computed again in TypeScript. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import { monthName, type Lines } from "./summaries.ts";

interface Owner {
  libraryId: string;
  userId: string;
}

/** Inserts an unnamed person. */
export async function insertPerson({ libraryId, userId }: Owner, name: string | null = null): Promise<string> {
  const id = newId("person");
  await env.DB.prepare(
    `INSERT INTO people (id, library_id, user_id, name, folded_name, sort_name, created_at, updated_at)
     VALUES (?1, ?2, ?3, ?4, lower(?4), lower(?4), 0, 0)`,
  )
    .bind(id, libraryId, userId, name)
    .run();
  return id;
}

export interface FaceFields {
  assetId: string;
  personId?: string | null;
  box?: readonly [x: number, y: number, w: number, h: number];
  timestampMs?: number | null;
  confidence?: number | null;
}

/** Inserts faces in one statement and returns their ids in order. */
export async function insertFaces({ libraryId }: Pick<Owner, "libraryId">, fields: FaceFields[]): Promise<string[]> {
  const rows = fields.map(
    ({ assetId, personId = null, box = [1, 2, 30, 40], timestampMs = null, confidence = null }) => ({
      id: newId("face"),
      assetId,
      personId,
      box,
      timestampMs,
      confidence,
    }),
  );
  await env.DB.prepare(
    `INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, timestamp_ms, confidence, source, assigned_by,
       trashed_at, created_at, updated_at)
     SELECT r.value ->> 'id', ?1, r.value ->> 'assetId', r.value ->> 'personId', r.value ->> '$.box[0]', r.value ->> '$.box[1]',
       r.value ->> '$.box[2]', r.value ->> '$.box[3]', r.value ->> 'timestampMs', r.value ->> 'confidence', 'manual',
       iif(r.value ->> 'personId' IS NULL, NULL, 'user'),
       (SELECT a.trashed_at FROM assets a WHERE a.id = r.value ->> 'assetId'), 0, 0
     FROM json_each(?2) r`,
  )
    .bind(libraryId, JSON.stringify(rows))
    .run();
  return rows.map(({ id }) => id);
}

interface FacedAsset {
  id: string;
  library_id: string;
  local_us: number;
  trashed_at: number | null;
  sort_key: string;
  person_id: string;
  faces: number;
  is_paired: number | null;
}

async function linesOf(query: string): Promise<Lines> {
  const { results } = await env.DB.prepare(query).all();
  return results.map((row) => Object.values(row).join(" ")).toSorted();
}

function addTo(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function differences(stored: Lines, expected: Lines): Lines {
  const missing = new Set(expected);
  const wrong = stored.filter((line) => !missing.delete(line)).map((line) => `stored: ${line}`);
  return [...wrong, ...[...missing].map((line) => `missing: ${line}`)].slice(0, 5);
}

const MAX_PAIRED = 20;

/** Up to five differing lines by table; empty if all are correct. */
export async function findPersonAssetMismatches(): Promise<Record<string, Lines>> {
  const { results } = await env.DB.prepare(
    `SELECT a.id, a.library_id, a.local_us, a.trashed_at, a.sort_key, f.person_id, count(*) AS faces,
       (SELECT p.is_paired FROM person_assets p WHERE p.asset_id = a.id AND p.person_id = f.person_id) AS is_paired
     FROM faces f JOIN assets a ON a.id = f.asset_id WHERE f.person_id IS NOT NULL GROUP BY a.id, f.person_id`,
  ).all<FacedAsset>();
  const pairs: string[] = [];
  const months = new Map<string, number>();
  const counts = new Map<string, number>();
  const byAsset = Map.groupBy(results, ({ id }) => id);
  const crowded: string[] = [];
  for (const [id, people] of byAsset) {
    if (people.filter((row) => row.is_paired === 1).length > MAX_PAIRED) crowded.push(id);
    for (const low of people.filter((row) => row.trashed_at === null)) {
      addTo(counts, low.person_id);
      for (const high of people) {
        const isPair = low.person_id < high.person_id && low.is_paired === 1 && high.is_paired === 1;
        if (low.person_id !== high.person_id && !isPair) continue;
        const key = `${low.library_id} ${low.person_id} ${high.person_id}`;
        pairs.push(`${key} ${low.sort_key} ${low.local_us}`);
      }
      addTo(months, `${low.library_id} ${low.person_id} ${monthName(low.local_us)}`);
    }
  }
  const { results: people } = await env.DB.prepare("SELECT id FROM people").all<{ id: string }>();
  const tables: Record<string, [Lines, Lines]> = {
    "people on assets": [
      await linesOf(
        "SELECT asset_id, person_id, library_id, face_count, local_us, coalesce(trashed_at, '') FROM person_assets",
      ),
      results.map((row) =>
        [row.id, row.person_id, row.library_id, row.faces, row.local_us, row.trashed_at ?? ""].join(" "),
      ),
    ],
    "pairs of people": [
      await linesOf("SELECT library_id, low_id, high_id, sort_key, local_us FROM person_pairs"),
      pairs,
    ],
    "months of people": [
      await linesOf("SELECT library_id, person_id, month, assets FROM person_month_counts"),
      [...months].map(([key, assets]) => `${key} ${assets}`),
    ],
    "assets of people": [
      await linesOf("SELECT id, asset_count FROM people"),
      people.map(({ id }) => `${id} ${counts.get(id) ?? 0}`),
    ],
    "assets with more paired people than the limit": [crowded, []],
  };
  const found = Object.entries(tables).map(
    ([name, [stored, expected]]) => [name, differences(stored, expected)] as const,
  );
  return Object.fromEntries(found.filter(([, lines]) => lines.length > 0));
}
