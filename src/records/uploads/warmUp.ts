/** Builds the queries of an upload and parses their rows while an isolate starts, so that V8 compiles their code. */
import { insertAssetIfNew, assetColumns, type FacedAsset, type NewAsset } from "../assets/assets.ts";
import { openDatabase } from "../database.ts";
import { findUploadTargets } from "./uploadTargets.ts";

/** Values of columns that an insert leaves out. */
const DEFAULTS = { kind: "original", versionBytes: 0, derivedBytes: 0, albumCount: 0, userMetadata: {} };

const META = { duration: 0, rows_read: 0, rows_written: 0, changes: 0, last_row_id: 0, size_after: 0 };

/** A database in which every SELECT returns `rows`: global scope forbids requests to D1. */
function standInDatabase(rows: Record<string, unknown>[]) {
  const answer = JSON.stringify({ success: true, results: rows, meta: META });
  const result = async <T>(): Promise<D1Result<T>> => {
    // eslint-disable-next-line typescript/no-unsafe-assignment -- D1 types rows as its caller does, from JSON as here
    const parsed: D1Result<T> = JSON.parse(answer);
    return parsed;
  };
  const unused = async (): Promise<never> => {
    throw new Error("not used by uploads");
  };
  const statement: D1PreparedStatement = {
    bind: () => statement,
    all: result,
    run: result,
    first: unused,
    raw: unused,
  };
  const session: D1DatabaseSession = {
    prepare: () => statement,
    batch: async (statements) => await Promise.all(statements.map(async () => await result())),
    getBookmark: () => null,
  };
  return openDatabase({ withSession: () => session }, "primary");
}

/** The row as D1 returns it, in the order of the selected columns. */
function insertedRow({ asset }: NewAsset): Record<string, unknown> {
  const { metadata, ...values } = asset;
  const row = { ...DEFAULTS, ...values, fileMetadata: metadata };
  const known = new Map<string, unknown>(Object.entries(row));
  const columns = Object.entries(assetColumns).map(([key, column]): [string, unknown] => {
    const value = known.get(key) ?? null;
    return [column.name, value === null ? null : column.mapToDriverValue(value)];
  });
  const noFaces = JSON.stringify([0, []]);
  return { ...Object.fromEntries(columns), asset_faces: noFaces, asset_people: noFaces, trash_cleared: 0 };
}

/** Stores nothing. Returns the asset as the insert would. */
export async function warmUpUploadQueries(upload: NewAsset): Promise<FacedAsset | null> {
  const { userId, libraryId } = upload.asset;
  await findUploadTargets(standInDatabase([]), { userId, libraryIds: null }, libraryId, []);
  const result = await insertAssetIfNew(standInDatabase([insertedRow(upload)]), upload);
  return result?.asset ?? null;
}
