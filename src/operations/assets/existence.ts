import { invalid } from "../../kernel/errors.ts";
import {
  findExistingAssets as findRows,
  type FileIdentifiers,
  type ExistingAsset,
} from "../../records/assets/existence.ts";
import type { Principal } from "../accounts/authentication.ts";
import { resolveLibrary } from "../libraries/resolveLibrary.ts";
import type { Context } from "../context.ts";

export type { FileIdentifiers, ExistingAsset } from "../../records/assets/existence.ts";

/** A checksum matches one asset, but any number of assets can share a device asset id. */
export const MAX_MATCHES = 20_000;
/** Device ids of all matches; 5,000 checksums of files with the longest ones match 10 Mi. */
export const MAX_MATCH_TEXT_CHARACTERS = 12 * 1024 * 1024;

/**
 * Finds which files of a planned upload already exist. Throws `validation_error` for more than 20,000 matches, or for
 * matches whose device ids are too long together.
 */
export async function findExistingAssets(
  context: Context,
  principal: Principal,
  libraryId: string | null,
  identifiers: FileIdentifiers,
): Promise<ExistingAsset[]> {
  const library = await resolveLibrary(context, principal, libraryId);
  const matches = await findRows(context.db, library.id, identifiers, MAX_MATCHES + 1);
  const characters = matches.reduce((sum, match) => sum + match.deviceId.length + match.deviceAssetId.length, 0);
  if (matches.length <= MAX_MATCHES && characters <= MAX_MATCH_TEXT_CHARACTERS) return matches;
  throw invalid(
    ["body", "deviceAssetIds"],
    `match more than ${MAX_MATCHES} assets or too much text; send fewer IDs per request`,
  );
}
