/** Renders variants that the tasks of an asset have not made yet, and full sizes, on their first request. */
import { AppError } from "../../kernel/errors.ts";
import { hasRendition, storeRendition } from "../../objects/delivery/renditions.ts";
import { recordDerivedFile } from "../../records/delivery/derivedFiles.ts";
import type { RenderResult } from "../../providers/renderers/renderer.ts";
import { createRenderer } from "../../providers/renderers/rendererFactory.ts";
import {
  findDisplayFile,
  findProxyFile,
  openDisplayFile,
  openDisplaySource,
  type DisplayableAsset,
  type DisplayFile,
  type DisplaySource,
} from "./displaySource.ts";
import {
  FIRST_RENDER_PAUSE_MS,
  forgetFailures,
  MISSING_PROXY_EXPIRES_MS,
  recallFailure,
  recordRefusal,
  recordTransientFailure,
  renderingUnavailable,
} from "./renderFailures.ts";
import {
  makeScaledImages,
  storeScaledRenditions,
  type MadeImages,
  type NoImages,
  type OpenSource,
} from "./scaled/scaledRenditions.ts";
import { isWhole, substituteDamaged } from "./scaled/substitutes.ts";
import type { ScaledImages } from "../../media/transcode/display/scaledImages.ts";
import { createUrlSigner, type MediaAddress } from "./urlSigner.ts";
import {
  parseVariantName,
  renditionFormat,
  sourceVariantName,
  VARIANT_EDGES_PX,
  type RenditionFormat,
  type Variant,
} from "./variants.ts";
import type { Context } from "../context.ts";

export { createRenderer };

interface Rendering {
  assetId: string;
  versionId: string;
  trashedAt: number | null;
  mediaType: "image" | "video";
  variant: Variant;
  /** Longest edge that the API states for the version, in pixels; 0 if unknown. */
  statedEdgePx: number;
  origin: string;
}

/** Renderings in progress in this isolate; concurrent requests for the same rendition share one. */
const rendersInProgress = new Map<string, Promise<boolean>>();

/** One file, or all scaled variants of a version. */
type Made = Extract<RenderResult, { kind: "rendered" }> | { kind: "images"; images: ScaledImages };

function assetOf({ assetId, versionId, mediaType }: Rendering): DisplayableAsset {
  return { id: assetId, currentVersionId: versionId, posterVersionId: versionId, mediaType };
}

async function openSource(context: Context, rendering: Rendering): Promise<DisplaySource> {
  return await openDisplaySource(context, assetOf(rendering));
}

/**
 * The three scaled variants come from one billed rendering of the preview. The 10 ms of CPU of the Workers Free plan
 * are too few to derive the others from it.
 */
function areMadeTogether({ config }: Context, variant: Variant): boolean {
  return variant !== "fullsize" && config.workersPlan === "paid";
}

async function render(
  { config, images, nowMs }: Context,
  { assetId, versionId, trashedAt, mediaType, variant, origin }: Rendering,
  { body, isBroken }: OpenSource,
  format: RenditionFormat,
): Promise<RenderResult> {
  const url = async (): Promise<string> => {
    const signer = await createUrlSigner(config.mediaSigningKey, nowMs);
    return origin + (await signer.sign({ assetId, versionId, variant: sourceVariantName(mediaType), trashedAt }));
  };
  const renderer = createRenderer(config.imageDelivery, images);
  const result = await renderer({ body, url }, { edgePx: VARIANT_EDGES_PX[variant], format });
  if (result.kind === "unreadable" && isBroken()) throw renderingUnavailable(FIRST_RENDER_PAUSE_MS);
  return result;
}

/**
 * Renders the format that the API states, which follows from the stated size: an embedded preview may be smaller.
 * Falls back to JPEG, up to 65,500 pixels a side, if the encoder of WebP rejects the size.
 */
async function renderFullsize(context: Context, rendering: Rendering, source: OpenSource): Promise<RenderResult> {
  const longestEdgePx = Math.max(rendering.statedEdgePx, source.width, source.height);
  const format = renditionFormat("fullsize", longestEdgePx);
  const result = await render(context, rendering, source, format);
  if (result.kind === "rendered" || format === "jpeg") return result;
  const again = await openSource(context, rendering);
  return again.kind === "none" ? result : await render(context, rendering, again, "jpeg");
}

async function makeTogether(context: Context, rendering: Rendering): Promise<MadeImages | NoImages> {
  return await makeScaledImages(context, assetOf(rendering), (source) => render(context, rendering, source, "webp"));
}

/**
 * Finds the file to render at full size. The scaled variants of an animation decide which frame it shows, so they are
 * made first.
 */
async function findFullsizeFile(context: Context, rendering: Rendering): ReturnType<typeof findDisplayFile> {
  const { assetId, versionId } = rendering;
  const file = await findDisplayFile(context, assetOf(rendering));
  const isUndecided = file.kind === "file" && file.isAnimated && !file.isProxy && context.config.workersPlan === "paid";
  if (!isUndecided || (await hasRendition(context.bucket, { assetId, versionId, variant: "preview" }))) return file;
  const made = await makeTogether(context, rendering);
  if (made.kind !== "images") return file;
  await storeScaledRenditions(context, { assetId, versionId }, made.images);
  return await findDisplayFile(context, assetOf(rendering));
}

/**
 * Renders what there is of a damaged photo, from its display proxy. Null if there is none. The binding gets the proxy's
 * bytes; the zone's renderer would fetch the original.
 */
async function renderDamaged(context: Context, rendering: Rendering, file: DisplayFile): Promise<RenderResult | null> {
  const asset = assetOf(rendering);
  const isRepaired =
    (await findProxyFile(context, asset)) !== null || (await substituteDamaged(context, asset, file)) !== null;
  const proxy = isRepaired ? await findProxyFile(context, asset) : null;
  const source = proxy === null ? null : await openDisplayFile(context, proxy);
  if (source === null || source.kind === "none") return null;
  const config = { ...context.config, imageDelivery: "images-binding" } as const;
  return await renderFullsize({ ...context, config }, rendering, source);
}

async function makeFullsize(context: Context, rendering: Rendering): Promise<Made | NoImages> {
  const file = await findFullsizeFile(context, rendering);
  const source = file.kind === "none" ? file : await openDisplayFile(context, file);
  if (file.kind === "none") return file;
  if (source.kind === "none") return source;
  try {
    const result = await renderFullsize(context, rendering, source);
    if (result.kind === "rendered" || file.isProxy) return result;
    return (await renderDamaged(context, rendering, file)) ?? result;
  } catch (error) {
    // Cloudflare Images may report damage as an internal error.
    if (error instanceof AppError || file.isProxy || (await isWhole(context, file))) throw error;
    const result = await renderDamaged(context, rendering, file);
    if (result === null) throw error;
    return result;
  }
}

async function make(context: Context, rendering: Rendering): Promise<Made | NoImages> {
  if (areMadeTogether(context, rendering.variant)) return await makeTogether(context, rendering);
  if (rendering.variant === "fullsize") return await makeFullsize(context, rendering);
  const source = await openSource(context, rendering);
  return source.kind === "none" ? source : await render(context, rendering, source, "webp");
}

async function store(context: Context, { assetId, versionId, variant }: Rendering, made: Made): Promise<void> {
  if (made.kind === "images") return await storeScaledRenditions(context, { assetId, versionId }, made.images);
  const { bytes, contentType } = made;
  const file = { assetId, versionId, name: variant, sizeBytes: bytes.byteLength };
  await recordDerivedFile(context.db.primary(), file);
  await storeRendition(context.bucket, { assetId, versionId, variant }, bytes, contentType);
}

async function renderAndStore(context: Context, rendering: Rendering): Promise<boolean> {
  const { assetId, versionId, variant } = rendering;
  const address = { assetId, versionId, group: variant === "fullsize" ? "fullsize" : "scaled" } as const;
  const { failure, blocks } = await recallFailure(context, address);
  if (blocks) return false;
  let made: Made | NoImages;
  try {
    made = await make(context, rendering);
  } catch (error) {
    if (error instanceof AppError && error.code !== "rendering_unavailable") throw error;
    throw await recordTransientFailure(context, address, failure, error);
  }
  if (made.kind === "none") {
    if (made.awaitsProxy) await recordRefusal(context, address, made.reason, MISSING_PROXY_EXPIRES_MS);
    return false;
  }
  if (made.kind === "unreadable") {
    await recordRefusal(context, address, made.reason);
    return false;
  }
  await store(context, rendering, made);
  if (failure !== null) await forgetFailures(context, assetId, versionId);
  return true;
}

function renderShared(context: Context, rendering: Rendering): Promise<boolean> {
  const key = JSON.stringify(rendering);
  const running =
    rendersInProgress.get(key) ?? renderAndStore(context, rendering).finally(() => rendersInProgress.delete(key));
  rendersInProgress.set(key, running);
  return running;
}

/**
 * Renders a variant on its first request and stores it; `statedEdgePx` is the longest edge that the API states, 0 if
 * unknown. Returns false for an unknown variant, without a renderable
 * source, or after an earlier rendering showed that the image is unrenderable.
 *
 * @throws {AppError} `rendering_unavailable` for temporary failures.
 */
export async function createRendition(
  context: Context,
  { assetId, versionId, variant: name, trashedAt = null }: MediaAddress,
  statedEdgePx: number,
  origin: string,
): Promise<boolean> {
  const parsed = parseVariantName(name);
  if (parsed === null) return false;
  const { mediaType } = parsed;
  const variant = areMadeTogether(context, parsed.variant) ? "preview" : parsed.variant;
  try {
    const rendering = renderShared(context, {
      assetId,
      versionId,
      trashedAt,
      mediaType,
      variant,
      statedEdgePx,
      origin,
    });
    // Other requests may wait for the same rendering after this caller disconnects.
    context.waitUntil(rendering.catch(() => false));
    return await rendering;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw renderingUnavailable(FIRST_RENDER_PAUSE_MS, error);
  }
}
