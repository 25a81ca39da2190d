/** Adds an edited version to a photo, after the upload or in place of the current edited version. */
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { checkDeclaredDigests } from "../uploads/declaredDigests.ts";
import { undoOnError, type UploadSource } from "../uploads/uploadSource.ts";
import { registerVersion, type VersionFields, type VersionResult } from "./registerVersion.ts";
import { discardReceived, receiveVersion, type ReceivedVersion } from "./versionFiles.ts";
import { planAppend, planReplace, type VersionPlan } from "./versionPreconditions.ts";

/** Reads the fields, and verifies the digests that the client declared for the bytes as sent. */
async function finishForm(
  source: UploadSource<VersionFields>,
  { sentChecksum }: ReceivedVersion,
  partSha256: string | null,
): Promise<VersionFields> {
  const fields = await source.finish();
  const declared = [partSha256, fields.declaredSha256].map((sha256) => ({ sha256, sha1: null }));
  checkDeclaredDigests({ sha256: sentChecksum, sha1: null }, declared, ["body", "file"]);
  return fields;
}

async function addVersion(
  context: Context,
  principal: Principal,
  plan: VersionPlan,
  source: UploadSource<VersionFields>,
): Promise<VersionResult> {
  const { file } = await source.open();
  const received = await receiveVersion(context, plan, file);
  const fields = await undoOnError(finishForm(source, received, file.declaredSha256), () =>
    discardReceived(context, received),
  );
  return await registerVersion(context, principal, received, fields);
}

/**
 * Adds an edited version to a photo whose current version is the upload. A repeated call with the same file and fields
 * returns the existing version. The object of a rejected call is deleted.
 *
 * @throws {AppError} the errors of `source`, `planAppend`, `receiveVersion` and `registerVersion`.
 */
export async function appendVersion(
  context: Context,
  principal: Principal,
  assetId: string,
  source: UploadSource<VersionFields>,
): Promise<VersionResult> {
  return await addVersion(context, principal, await planAppend(context, principal, assetId), source);
}

/**
 * Replaces the current edited version, whose objects are deleted. Repeated and rejected calls behave as in
 * `appendVersion`.
 *
 * @throws {AppError} what `source`, `planReplace`, `receiveVersion` and `registerVersion` throw.
 */
export async function replaceVersion(
  context: Context,
  principal: Principal,
  address: { assetId: string; versionId: string },
  source: UploadSource<VersionFields>,
): Promise<VersionResult> {
  const plan = await planReplace(context, principal, address.assetId, address.versionId);
  return await addVersion(context, principal, plan, source);
}
