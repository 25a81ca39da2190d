/**
 * Makes crops of faces on their first request: square, padded, upright, and as sharp as the picture allows. They are cut
 * out of the original upload, or of a video's poster, because that is the space of the boxes.
 */
import { AppError } from "../../../kernel/errors.ts";
import { info } from "../../../kernel/log.ts";
import { copyArea, type ImageArea } from "../../../media/transcode/scaled/imageArea.ts";
import { decodeScaled } from "../../../media/transcode/scaled/decodeScaled.ts";
import { MAX_SCALED_WEBP_BYTES } from "../../../media/transcode/scaled/decodeScaledWebp.ts";
import { WEBP_QUALITIES } from "../../../media/transcode/display/scaledImages.ts";
import { resizeImage } from "../../../media/transcode/resize/resizeImage.ts";
import type { Size } from "../../../media/transcode/resize/scaledSize.ts";
import type { RgbaImage } from "../../../media/transcode/rgbaImage.ts";
import { decodeRendition } from "../../../media/transcode/webp/decodeWebp.ts";
import { encodeWebp } from "../../../media/transcode/webp/encodeWebp.ts";
import { renditionKey } from "../../../objects/keys.ts";
import { deleteObjects } from "../../../objects/listing.ts";
import { readRendition, storeRendition } from "../../../objects/delivery/renditions.ts";
import { originalSource } from "../../../objects/uploads/originals.ts";
import { completeCropCleanups, listDueCropCleanups, recordFaceCrop } from "../../../records/delivery/faceCrops.ts";
import type { MediaFileRow } from "../../../records/delivery/mediaFiles.ts";
import type { Context } from "../../context.ts";
import { CLEAN_UP_AFTER_MS } from "../../versions/versionKeys.ts";
import { findDisplayFile, type DisplayFile } from "../displaySource.ts";
import { cropSide, FACE_CROP_EDGE_PX, type FaceBox } from "./faceCropNames.ts";
import {
  MISSING_PROXY_EXPIRES_MS,
  recallFailure,
  recordRefusal,
  recordTransientFailure,
  REFUSAL_EXPIRES_MS,
} from "../renderFailures.ts";
import { createRendition } from "../renditions.ts";
import { RENDITION_MEMORY_BYTES, withDecoder } from "../scaled/decoderTurn.ts";
import type { MediaAddress } from "../urlSigner.ts";
import { variantName } from "../variants.ts";

/** A face and the box that its crop shows. */
interface BoxedFace {
  faceId: string;
  box: FaceBox;
}

/**
 * The square around a face as fractions of its picture: padded, moved inside where the face is at an edge, and at most
 * as large as the picture's shorter side.
 */
export function cropArea(box: FaceBox, { width, height }: Size): ImageArea {
  const side = Math.min(cropSide(box), width, height);
  const start = (at: number, length: number, whole: number): number =>
    Math.min(Math.max(Math.round(at + length / 2 - side / 2), 0), whole - side);
  const [left, top] = [start(box.x, box.w, width), start(box.y, box.h, height)];
  return { left: left / width, top: top / height, right: (left + side) / width, bottom: (top + side) / height };
}

/** The picture's size in the space of its boxes: that of the upload, or of the poster's file. */
function boxSpace({ width, height }: MediaFileRow, file: Size): Size | null {
  const stated = { width: width ?? 0, height: height ?? 0 };
  const size = stated.width > 0 && stated.height > 0 ? stated : file;
  return size.width > 0 && size.height > 0 ? size : null;
}

/** Decodes the area at the resolution of the file; null if the Worker can't decode the format. */
async function decodeArea({ bucket }: Context, file: DisplayFile, area: ImageArea): Promise<RgbaImage | null> {
  const { family } = file;
  if (family === null) return null;
  const memoryBytes = family === "webp" ? MAX_SCALED_WEBP_BYTES : RENDITION_MEMORY_BYTES;
  return await withDecoder(memoryBytes, async () => {
    const source = originalSource(bucket, file.key, file.sizeBytes);
    const decoded = await decodeScaled(source, family, FACE_CROP_EDGE_PX, area);
    return decoded.kind === "image" ? decoded.image : null;
  });
}

/**
 * Cuts the area out of a rendition, which is rendered first if it is missing. The 10 ms of CPU of the Workers Free plan
 * suffice for a thumbnail.
 */
async function cutRendition(
  context: Context,
  address: MediaAddress,
  { mediaType, width, height }: MediaFileRow,
  area: ImageArea,
  origin: string,
): Promise<RgbaImage | null> {
  const variant = context.config.workersPlan === "free" ? "thumbnail" : "preview";
  const rendition = { ...address, variant };
  const read = async () => await readRendition(context.bucket, rendition);
  let bytes = await read();
  if (bytes === null) {
    const name = variantName(variant, mediaType);
    const edgePx = Math.max(width ?? 0, height ?? 0);
    if (!(await createRendition(context, { ...address, variant: name }, edgePx, origin))) return null;
    bytes = await read();
  }
  const stored = bytes;
  if (stored === null) return null;
  return await withDecoder(RENDITION_MEMORY_BYTES, async () =>
    resizeImage(copyArea(await decodeRendition(stored), area), FACE_CROP_EDGE_PX),
  );
}

/** A crop, or the reason why there is none. */
type Cut = { kind: "image"; image: RgbaImage } | { kind: "none"; reason: string; awaitsProxy: boolean };

async function cutFace(
  context: Context,
  address: MediaAddress,
  { box }: BoxedFace,
  row: MediaFileRow,
  origin: string,
): Promise<Cut> {
  const { assetId: id, versionId } = address;
  const { mediaType } = row;
  const file = await findDisplayFile(context, {
    id,
    currentVersionId: versionId,
    posterVersionId: versionId,
    mediaType,
  });
  if (file.kind === "none") return file;
  const space = boxSpace(row, file);
  if (space === null) return { kind: "none", reason: "the size of the picture is unknown", awaitsProxy: false };
  const area = cropArea(box, space);
  const decoded = context.config.workersPlan === "free" ? null : await decodeArea(context, file, area);
  const image = decoded ?? (await cutRendition(context, address, row, area, origin));
  if (image === null) return { kind: "none", reason: "the picture can't be decoded", awaitsProxy: false };
  return { kind: "image", image };
}

/** Cuts the face unless an earlier attempt showed that the picture has no crops: requests may be anonymous. */
async function cutOnce(
  context: Context,
  address: MediaAddress,
  face: BoxedFace,
  row: MediaFileRow,
  origin: string,
): Promise<RgbaImage | null> {
  const { assetId, versionId } = address;
  const group = { assetId, versionId, group: "crop" } as const;
  const { failure, blocks } = await recallFailure(context, group);
  if (blocks) return null;
  let cut: Cut;
  try {
    cut = await cutFace(context, address, face, row, origin);
  } catch (error) {
    if (error instanceof AppError && error.code !== "rendering_unavailable") throw error;
    throw await recordTransientFailure(context, group, failure, error);
  }
  if (cut.kind === "image") return cut.image;
  await recordRefusal(context, group, cut.reason, cut.awaitsProxy ? MISSING_PROXY_EXPIRES_MS : REFUSAL_EXPIRES_MS);
  return null;
}

/** Crops in progress in this isolate; concurrent requests for the same one share it. */
const cropsInProgress = new Map<string, Promise<boolean>>();

async function cutAndStore(
  context: Context,
  address: MediaAddress,
  face: BoxedFace,
  row: MediaFileRow,
  origin: string,
): Promise<boolean> {
  const image = await cutOnce(context, address, face, row, origin);
  if (image === null) return false;
  const { assetId, versionId, variant } = address;
  const bytes = await withDecoder(RENDITION_MEMORY_BYTES, () =>
    encodeWebp(image, { quality: WEBP_QUALITIES.thumbnail }),
  );
  const crop = { assetId, versionId, name: variant, sizeBytes: bytes.byteLength };
  if (!(await recordFaceCrop(context.db.primary(), crop, face))) return false;
  await storeRendition(context.bucket, { assetId, versionId, variant }, bytes, "image/webp");
  return true;
}

/**
 * Makes and stores the crop of a face. `row` is the picture's. Returns false if no picture can be decoded.
 *
 * @throws {AppError} `rendering_unavailable` for temporary failures.
 */
export async function createFaceCrop(
  context: Context,
  address: MediaAddress,
  face: BoxedFace,
  row: MediaFileRow,
  origin: string,
): Promise<boolean> {
  const key = `${address.assetId}/${address.versionId}/${address.variant}`;
  const running =
    cropsInProgress.get(key) ??
    cutAndStore(context, address, face, row, origin).finally(() => cropsInProgress.delete(key));
  cropsInProgress.set(key, running);
  // Other requests may wait for the same crop after this caller disconnects.
  context.waitUntil(running.catch(() => false));
  return await running;
}

/** One R2 delete takes 1,000 keys. */
export const MAX_CROPS_PER_RUN = 1000;

/**
 * Deletes the objects of crops whose face was deleted or has another box, and once more an hour later: a request that
 * began before may have stored one. Returns the number of crops.
 */
export async function cleanUpFaceCrops({ db, bucket, nowMs }: Context): Promise<number> {
  const due = await listDueCropCleanups(db, nowMs, MAX_CROPS_PER_RUN);
  if (due.length === 0) return 0;
  await deleteObjects(
    bucket,
    due.map(({ assetId, versionId, name }) => renditionKey(assetId, versionId, name)),
  );
  await completeCropCleanups(db, due, nowMs + CLEAN_UP_AFTER_MS);
  info("deleted crops of faces", { crops: due.length });
  return due.length;
}
