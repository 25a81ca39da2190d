/** Finds and lists faces. assignments.ts changes them. */
import { sql, type SQL } from "drizzle-orm";
import type { Database } from "../database.ts";
import { inScope, isLibraryMember, type LibraryScope } from "../libraries/libraryScope.ts";
import { isTrashedExpression } from "../people/sortKeys.ts";
import { jsonEach } from "../sql/jsonList.ts";
import { NO_QUERY, runQueries, textQuery, type Query, type Row } from "../sql/query.ts";
import { faceJson, faceValue, type Face } from "./faceJson.ts";

export type { Face, FaceBox } from "./faceJson.ts";

const faceColumn = sql`${faceJson(sql.raw("f"), sql.raw("a"))} AS face`;

function readFace(row: Row): Face {
  return faceValue.parse(JSON.parse(String(row["face"])));
}

/** A face in scope, on a live or a trashed asset; null if it is of another library than the given one. */
export function faceQuery(scope: LibraryScope, id: string, libraryId: string | null): Query<Face | null> {
  const inLibrary = libraryId === null ? sql`TRUE` : sql`f.library_id = ${libraryId}`;
  return {
    sql: sql`SELECT ${faceColumn} FROM faces f CROSS JOIN assets a ON a.id = f.asset_id
      WHERE f.id = ${id} AND ${inLibrary} AND ${inScope(scope, sql`f.library_id`, sql`a.trashed_at`)}`,
    parse: ([row]) => (row === undefined ? null : readFace(row)),
  };
}

export async function findFace(
  db: Database,
  scope: LibraryScope,
  id: string,
  libraryId: string | null,
): Promise<Face | null> {
  const [face] = await runQueries(db, [faceQuery(scope, id, libraryId)]);
  return face;
}

/** The library of a face; null if the caller is no member of it. */
export function faceLibraryQuery(scope: LibraryScope, id: string | null): Query<string | null> {
  if (id === null) return NO_QUERY;
  return textQuery(
    sql`SELECT library_id FROM faces WHERE id = ${id} AND ${isLibraryMember(scope, sql`faces.library_id`)}`,
    "library_id",
  );
}

export interface FaceListRequest {
  libraryId: string;
  assetId: string | null;
  personId: string | null;
  ids: string[] | null;
  startingAfterId: string | null;
  limit: number;
}

export interface FacePage {
  faces: Face[];
  hasMore: boolean;
}

/** Chooses the narrowest index. Each ends with the id, so a page reads one row more than it returns. */
function pageSource({ ids, assetId, personId }: FaceListRequest): SQL {
  if (ids !== null) return sql`${jsonEach([...new Set(ids)])} w CROSS JOIN faces f ON f.id = w.value`;
  if (assetId !== null) return sql`faces f INDEXED BY faces_by_asset`;
  return personId === null ? sql`faces f INDEXED BY faces_by_library` : sql`faces f INDEXED BY faces_by_person`;
}

/** A page of faces on live assets, newest first: ids sort by time. */
export function facePageQuery(request: FaceListRequest): Query<FacePage> {
  const { assetId, personId, startingAfterId, limit } = request;
  const where = [
    sql`f.library_id = ${request.libraryId}`,
    sql`f.trashed_at IS NULL`,
    ...(assetId === null ? [] : [sql`f.asset_id = ${assetId}`]),
    ...(personId === null ? [] : [sql`f.person_id = ${personId} AND ${isTrashedExpression("f.")} = 0`]),
    ...(startingAfterId === null ? [] : [sql`f.id < ${startingAfterId}`]),
  ];
  const page = sql`SELECT f.* FROM ${pageSource(request)} WHERE ${sql.join(where, sql` AND `)}
    ORDER BY f.id DESC LIMIT ${limit + 1}`;
  return {
    sql: sql`SELECT ${faceColumn} FROM (${page}) f CROSS JOIN assets a ON a.id = f.asset_id ORDER BY f.id DESC`,
    parse: (rows) => ({ faces: rows.slice(0, limit).map(readFace), hasMore: rows.length > limit }),
  };
}
