/** Finds the faces of an asset's original, and replaces those that were found before. */
import { newId } from "../../../kernel/ids.ts";
import { decodeRendition, readWebpSize } from "../../../media/transcode/webp/decodeWebp.ts";
import {
  PermanentRecognitionError,
  type FaceImage,
  type FaceRecognizer,
  type RecognizedFace,
} from "../../../providers/faces/faceRecognizer.ts";
import type { Asset } from "../../../records/assets/assets.ts";
import {
  readDetectionInput,
  replaceFaces,
  type DetectionInput,
  type FaceReplacement,
} from "../../../records/faces/detection.ts";
import type { Context } from "../../context.ts";
import { requestCachePurge } from "../../delivery/cachePurges.ts";
import { findDisplayFile } from "../../delivery/displaySource.ts";
import { withDecoder } from "../../delivery/scaled/decoderTurn.ts";
import { displayImages, type AnalysedAsset } from "../../delivery/scaled/displayImages.ts";
import { quantize } from "../clustering/int8Vectors.ts";
import { detectionRefusal, type Refusal } from "./consent.ts";
import { matchFaces, toPixelBox, type FaceMatches, type FoundFace } from "./matchFaces.ts";

/** Faces of one picture that are stored: those with the highest confidence. */
export const MAX_DETECTED_FACES = 200;
/** The decoder's memory for a preview, besides the pixels. */
const PREVIEW_DECODER_BYTES = 24 * 1024 * 1024;
/** Attempts while users change the faces of the asset meanwhile. */
const MAX_ATTEMPTS = 3;
/** Where no position of a video's poster is known: its beginning. */
const POSTER_TIMESTAMP_MS = 0;

export type Detection =
  | { kind: "ran"; faces: number; isChanged: boolean }
  | { kind: "refused"; refusal: Refusal }
  | { kind: "no image"; reason: string }
  | { kind: "deleted" }
  | { kind: "busy" };

interface Picture {
  image: FaceImage;
  /** Size of the space that boxes are stored in: the original as displayed, or the poster. */
  width: number;
  height: number;
}

/** The upload's own version, also while an edited version is current. */
function originalOf(asset: Asset, { width, height }: DetectionInput): AnalysedAsset {
  return { ...asset, currentVersionId: asset.originalVersionId ?? asset.currentVersionId, width, height };
}

async function boxSpace(context: Context, asset: AnalysedAsset): Promise<{ width: number; height: number }> {
  if (asset.mediaType === "image") return asset;
  const poster = await findDisplayFile(context, asset);
  return poster.kind === "file" ? poster : { width: 0, height: 0 };
}

async function openPicture(
  context: Context,
  asset: AnalysedAsset,
): Promise<Picture | { kind: "none"; reason: string }> {
  const images = await displayImages(context, asset);
  if (images.kind === "none") return images;
  const { preview } = images;
  if (preview === null) return { kind: "none", reason: "WORKERS_PLAN=free makes no preview in which faces are found" };
  const { width, height } = await boxSpace(context, asset);
  if (width === 0 || height === 0) return { kind: "none", reason: "the size of the picture is unknown" };
  const image: FaceImage = {
    ...(await readWebpSize(preview)),
    mimeType: "image/webp",
    bytes: () => Promise.resolve(preview),
    pixels: async () => await decodeRendition(preview),
  };
  return { image, width, height };
}

/** A recognizer that computes in the isolate has the memory of the image decoders meanwhile. */
async function recognize(recognizer: FaceRecognizer, image: FaceImage): Promise<RecognizedFace[]> {
  const { memoryBytes } = recognizer;
  if (memoryBytes === 0) return await recognizer.recognize(image);
  return await withDecoder(memoryBytes + PREVIEW_DECODER_BYTES, () => recognizer.recognize(image));
}

function foundFaces(faces: RecognizedFace[], { width, height }: Picture, { dimensions }: FaceRecognizer): FoundFace[] {
  const strongest = faces.toSorted((a, b) => b.confidence - a.confidence).slice(0, MAX_DETECTED_FACES);
  return strongest.flatMap(({ box: fractions, confidence, embedding }): FoundFace[] => {
    if (embedding !== null && embedding.length !== dimensions) {
      throw new PermanentRecognitionError(`an embedding has ${embedding.length} values instead of ${dimensions}`);
    }
    const box = toPixelBox({ box: fractions }, width, height);
    return box === null ? [] : [{ box, confidence, embedding }];
  });
}

function planReplacement(
  context: Context,
  asset: Asset,
  { facesJson }: DetectionInput,
  model: string,
  { matched, added, lost }: FaceMatches,
): FaceReplacement {
  const inserted = added.map((found) => ({ id: newId("face", context.nowMs), found }));
  const changed = matched.filter(({ known, found: { box, confidence } }) => {
    const isSame = known.x === box.x && known.y === box.y && known.w === box.w && known.h === box.h;
    return !isSame || known.model !== model || known.confidence !== confidence;
  });
  const embedded = [
    ...matched.filter((match) => match.known.embeddingModel !== model || changed.includes(match)),
    ...inserted.map(({ id, found }) => ({ known: { id }, found })),
  ];
  return {
    asset,
    model,
    facesJson,
    inserted: inserted.map(({ id, found: { box, confidence } }) => ({
      id,
      assetId: asset.id,
      personId: null,
      ...box,
      timestampMs: asset.mediaType === "video" ? POSTER_TIMESTAMP_MS : null,
      confidence,
      source: "automatic" as const,
      model,
    })),
    updated: changed
      .filter(({ known }) => known.source === "automatic")
      .map(({ known: { id }, found: { box, confidence } }) => ({ id, ...box, confidence })),
    deletedIds: lost.map(({ id }) => id),
    embeddings: embedded.flatMap(({ known: { id }, found: { embedding } }) =>
      embedding === null ? [] : [{ faceId: id, vector: quantize(embedding) }],
    ),
    atMs: context.nowMs,
  };
}

function isEmpty({ inserted, updated, deletedIds, embeddings }: FaceReplacement): boolean {
  return inserted.length + updated.length + deletedIds.length + embeddings.length === 0;
}

/** Stores what was found. Plans again if a user changed the asset's faces meanwhile. */
async function store(
  context: Context,
  asset: Asset,
  model: string,
  input: DetectionInput,
  found: FoundFace[],
): Promise<Detection> {
  let read: DetectionInput | null = input;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && read !== null; attempt += 1) {
    const refusal = await detectionRefusal(context, asset, read.settings);
    if (refusal !== null) return { kind: "refused", refusal };
    const replacement = planReplacement(context, asset, read, model, matchFaces(read.faces, found));
    if (isEmpty(replacement)) return { kind: "ran", faces: found.length, isChanged: false };
    if (await replaceFaces(context.db, replacement)) {
      if (replacement.deletedIds.length + replacement.updated.length > 0) await requestCachePurge(context);
      return { kind: "ran", faces: found.length, isChanged: true };
    }
    read = await readDetectionInput(context.db, asset.id);
  }
  return read === null ? { kind: "deleted" } : { kind: "busy" };
}

/**
 * Detects the faces of an asset and stores them with their embeddings, if its library's owner turned detection on. Boxes
 * that overlap an earlier face keep its id and its person; manual boxes get the embedding of the face that they show.
 * Automatic faces that are not found again are deleted, unless a user touched them.
 *
 * @throws {PermanentRecognitionError} and the recognizer's transient errors.
 */
export async function detectFaces(context: Context, asset: Asset, recognizer: FaceRecognizer): Promise<Detection> {
  const input = await readDetectionInput(context.db, asset.id);
  if (input === null) return { kind: "deleted" };
  const refusal = await detectionRefusal(context, asset, input.settings);
  if (refusal !== null) return { kind: "refused", refusal };
  const picture = await openPicture(context, originalOf(asset, input));
  if ("reason" in picture) return { kind: "no image", reason: picture.reason };
  const found = foundFaces(await recognize(recognizer, picture.image), picture, recognizer);
  return await store(context, asset, recognizer.model, input, found);
}
