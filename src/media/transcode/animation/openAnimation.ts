import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../inspect/formats.ts";
import type { DecoderMemory } from "../decoderMemory.ts";
import type { Animation } from "./animation.ts";
import { gifAnimation } from "./gifAnimation.ts";
import { pngAnimation } from "./pngAnimation.ts";
import { webpAnimation } from "./webpAnimation.ts";

const openers: Partial<Record<MediaFamily, (source: ByteSource, memory: DecoderMemory) => Promise<Animation>>> = {
  gif: gifAnimation,
  png: pngAnimation,
  webp: webpAnimation,
};

/** Opens a GIF, WebP or PNG as an animation; null for other formats. Throws for damaged headers. */
export async function openAnimation(
  source: ByteSource,
  family: MediaFamily,
  memory: DecoderMemory,
): Promise<Animation | null> {
  return (await openers[family]?.(source, memory)) ?? null;
}
