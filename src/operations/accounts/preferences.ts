/** Changes the caller's preferences. */
import { AppError, invalid, notFound } from "../../kernel/errors.ts";
import { homeRegionProblem, type HomeRegion } from "../../kernel/regions/homeRegion.ts";
import { updatePreferences as update, type PreferenceChanges } from "../../records/accounts/preferences.ts";
import { requireSession, type Principal } from "./authentication.ts";
import type { Context } from "../context.ts";
import { isDetectionAvailable } from "../faces/detection/excludedRegions.ts";
import { getUser, toAccount, type Account } from "./users.ts";

export { FAVORITE_DISPLAY_MODES, type PreferenceChanges } from "../../records/accounts/preferences.ts";

/** Fields that an API key may not change: they decide what is derived from everyone's photos. */
const SESSION_FIELDS = ["homeCountry", "homeSubdivision", "faceDetectionPreference"] as const;

/** A change of the country clears the subdivision unless both are sent. */
function changeRegion(current: HomeRegion, changes: PreferenceChanges): HomeRegion {
  const country = changes.homeCountry === undefined ? current.country : changes.homeCountry;
  const kept = country === current.country ? current.subdivision : null;
  const region = { country, subdivision: changes.homeSubdivision === undefined ? kept : changes.homeSubdivision };
  const problem = homeRegionProblem(region);
  if (problem !== null) throw invalid(["body", "home_subdivision"], problem);
  return region;
}

/**
 * Changes the fields that are given, all or none.
 *
 * @throws {AppError} `forbidden` for an API key that sends a field of the home region or of face detection,
 * `validation_error` for an invalid region, `conflict` to turn on face detection where it is not offered, `not_found`
 * for a library in which the caller can't write, `write_conflict` if the region changed meanwhile.
 */
export async function updatePreferences(
  context: Context,
  principal: Principal,
  changes: PreferenceChanges,
): Promise<Account> {
  if (SESSION_FIELDS.some((field) => changes[field] !== undefined)) requireSession(principal);
  const account = await getUser(context, principal);
  if (Object.values(changes).every((value) => value === undefined)) return account;
  const region = { country: account.homeCountry, subdivision: account.homeSubdivision };
  const isRegionSent = changes.homeCountry !== undefined || changes.homeSubdivision !== undefined;
  const { country, subdivision } = isRegionSent ? changeRegion(region, changes) : region;
  const home = { homeCountry: country, homeSubdivision: subdivision };
  if (changes.faceDetectionPreference === true && !isDetectionAvailable(context.config, home)) {
    throw new AppError("conflict", "automatic face detection is not available");
  }
  const fields = { ...changes, ...home };
  const result = await update(context.db, principal, fields, region, context.nowMs);
  if (!result.isLibraryFound) throw notFound("library");
  if (result.user === null || !result.isChanged) {
    throw new AppError("write_conflict", "the home region was changed meanwhile; try again");
  }
  return toAccount(context, result.user);
}
