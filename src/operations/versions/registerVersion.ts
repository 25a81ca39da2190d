/** Inserts the row of a received version, or finds the version that an earlier, identical call created. */
import { AppError, notFound } from "../../kernel/errors.ts";
import { canonicalJson } from "../../kernel/json.ts";
import type { Asset } from "../../records/assets/assets.ts";
import { appendVersion, replaceVersion, type NewVersion } from "../../records/versions/versionChanges.ts";
import { findVersions, type Version } from "../../records/versions/versions.ts";
import type { Principal } from "../accounts/authentication.ts";
import type { Context } from "../context.ts";
import { requestCachePurge } from "../delivery/cachePurges.ts";
import { enqueue } from "../tasks/taskQueue.ts";
import { fieldsTooLate, isTooLate } from "../uploads/receivedFile.ts";
import { undoOnError } from "../uploads/uploadSource.ts";
import { deleteVersionObjects } from "./versionCleanup.ts";
import { discardReceived, discardVersion, type ReceivedVersion, type StoredVersion } from "./versionFiles.ts";
import { requireFreeSpace, requirePhotoInScope } from "./versionPreconditions.ts";
import { planVersionChange } from "./versions.ts";

/** Form fields of a version: who made it, and with which parameters. */
export interface VersionFields {
  kind: string;
  params: Record<string, unknown>;
  /** SHA-256 that the client declares for the bytes it sends, base64. */
  declaredSha256: string | null;
}

export interface VersionResult {
  asset: Asset;
  version: Version;
  /** False when the same file and fields were the current version already. */
  created: boolean;
}

type StoredAndReceived = ReceivedVersion & { file: StoredVersion };

function isRepeated(version: Version, received: ReceivedVersion, fields: VersionFields): boolean {
  const isSame = version.sentChecksum === received.sentChecksum && version.kind === fields.kind;
  return version.position > 0 && isSame && canonicalJson(version.params) === canonicalJson(fields.params);
}

function newVersion({ file, sentChecksum }: StoredAndReceived, { kind, params }: VersionFields): NewVersion {
  const { id, mimeType, width, height, stored } = file;
  const { sizeBytes: fileSizeBytes, sha256: checksum, parts } = stored;
  return { id, mimeType, width, height, fileSizeBytes, checksum, sentChecksum, kind, params, parts };
}

/**
 * Handles a batch without an insert: another call changed the versions first, or D1 ran this batch twice and the
 * row is ours.
 */
async function resolveConflict(
  context: Context,
  principal: Principal,
  received: StoredAndReceived,
  fields: VersionFields,
): Promise<VersionResult> {
  const { plan, file } = received;
  const versioned = await findVersions(context.db, principal, plan.asset.id);
  const current = versioned?.versions.at(-1);
  if (current?.id !== file.id) await discardVersion(context, plan.asset.id, file.id);
  if (versioned === null || current === undefined) throw notFound("asset");
  const isOurs = current.id === file.id;
  if (isOurs || isRepeated(current, received, fields)) {
    return { asset: versioned.asset, version: current, created: isOurs };
  }
  if (current.id === plan.current.id) {
    await requireFreeSpace(context, principal, plan.asset.id);
    throw new AppError("write_conflict", "the upload took too long and its file was cleaned up; send it again");
  }
  throw new AppError("conflict", "another version became current at the same time");
}

/**
 * Inserts the row if the asset is unchanged since the preconditions were checked. After a D1 error the object stays,
 * because the batch may have been committed: the commit deletes its cleanup record, otherwise the record deletes it.
 */
async function insertVersion(
  context: Context,
  principal: Principal,
  received: StoredAndReceived,
  fields: VersionFields,
): Promise<VersionResult> {
  const { asset, current, replaces } = received.plan;
  const version = newVersion(received, fields);
  const change = planVersionChange(asset, version);
  const inserted = await (replaces ? replaceVersion : appendVersion)(context.db, change, version);
  const position = replaces ? current.position : current.position + 1;
  const result = inserted
    ? { asset, version: { ...version, position }, created: true }
    : await resolveConflict(context, principal, received, fields);
  if (result.created) {
    if (replaces) await deleteVersionObjects(context.bucket, [{ assetId: asset.id, versionId: current.id }]);
    await enqueue(context.queue, asset.id);
    if (replaces) await requestCachePurge(context);
  }
  return result;
}

/**
 * Registers a received version.
 *
 * @throws {AppError} `conflict` when the asset's versions exclude it, `write_conflict` to be retried, `bad_request` for
 *   fields that arrived too late, `storage_limit_exceeded`, `not_found`.
 */
export async function registerVersion(
  context: Context,
  principal: Principal,
  received: ReceivedVersion,
  fields: VersionFields,
): Promise<VersionResult> {
  const { plan, file } = received;
  const { asset, current } = plan;
  if (asset.userId !== principal.userId) {
    await undoOnError(requirePhotoInScope(context, principal, asset.id), () => discardReceived(context, received));
  }
  if (isRepeated(current, received, fields)) {
    if (file !== null) await discardVersion(context, asset.id, file.id);
    return { asset, version: current, created: false };
  }
  if (file === null) throw new AppError("conflict", plan.conflict ?? "the asset takes no other version");
  if (isTooLate(file.receivedAtMs)) {
    await discardVersion(context, asset.id, file.id);
    throw fieldsTooLate();
  }
  return await insertVersion(context, principal, { ...received, file }, fields);
}
