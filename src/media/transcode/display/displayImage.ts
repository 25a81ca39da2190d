/**
 * Renderers differ in the orientation tags and odd headers that they understand. Each file is therefore patched on its
 * way to the renderer, so that the image agrees with the dimensions that the metadata reader stored.
 */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import { inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import type { MediaFamily } from "../../inspect/formats.ts";
import { type DisplayInfo, readDisplayInfo } from "../../inspect/imageInfo.ts";
import { sniff, SNIFF_BYTES } from "../../inspect/sniff.ts";
import { hasFurtherFrames } from "../animation/hasFurtherFrames.ts";
import { type BytePatch, replacement } from "./bytePatches.ts";
import { jpegPatches } from "./jpegPatches.ts";
import { pngPatches } from "./pngPatches.ts";
import { webpPatches } from "./webpPatches.ts";

export interface DisplayImage {
  /** Detected from the bytes; null if unknown. */
  family: MediaFamily | null;
  /** Displayed size in pixels; 0 if unknown. */
  width: number;
  height: number;
  /** Whether frames follow the first one, which may be blank. */
  isAnimated: boolean;
  /** Changes to the bytes that the renderer gets. */
  patches: BytePatch[];
}

/** Same limit as for reading metadata: a photo needs one to three reads. */
export const MAX_DISPLAY_READ_BYTES = 4 * 1024 * 1024;
/** Offset of the logical screen's width and height in a GIF. */
const GIF_SCREEN_AT = 6;

/** Sets the logical screen to the dimensions that the metadata reader found. */
function gifPatches({ rawWidth, rawHeight }: DisplayInfo): BytePatch[] {
  if (rawWidth === null || rawHeight === null || Math.max(rawWidth, rawHeight) > 0xffff) return [];
  const screen = Uint8Array.of(rawWidth & 0xff, rawWidth >> 8, rawHeight & 0xff, rawHeight >> 8);
  return [replacement(GIF_SCREEN_AT, screen)];
}

async function patchesFor(source: ByteSource, family: MediaFamily, facts: DisplayInfo): Promise<BytePatch[]> {
  if (family === "jpeg") return await jpegPatches(source, facts);
  if (family === "png") return await pngPatches(source, facts);
  if (family === "webp") return await webpPatches(source, facts);
  return family === "gif" ? gifPatches(facts) : [];
}

/**
 * Reads how an image is displayed, and the patches that make renderers display it so. Treats read errors as damage of
 * the file: the caller checks whether reads failed.
 */
export async function readDisplayImage(file: ByteSource): Promise<DisplayImage> {
  const budget = inspectionBudget();
  const source = boundedSource(file, MAX_DISPLAY_READ_BYTES, budget);
  const family = sniff(await source.read(0, SNIFF_BYTES));
  const info = family === null ? null : await readDisplayInfo(source, family, budget);
  if (family === null || info === null) return { family, width: 0, height: 0, isAnimated: false, patches: [] };
  // A failure means that the header is damaged; the renderer reports it.
  const patches = await patchesFor(source, family, info).catch(() => []);
  const isAnimated = await hasFurtherFrames(source, family).catch(() => false);
  return { family, width: info.width, height: info.height, isAnimated, patches };
}
