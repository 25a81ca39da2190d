import { AppError } from "../../kernel/errors.ts";
import { storeRendition } from "../../objects/delivery/renditions.ts";
import { createRenderer } from "../../providers/renderers/rendererFactory.ts";
import { openDisplaySource } from "./displaySource.ts";
import { createUrlSigner, type MediaAddress } from "./urlSigner.ts";
import { VARIANT_EDGES_PX, parseVariantName, type Variant, type RenditionFormat } from "./variants.ts";
import type { Context } from "../context.ts";

export { createRenderer };

interface RenditionAddress {
  assetId: string;
  versionId: string;
  variant: Variant;
  format: RenditionFormat;
}

/** Renderings in progress in this isolate; concurrent requests for the same rendition share one. */
const rendersInProgress = new Map<string, Promise<boolean>>();

async function renderAndStore(
  context: Context,
  address: RenditionAddress,
  mediaType: "image" | "video",
  origin: string,
): Promise<boolean> {
  const { assetId, versionId } = address;
  const source = await openDisplaySource(context, {
    id: assetId,
    currentVersionId: versionId,
    posterVersionId: versionId,
    mediaType,
  });
  if (source.kind === "none") return false;
  const { config, images, nowMs } = context;
  const url = async (): Promise<string> => {
    const signer = await createUrlSigner(config.mediaSigningKey, nowMs);
    return origin + (await signer.sign({ assetId, versionId, variant: source.variant }));
  };
  const rendered = await createRenderer(config.imageDelivery, images)(
    { body: source.body, url },
    { edgePx: VARIANT_EDGES_PX[address.variant], format: address.format },
  );
  if (rendered.kind === "unreadable") return false;
  await storeRendition(context.bucket, address, rendered.bytes, rendered.contentType);
  return true;
}

function renderShared(
  context: Context,
  address: RenditionAddress,
  mediaType: "image" | "video",
  origin: string,
): Promise<boolean> {
  const key = JSON.stringify(address);
  const rendering =
    rendersInProgress.get(key) ??
    renderAndStore(context, address, mediaType, origin).finally(() => rendersInProgress.delete(key));
  rendersInProgress.set(key, rendering);
  return rendering;
}

/**
 * Renders a variant on its first request and stores it. Returns false for an unknown variant or when no renderable
 * source exists. Throws `rendering_unavailable` for temporary failures.
 */
export async function createRendition(
  context: Context,
  address: MediaAddress,
  format: RenditionFormat,
  origin: string,
): Promise<boolean> {
  const parsed = parseVariantName(address.variant);
  if (parsed === null) return false;
  const rendition = { assetId: address.assetId, versionId: address.versionId, variant: parsed.variant, format };
  try {
    const rendering = renderShared(context, rendition, parsed.mediaType, origin);
    // Other requests may wait for the same rendering after this caller disconnects.
    context.waitUntil(rendering.catch(() => false));
    return await rendering;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("rendering_unavailable", "image rendering failed temporarily; retry the request", {
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}
