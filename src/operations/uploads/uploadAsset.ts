/**
 * One upload: the file into R2, then its row and its work into D1, then the bell.
 * Every step can be repeated; what a crash leaves between two of them, operations/sweeps.ts finds.
 */
import { AppError, invalid } from "../../kernel/errors.ts";
import { newId } from "../../kernel/ids.ts";
import { warn } from "../../kernel/log.ts";
import { formatWallTime, type WallTime } from "../../kernel/time.ts";
import { readFacts, type MediaFacts } from "../../media/inspect/mediaInfo.ts";
import { formatOfFileName, type MediaFormat } from "../../media/inspect/formats.ts";
import { memorySource } from "../../media/inspect/bytes/byteSource.ts";
import { originalKey } from "../../objects/keys.ts";
import { deleteOriginal, storeOriginal, type StoredOriginal } from "../../objects/uploads/originals.ts";
import { zoneAt } from "../../providers/places/timeZones/timeZones.ts";
import { insertAssetIfNew, type Asset, type Insertion, type NewAsset } from "../../records/assets/assets.ts";
import type { Database } from "../../records/database.ts";
import type { Library } from "../../records/libraries/libraries.ts";
import { derivedColumn, emptyMetadata, type FileLayer } from "../../records/assets/metadata.ts";
import { ring } from "../tasks/taskQueue.ts";
import { captureTimeOf } from "../assets/captureTime.ts";
import { parseOriginal } from "../assets/originalReader.ts";
import { purgeAssets } from "../deletion/purge.ts";
import type { Bell } from "../tasks/taskOutcome.ts";
import { refuseRow } from "./targetLibrary.ts";
import { plannedWork } from "../tasks/taskPlan.ts";

export interface UploadDeps {
  db: Database;
  bucket: R2Bucket;
  queue: Bell;
  nowMs: number;
}

export interface IncomingFile {
  name: string;
  body: AsyncIterable<Uint8Array>;
  /** What the request says of its length; a hint for the first buffer, trusted for nothing. */
  sizeHint: number | null;
}

export interface ReceivedFile {
  assetId: string;
  versionId: string;
  key: string;
  name: string;
  format: MediaFormat;
  stored: StoredOriginal;
  receivedAtMs: number;
}

const MAX_NAME_CHARACTERS = 1024;

/** The extension decides the type; the bytes are not asked. */
function formatOf(name: string): MediaFormat {
  const loc = ["body", "asset_data"];
  if (name === "") throw invalid(loc, "must have a file name");
  if (Array.from(name).length > MAX_NAME_CHARACTERS)
    throw invalid(loc, `file name is longer than ${MAX_NAME_CHARACTERS} characters`);
  if (name.includes("\0")) throw invalid(loc, "file name must not contain NUL");
  const format = formatOfFileName(name);
  if (format === null)
    throw invalid(loc, "file name must end in the extension of a photo or video format, such as .jpg or .mp4");
  return format;
}

/** Streams the file to its final place under a new id. Nothing points there yet. */
export async function receiveFile(deps: UploadDeps, file: IncomingFile): Promise<ReceivedFile> {
  const format = formatOf(file.name);
  const assetId = newId("asset", deps.nowMs);
  const versionId = newId("assetVersion", deps.nowMs);
  const key = originalKey(assetId, versionId);
  const stored = await storeOriginal(deps.bucket, key, file.body, {
    contentType: format.mimeType,
    sizeHint: file.sizeHint,
  });
  if (stored.sizeBytes === 0) throw invalid(["body", "asset_data"], "is empty");
  return { assetId, versionId, key, name: file.name, format, stored, receivedAtMs: Date.now() };
}

/**
 * For an upload that will not be registered: a duplicate, or one whose other fields were wrong.
 * Never fails the answer: an object that could not be deleted is one more for the sweep.
 */
export async function discardFile(deps: UploadDeps, file: ReceivedFile): Promise<void> {
  try {
    await deleteOriginal(deps.bucket, file.key);
  } catch (error) {
    warn("discarded upload could not be deleted", { key: file.key, error: String(error) });
  }
}

export interface UploadFields {
  deviceAssetId: string;
  deviceId: string;
  fileCreatedAt: WallTime;
  fileModifiedAt: WallTime;
}

async function factsOf(deps: UploadDeps, { key, format, stored }: ReceivedFile): Promise<MediaFacts> {
  const { head, sizeBytes } = stored;
  if (head !== null) return await readFacts(memorySource(head), format);
  return await parseOriginal(deps.bucket, { key, sizeBytes }, (source) => readFacts(source, format));
}

/** As clients write it: UTC is `Z`. */
function formatFileTime(time: WallTime): string {
  return formatWallTime(time).replace(/\+00:00$/, "Z");
}

/** What the file says, with the one capture time that counts, for when a user's is taken back. */
function fileLayer(facts: MediaFacts): FileLayer {
  const { metadata, rawWidth, rawHeight } = facts;
  const captureTime = facts.captureTime ?? metadata.originalDatetime;
  return { ...emptyMetadata(), ...metadata, rawWidth, rawHeight, captureTime };
}

function zoneOf({ latitude, longitude }: FileLayer): string | null {
  return latitude === null || longitude === null ? null : zoneAt(latitude, longitude);
}

/** Row and answer say the same: the capture tag, else when the file was made on its device. */
function newAsset(
  file: ReceivedFile,
  fields: UploadFields,
  facts: MediaFacts,
  library: Library,
  atMs: number,
): NewAsset {
  const metadata = fileLayer(facts);
  const timezone = zoneOf(metadata);
  const { fileCreatedAt } = fields;
  const capture = captureTimeOf({
    mediaType: file.format.mediaType,
    user: null,
    file: metadata.captureTime ?? null,
    fileCreatedAt,
    timezone,
  });
  return {
    asset: {
      id: file.assetId,
      libraryId: library.id,
      userId: library.userId,
      checksum: file.stored.sha256,
      checksumSha1: file.stored.sha1,
      fileSizeBytes: file.stored.sizeBytes,
      mimeType: file.format.mimeType,
      mediaType: file.format.mediaType,
      originalFileName: file.name,
      deviceId: fields.deviceId,
      deviceAssetId: fields.deviceAssetId,
      fileCreatedAt: formatFileTime(fileCreatedAt),
      fileModifiedAt: formatFileTime(fields.fileModifiedAt),
      localUs: capture.wallUs,
      localOffsetMinutes: capture.offsetMinutes,
      width: facts.width,
      height: facts.height,
      durationSeconds: facts.durationSeconds,
      currentVersionId: file.versionId,
      latitude: metadata.latitude,
      longitude: metadata.longitude,
      metadata,
      derivedMetadata: derivedColumn({ timezone }),
      metadataUpdatedAt: atMs,
      createdAt: atMs,
      updatedAt: atMs,
    },
    taskTypes: plannedWork({
      ...file.format,
      sizeBytes: file.stored.sizeBytes,
      autoStackId: metadata.autoStackId,
      hasCoordinates: metadata.latitude !== null && metadata.longitude !== null,
    }),
    problem: facts.problem,
  };
}

/** The sweep takes an object that has had no row for twice this long: whoever dawdles behind the file is refused before. */
export const REGISTER_WITHIN_MS = 30 * 60_000;

async function prepare(deps: UploadDeps, file: ReceivedFile): Promise<MediaFacts> {
  if (Date.now() - file.receivedAtMs > REGISTER_WITHIN_MS) {
    throw new AppError("bad_request", "the fields behind the file came too late: send them in front of it");
  }
  return await factsOf(deps, file);
}

/** What the trash was emptied of may still have its row, which these bytes would be a duplicate of: it goes first. */
async function insertRow(deps: UploadDeps, upload: NewAsset): Promise<Insertion | null> {
  const first = await insertAssetIfNew(deps.db, upload);
  if (first === null || !first.emptied) return first;
  await purgeAssets(deps, [first.asset.id], { kind: "trash", trashedBefore: 0 });
  return await insertAssetIfNew(deps.db, upload);
}

/**
 * The row, or the earlier one with the same bytes; only the row that is kept keeps its object.
 * When D1 fails we cannot know whether it committed, so the object stays: the client tries again, and the sweep
 * takes what no row points at.
 */
export async function registerUpload(
  deps: UploadDeps,
  file: ReceivedFile,
  fields: UploadFields,
  library: Library,
): Promise<{ asset: Asset; created: boolean }> {
  const facts = await prepare(deps, file).catch(async (error: unknown) => {
    await discardFile(deps, file);
    throw error;
  });
  const result = await insertRow(deps, newAsset(file, fields, facts, library, deps.nowMs));
  if (result?.created === true) await ring(deps.queue, result.asset.id);
  else await discardFile(deps, file);
  if (result === null) return await refuseRow(deps.db, library);
  return result;
}
