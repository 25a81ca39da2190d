import { AppError } from "../../../../kernel/errors.ts";
import { TruncatedFileError } from "../../../../media/transcode/jpeg/encodedJpeg.ts";
import {
  findHeifDamage,
  hasAlphaPlane,
  HEIF_HEAD_BYTES,
  isAvifBrand,
  isTiledHeif,
} from "../../../../media/transcode/heif/heifIntegrity.ts";
import { MAX_DECODER_BYTES, MAX_WHOLE_IMAGE_BYTES } from "../../../../media/transcode/decoderMemory.ts";
import { animationMemoryBytes } from "../../../../media/transcode/display/substituteImage.ts";
import { MAX_SCALED_ROWS_BYTES } from "../../../../media/transcode/scaled/scaledRows.ts";
import { needsDisplayProxy } from "../../../../media/transcode/preview/needsDisplayProxy.ts";
import type { MediaFamily } from "../../../../media/inspect/formats.ts";
import { sniff } from "../../../../media/inspect/sniff.ts";
import { memorySource, type ByteSource } from "../../../../media/inspect/bytes/byteSource.ts";
import { originalKey } from "../../../../objects/keys.ts";
import { fromStorage } from "../../../../objects/storageErrors.ts";
import { openOriginal, originalSource } from "../../../../objects/uploads/originals.ts";
import { hasProxy } from "../../../../objects/delivery/displayProxies.ts";
import type { Asset } from "../../../../records/assets/assets.ts";
import { withDecoder } from "../../../delivery/scaled/decoderTurn.ts";
import { keepDecodedImage } from "../../../delivery/scaled/displayImages.ts";
import { keepProxy } from "../../../delivery/scaled/keepProxy.ts";
import { forgetFailures, recordProxyFailure } from "../../../delivery/renderFailures.ts";
import { ADVICE, PICTURE_WAYS } from "../../pictureWays.ts";
import type { TaskOutcome } from "../../taskOutcome.ts";
import { makeFilmPoster } from "./filmPoster.ts";
import { strategiesFor, type ProxyInput, type ProxyStrategy } from "./proxyStrategies.ts";
import type { Context } from "../../../context.ts";

/** Formats whose strategies need the whole file: it is read from R2 once and shared by all of them. */
const bufferedFamilies: MediaFamily[] = ["heif", "jxl", "jpeg", "png"];
const MAX_BUFFERED_BYTES = 24 * 1024 * 1024;

const filmFamilies: (MediaFamily | null)[] = ["mp4", "matroska", "avi", "mpeg-ts", "mpeg-ps", "asf"];

async function bufferIfNeeded(source: ByteSource, family: MediaFamily): Promise<ByteSource> {
  if (!bufferedFamilies.includes(family) || source.sizeBytes > MAX_BUFFERED_BYTES) return source;
  return memorySource(await source.read(0, source.sizeBytes));
}

/** Whether the decoder of an original holds the whole image. */
function isDecodedWhole(head: Uint8Array): boolean {
  const family = sniff(head);
  return family === "jxl" || (family === "heif" && (isAvifBrand(head) || !isTiledHeif(head)));
}

/** Memory to convert an original: itself if it is buffered, its decoder, and the rows of the preview. */
function memoryOf({ sizeBytes }: ByteSource, head: Uint8Array): number {
  if (sniff(head) === "webp") return animationMemoryBytes("webp");
  if (isDecodedWhole(head)) return MAX_WHOLE_IMAGE_BYTES + MAX_SCALED_ROWS_BYTES;
  return Math.min(sizeBytes, MAX_BUFFERED_BYTES) + MAX_DECODER_BYTES + MAX_SCALED_ROWS_BYTES;
}

/** The row's EXIF metadata describes the upload; edited versions are upright. */
function orientationOf(asset: Asset): Pick<ProxyInput, "orientation" | "raw"> {
  if (asset.originalVersionId !== null) return { orientation: null, raw: null };
  const { orientation, rawWidth, rawHeight } = asset.metadata;
  return { orientation, raw: rawWidth === null || rawHeight === null ? null : { width: rawWidth, height: rawHeight } };
}

async function inspectOriginal(
  stored: ByteSource,
  head: Uint8Array,
  asset: Asset,
): Promise<ProxyInput | { reason: string }> {
  const family = sniff(head);
  if (family === null) return { reason: "unsupported image format" };
  const source = await bufferIfNeeded(stored, family);
  // Cloudflare Images reports truncated HEIF files as internal errors, which would be retried.
  const damage = family === "heif" ? await findHeifDamage(source) : null;
  if (damage !== null) return { reason: damage };
  const { orientation, raw } = orientationOf(asset);
  const isAvif = family === "heif" && isAvifBrand(head);
  const hasAlpha = family === "heif" && (await hasAlphaPlane(source));
  return { source, family, isAvif, hasAlpha, mimeType: asset.mimeType, orientation, raw };
}

function failureReason(error: unknown): string {
  // A DataView read beyond the end of the file.
  if (error instanceof RangeError) return "the file is damaged or truncated";
  return error instanceof Error ? error.message : String(error);
}

/** Tries strategies until one succeeds. A transient failure is retried only if all other strategies fail. */
async function tryStrategies(
  context: Context,
  asset: Asset,
  original: ProxyInput,
  strategies: ProxyStrategy[],
): Promise<TaskOutcome> {
  const reasons: string[] = [];
  let isTransient = false;
  for (const strategy of strategies) {
    try {
      const result = await strategy(context, original);
      if (result.kind === "success") {
        await keepProxy(context, asset, result);
        // The proxy's parts are stored: the preview's encoder may take their memory.
        result.pieces.length = 0;
        if (result.scaled) await keepDecodedImage(context, asset, result.scaled);
        return { kind: "done", result: result.description };
      }
      reasons.push(result.reason);
      isTransient ||= result.isTransient;
    } catch (error) {
      // An AppError is an R2 failure; decoders throw other errors for invalid files.
      if (error instanceof AppError) throw error;
      if (error instanceof TruncatedFileError) return { kind: "failed", reason: error.message };
      reasons.push(failureReason(error));
    }
  }
  const reason = [...new Set(reasons)].join("; ").slice(0, 500);
  return isTransient ? { kind: "retry", reason } : { kind: "failed", reason };
}

async function createProxy(context: Context, asset: Asset, stored: ByteSource, head: Uint8Array): Promise<TaskOutcome> {
  const original = await inspectOriginal(stored, head, asset);
  if ("reason" in original) return { kind: "failed", reason: original.reason };
  return await tryStrategies(context, asset, original, await strategiesFor(original, context.config.workersPlan));
}

/** A video whose name says photo shows what its poster would be. */
async function createFromFilm(context: Context, asset: Asset): Promise<TaskOutcome> {
  const poster = await makeFilmPoster(context, asset);
  if (poster.kind === "unreadable") return { kind: "failed", reason: poster.reason };
  await keepProxy(context, asset, { pieces: [poster.bytes], contentType: poster.mimeType });
  return { kind: "done", result: poster.description };
}

function withAdvice(outcome: TaskOutcome): TaskOutcome {
  return outcome.kind === "failed" ? { ...outcome, reason: `${outcome.reason}; ${ADVICE.proxy}` } : outcome;
}

/**
 * Creates the display proxy, the source of all renditions of an original unsupported by the renderer. The format and
 * size come from the object, because the current version may be an edited one. An existing proxy is kept.
 * A permanent failure is recorded, so that requests for renditions end without reading the original.
 */
export async function runDisplayProxy(context: Context, asset: Asset): Promise<TaskOutcome> {
  if (asset.mediaType === "video") return { kind: "skipped", reason: "videos use their poster" };
  const { bucket } = context;
  const { id, currentVersionId: versionId, mimeType } = asset;
  const key = originalKey(id, versionId);
  const object = await openOriginal(bucket, key, { offset: 0, length: HEIF_HEAD_BYTES });
  if (object === null) return { kind: "failed", reason: "the original is missing from the bucket" };
  const stored = originalSource(bucket, key, object.size);
  const head = await fromStorage(() => object.bytes());
  if (!needsDisplayProxy({ family: sniff(head), mimeType, sizeBytes: object.size })) {
    return { kind: "skipped", reason: "the original can be rendered directly" };
  }
  if (await hasProxy(bucket, id, versionId)) return { kind: "done", result: PICTURE_WAYS.unchangedProxy };
  const outcome = withAdvice(
    filmFamilies.includes(sniff(head))
      ? await createFromFilm(context, asset)
      : await withDecoder(memoryOf(stored, head), () => createProxy(context, asset, stored, head)),
  );
  if (outcome.kind === "failed") await recordProxyFailure(context, id, versionId, outcome.reason);
  if (outcome.kind === "done") await forgetFailures(context, id, versionId);
  return outcome;
}
