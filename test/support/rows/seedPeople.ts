/** People on the assets of a seeded library, with their triggers: the worst cases of filters by people. */
import { env } from "cloudflare:workers";
import { newId } from "../../../src/kernel/ids.ts";
import type { Seeded } from "./seed.ts";

/** Which assets show each person, as SQL of `n`, the place of the asset in capture order; of 100,000 assets: */
const SHOWN = {
  /** On 90,000. */
  everywhere: "n % 10 <> 9",
  /** On 50,000. */
  even: "n % 2 = 0",
  /** On 50,000 others, and on three together with `even`. */
  odd: "n % 2 = 1 OR n IN (10, 50000, 99990)",
  /** On 5,000, half of them with `child`. */
  parent: "n % 20 < 1",
  child: "n % 40 < 1",
  /** On 10. */
  rare: "n % 10000 = 21",
} as const;

export type SeededPerson = keyof typeof SHOWN;
export const seededPeople = Object.keys(SHOWN) as SeededPerson[];

/** Returns the person's condition on `n`. */
export function shownAs(person: SeededPerson): string {
  return `(${SHOWN[person]})`;
}

/** Inserts people and a face on each of their assets. Returns their ids. */
export async function seedPeople({ libraryId, userId }: Seeded): Promise<Record<SeededPerson, string>> {
  const ids = Object.fromEntries(seededPeople.map((name) => [name, newId("person")])) as Record<SeededPerson, string>;
  for (const [at, name] of seededPeople.entries()) {
    const id = ids[name];
    await env.DB.prepare("INSERT INTO people (id, library_id, user_id, created_at, updated_at) VALUES (?, ?, ?, 0, 0)")
      .bind(id, libraryId, userId)
      .run();
    await env.DB.prepare(
      `INSERT INTO faces (id, library_id, asset_id, person_id, x, y, w, h, source, assigned_by, trashed_at, created_at, updated_at)
       SELECT 'face_' || ?3 || substr(id, 7), library_id, id, ?2, 1, 2, 30, 40, 'automatic', 'clustering', trashed_at, 0, 0
       FROM (SELECT *, row_number() OVER (ORDER BY sort_key) - 1 AS n FROM assets WHERE library_id = ?1) WHERE ${SHOWN[name]}`,
    )
      .bind(libraryId, id, String(at))
      .run();
  }
  return ids;
}
