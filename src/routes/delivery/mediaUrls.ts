import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";
import { createUrlSigner } from "../../operations/delivery/urlSigner.ts";
import { edgeOptions } from "../../operations/delivery/variants.ts";

/** Builds absolute media URLs. */
export interface MediaUrlBuilder {
  sign(target: {
    assetId: string;
    versionId: string;
    variant: string;
    trashedAt: number | null;
    downloadName?: string;
  }): Promise<string>;
  /** URL at which Cloudflare's edge resizes `source` to `edgePx`; null if the Worker renders variants itself. */
  resizedUrl: ((source: string, edgePx: number) => string) | null;
}

/** URL of Cloudflare's image resizing. */
function edgeUrl(origin: string) {
  return (source: string, edgePx: number): string => `${origin}/cdn-cgi/image/${edgeOptions(edgePx)}/${source}`;
}

/** Signed absolute URLs, on the configured origin or that of the request. */
export async function mediaUrlBuilder(c: Context<AppEnv>): Promise<MediaUrlBuilder> {
  const { config, nowMs, origin } = c.var;
  const signer = await createUrlSigner(config.mediaSigningKey, nowMs);
  return {
    sign: async ({ downloadName, ...address }) => origin + (await signer.sign(address, downloadName ?? null)),
    resizedUrl: config.imageDelivery === "cdn-cgi" ? edgeUrl(origin) : null,
  };
}
