/** Opens animations of test/fixtures/animations. */
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../../src/media/inspect/formats.ts";
import { openAnimation } from "../../../src/media/transcode/animation/openAnimation.ts";
import { findVisibleFrame, type VisibleFrame } from "../../../src/media/transcode/animation/visibleFrame.ts";
import { decoderMemory } from "../../../src/media/transcode/decoderMemory.ts";
import { sampleBytes } from "../../fixtures/media/samples.ts";

export async function animationBytes(name: string): Promise<Uint8Array> {
  return await sampleBytes(`test/fixtures/animations/${name}`);
}

export function familyOf(name: string): MediaFamily {
  const [extension] = name.split(".").slice(-1);
  return extension === "gif" || extension === "webp" ? extension : "png";
}

export async function visibleFrame(bytes: Uint8Array, family: MediaFamily): Promise<VisibleFrame | null> {
  const memory = decoderMemory(98 * 1024 * 1024);
  const animation = await openAnimation(memorySource(bytes), family, memory);
  return animation === null ? null : await findVisibleFrame(animation, memory);
}
