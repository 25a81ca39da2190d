/** What a client asks before it uploads: which of these files are there already. */
import { invalid } from "../../kernel/errors.ts";
import { findKnownAssets, type FileNames, type KnownAsset } from "../../records/assets/existence.ts";
import type { Database } from "../../records/database.ts";
import type { Principal } from "../accounts/authentication.ts";
import { resolveLibrary } from "../libraries/libraries.ts";

export type { FileNames, KnownAsset } from "../../records/assets/existence.ts";

/** Contents are there once, but any number of assets may share a name of their device's. */
const MAX_MATCHES = 20_000;

export async function listKnownAssets(
  db: Database,
  who: Principal,
  libraryId: string | null,
  names: FileNames,
): Promise<KnownAsset[]> {
  const library = await resolveLibrary(db, who, libraryId);
  const found = await findKnownAssets(db, library.id, names, MAX_MATCHES + 1);
  if (found.length <= MAX_MATCHES) return found;
  throw invalid(["body", "deviceAssetIds"], `match more than ${MAX_MATCHES} assets; ask for fewer at a time`);
}
