import { invalid } from "../../kernel/errors.ts";
import {
  findExistingAssets as findRows,
  type FileIdentifiers,
  type ExistingAsset,
} from "../../records/assets/existence.ts";
import type { Principal } from "../accounts/authentication.ts";
import { resolveLibrary } from "../libraries/libraries.ts";
import type { Context } from "../context.ts";

export type { FileIdentifiers, ExistingAsset } from "../../records/assets/existence.ts";

/** A checksum matches one asset, but any number of assets can share a device asset id. */
export const MAX_MATCHES = 20_000;

/** Finds which files of a planned upload already exist. Throws `validation_error` for more than 20,000 matches. */
export async function findExistingAssets(
  context: Context,
  principal: Principal,
  libraryId: string | null,
  identifiers: FileIdentifiers,
): Promise<ExistingAsset[]> {
  const library = await resolveLibrary(context, principal, libraryId);
  const matches = await findRows(context.db, library.id, identifiers, MAX_MATCHES + 1);
  if (matches.length <= MAX_MATCHES) return matches;
  throw invalid(["body", "deviceAssetIds"], `match more than ${MAX_MATCHES} assets; send fewer IDs per request`);
}
