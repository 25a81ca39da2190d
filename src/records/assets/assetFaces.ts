/**
 * Faces and people of assets, as JSON values of the assets' rows: an asset without faces costs two seeks, and no row.
 * The rare asset with many is completed after the page, for the assets that fit into it.
 */
import { sql, type SQL } from "drizzle-orm";
import { z } from "zod";
import { invalid } from "../../kernel/errors.ts";
import { faceJson, faceValue, type Face } from "../faces/faceJson.ts";
import { personJson, personValue, type Person } from "../people/personJson.ts";
import { sqlId, sqlNumber } from "../sql/sqlLiterals.ts";
import type { Query, Row } from "../sql/query.ts";

/** Faces, or people, of an asset that are part of its row. */
export const MAX_INLINE_FACES = 8;
/** A face or a person of a response, in relation to `MAX_PAGE_TEXT_BYTES`: 8,000 faces fill a page. */
const FACE_TEXT_BYTES = 500;
/** Faces and people of a list of ids, which is always complete: about 15 MB. */
export const MAX_FACES_OF_IDS = 16_000;

export interface AssetFaces {
  faces: Face[];
  people: Person[];
}

/** Faces or people of a row: their number, and the values unless they are many. */
interface Members<T> {
  count: number;
  values: T[] | null;
}

export type FaceGroup = "faces" | "people";

/** In the order of ids, which an aggregate function doesn't promise. */
function membersValue<T extends { id: string }>(value: z.ZodType<T>) {
  return z.tuple([z.int(), z.array(value).nullable()]).transform(([count, values]): Members<T> => ({
    count,
    values: values === null ? null : values.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  }));
}
const facesColumn = membersValue(faceValue);
const peopleColumn = membersValue(personValue);

const ASSET = sql.raw("assets");

function facesOf(limit: SQL): SQL {
  return sql`(SELECT json_array(count(*), iif(count(*) <= ${limit}, json_group_array(json(${faceJson(sql.raw("f"), ASSET)})), NULL))
    FROM faces f WHERE f.asset_id = assets.id)`;
}

function peopleOf(limit: SQL): SQL {
  const values = sql`SELECT json_group_array(json(${personJson(sql.raw("p"))})) FROM person_assets o
    CROSS JOIN people p ON p.id = o.person_id WHERE o.asset_id = assets.id`;
  return sql`(SELECT json_array(count(*), iif(count(*) <= ${limit}, json((${values})), NULL))
    FROM person_assets c WHERE c.asset_id = assets.id)`;
}

const INLINE = sqlNumber(MAX_INLINE_FACES);
const ALL = sqlNumber(Number.MAX_SAFE_INTEGER);

/** Columns of a SELECT from `assets` for a page: `faces`, `people` or both. */
export function inlineFaceColumns(groups: ReadonlySet<string>): SQL[] {
  return [
    ...(groups.has("faces") ? [sql`${facesOf(INLINE)} AS faces`] : []),
    ...(groups.has("people") ? [sql`${peopleOf(INLINE)} AS people`] : []),
  ];
}

/** Faces and people of a page's row. The values are null without the group, and until they are completed. */
export interface RowFaces {
  faces: Face[] | null;
  people: Person[] | null;
  /** Faces and people whose values are not in the row. */
  deferred: number;
  faceBytes: number;
}

function bytesOf(count: number, names: (string | null)[]): number {
  return names.reduce((sum, name) => sum + (name?.length ?? 0) * 4, count * FACE_TEXT_BYTES);
}

/** Reads the columns of `inlineFaceColumns`. */
export function readRowFaces(row: Row, groups: ReadonlySet<string>): RowFaces {
  const faces = groups.has("faces") ? facesColumn.parse(JSON.parse(String(row["faces"]))) : null;
  const people = groups.has("people") ? peopleColumn.parse(JSON.parse(String(row["people"]))) : null;
  const all = [faces, people].filter((each) => each !== null);
  return {
    faces: faces?.values ?? null,
    people: people?.values ?? null,
    deferred: all.reduce((sum, { count, values }) => sum + (values === null ? count : 0), 0),
    faceBytes: bytesOf(
      all.reduce((sum, { count }) => sum + count, 0),
      people?.values?.map(({ name }) => name) ?? [],
    ),
  };
}

/** Throws `validation_error` if a list of ids has more faces and people than a response may contain. */
export function requireFewFaces(rows: readonly Pick<RowFaces, "faceBytes">[]): void {
  const bytes = rows.reduce((sum, { faceBytes }) => sum + faceBytes, 0);
  if (bytes <= MAX_FACES_OF_IDS * FACE_TEXT_BYTES) return;
  throw invalid(["query", "ids"], `these assets have too many faces and people for one response; use fewer ids`);
}

/** All faces and people of assets, whose ids are in the SQL text: D1 bills the elements of a JSON list as rows. */
export function facesQuery(ids: string[]): Query<Map<string, AssetFaces>> {
  if (ids.length === 0) return { sql: null, parse: () => new Map() };
  const values = sql.join(
    ids.map((id) => sql`(${sqlId(id)})`),
    sql`, `,
  );
  return {
    sql: sql`SELECT assets.id AS id, ${facesOf(ALL)} AS faces, ${peopleOf(ALL)} AS people
      FROM (VALUES ${values}) v CROSS JOIN assets ON assets.id = v.column1`,
    parse: (rows) => new Map(rows.map((row) => [String(row["id"]), parseAssetFaces(row)])),
  };
}

function parseAssetFaces(row: Row): AssetFaces {
  const { faces, people } = readRowFaces(row, new Set(["faces", "people"]));
  return { faces: faces ?? [], people: people ?? [] };
}

/** Columns for a single asset with all of its faces and people. */
export const faceColumns = {
  faces: sql<string>`${facesOf(ALL)}`.as("asset_faces"),
  people: sql<string>`${peopleOf(ALL)}`.as("asset_people"),
};

/** Moves the columns of `faceColumns` out of a row. */
export function splitFaces<T extends { faces: string; people: string }>(row: T) {
  const { faces, people, ...rest } = row;
  return { row: rest, faces: parseAssetFaces({ faces, people }) };
}
