/**
 * Inputs of a list of assets that show people (docs/decisions/0045). One person and two people are a range of
 * `person_pairs`; of more people, the two with the fewest assets are, and the others are checked row by row.
 */
import { sql, type SQL } from "drizzle-orm";
import { jsonEach } from "../../sql/jsonList.ts";
import { sqlId } from "../../sql/sqlLiterals.ts";
import type { AssetFilter, Narrowing } from "../assetFilters.ts";
import { byTime, conditions, type Input } from "./listInput.ts";

export interface PeopleFilter extends AssetFilter {
  personIds: readonly string[];
}

export function hasPeople(filter: AssetFilter): filter is PeopleFilter {
  return filter.personIds !== null;
}

/** Ids of people, the one with the fewest assets first. A person who isn't in the library has none. */
function byAssets({ libraryId, personIds }: PeopleFilter): SQL {
  return sql`SELECT w.value AS id FROM ${jsonEach(personIds)} w LEFT JOIN people p ON p.id = w.value AND p.library_id = ${sqlId(libraryId)}
    ORDER BY coalesce(p.asset_count, -1), w.value`;
}

/** The number of assets of the person with the fewest. Less than 0 if one isn't in the library. */
export function fewestAssets({ libraryId, personIds }: PeopleFilter): SQL {
  return sql`(SELECT min(coalesce(p.asset_count, -1)) FROM ${jsonEach(personIds)} w
    LEFT JOIN people p ON p.id = w.value AND p.library_id = ${sqlId(libraryId)})`;
}

interface Pair {
  low: SQL;
  high: SQL;
}

/** The people whose range of `person_pairs` is read. */
function chosenPair(filter: PeopleFilter): Pair {
  const [first = "", second = first, ...others] = filter.personIds;
  if (others.length > 0) {
    const end = (name: string): SQL => sql`(SELECT ${sql.raw(name)}(id) FROM (${byAssets(filter)} LIMIT 2))`;
    return { low: end("min"), high: end("max") };
  }
  const [low, high] = first < second ? [first, second] : [second, first];
  return { low: sqlId(low), high: sqlId(high) };
}

const PEOPLE = ["people"] as const satisfies Narrowing[];

/** Live assets of the pair, and those on which one of both is not paired with the others, which are few. */
function liveInputs(filter: PeopleFilter, { low, high }: Pair): Input[] {
  const count = filter.personIds.length;
  const library = sql`l.library_id = ${sqlId(filter.libraryId)}`;
  const pairs: Input = {
    from: sql`person_pairs l CROSS JOIN assets a ON a.id = substr(l.sort_key, 17)`,
    ...conditions(filter, [library, sql`l.low_id = ${low}`, sql`l.high_id = ${high}`], count > 2 ? [] : PEOPLE),
    ...byTime,
    timeKey: sql`l.sort_key`,
  };
  if (count === 1) return [pairs];
  const unpaired = (person: SQL, checks: SQL[]): Input => {
    const range = conditions(filter, [
      library,
      sql`l.person_id = ${person}`,
      sql`l.is_paired = 0 AND l.trashed_at IS NULL`,
    ]);
    return {
      from: sql`person_assets l INDEXED BY person_assets_unpaired CROSS JOIN assets a ON a.id = l.asset_id`,
      where: range.where,
      checks: [...range.checks, ...checks],
      ...byTime,
      timeKey: sql`l.sort_key`,
    };
  };
  const isLowPaired = sql`EXISTS (SELECT 1 FROM person_assets o WHERE o.asset_id = a.id AND o.person_id = ${low} AND o.is_paired = 1)`;
  return [pairs, unpaired(low, []), unpaired(high, [isLowPaired])];
}

/** The trash is small: pairs of people in it are found row by row. */
function trashedInput(filter: PeopleFilter, { low }: Pair, order: Input["order"]): Input {
  const index = order === "time" ? "person_assets_trashed_by_time" : "person_assets_trashed";
  const range = [
    sql`l.library_id = ${sqlId(filter.libraryId)}`,
    sql`l.person_id = ${low}`,
    sql`l.trashed_at IS NOT NULL`,
  ];
  return {
    from: sql`person_assets l INDEXED BY ${sql.raw(index)} CROSS JOIN assets a ON a.id = l.asset_id`,
    ...conditions(filter, range, filter.personIds.length === 1 ? PEOPLE : []),
    timeKey: sql`l.sort_key`,
    trashKey: sql`l.trash_key`,
    order,
  };
}

/** Inputs of all assets that show every one of the people. `trashOrder` is the order of the state `trashed`. */
export function personInputs(filter: PeopleFilter, trashOrder: Input["order"] = "trash"): Input[] {
  const pair = chosenPair(filter);
  if (filter.state === "trashed") return [trashedInput(filter, pair, trashOrder)];
  const live = liveInputs({ ...filter, state: "live" }, pair);
  return filter.state === "live" ? live : [...live, trashedInput({ ...filter, state: "trashed" }, pair, "time")];
}
