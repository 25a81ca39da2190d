/** Decodes an original straight to a small image, so that Cloudflare Images isn't asked. */
import { boundedSource } from "../../inspect/bytes/boundedSource.ts";
import type { ByteSource } from "../../inspect/bytes/byteSource.ts";
import { inspectionBudget } from "../../inspect/bytes/inspectionBudget.ts";
import type { ImageContent } from "../../inspect/containers/imageContent.ts";
import type { MediaFamily } from "../../inspect/formats.ts";
import { readImageContent, readOrientation } from "../../inspect/imageInfo.ts";
import { decoderMemory, MAX_DECODER_BYTES, type DecoderMemory } from "../decoderMemory.ts";
import { MAX_DISPLAY_READ_BYTES } from "../display/displayImage.ts";
import type { RgbaImage } from "../rgbaImage.ts";
import { readAhead } from "../readAhead.ts";
import { displayedImage } from "./displayedImage.ts";
import { decodeScaledWebp, MAX_SCALED_WEBP_BYTES } from "./decodeScaledWebp.ts";
import { decodeScaledJpeg } from "./jpeg/decodeScaledJpeg.ts";
import { decodeScaledPng } from "./png/decodeScaledPng.ts";
import { storedArea, type ImageArea } from "./imageArea.ts";
import type { ScaledImage } from "./scaledImage.ts";
import { UnsupportedImageError } from "./unsupportedImage.ts";

/** Bytes to read at once from R2; most photos are read whole. */
const WINDOW_BYTES = 4 * 1024 * 1024;

interface ScaledOptions {
  edgePx: number;
  /** The part of the stored image that is decoded; null for the whole. */
  area: ImageArea | null;
  orientation: number;
  content: ImageContent;
  /** Shows a damaged file as far as it goes. */
  isTolerant: boolean;
  memory: DecoderMemory;
}

/** Returns the image as stored, its longest edge at most `edgePx`. */
type ScaledDecoder = (source: ByteSource, options: ScaledOptions) => Promise<RgbaImage & { damage: string | null }>;

const decoders: Partial<Record<MediaFamily, ScaledDecoder>> = {
  jpeg: async (source, { content, ...options }) =>
    await decodeScaledJpeg(source, { rawHeight: content.rawHeight, ...options }),
  png: decodeScaledPng,
  webp: async (source, { content, ...options }) => {
    const size = { width: content.rawWidth, height: content.rawHeight };
    return { ...(await decodeScaledWebp(source, { size, ...options })), damage: null };
  },
};

interface Request {
  edgePx: number;
  area: ImageArea | null;
  isTolerant: boolean;
}

async function decode(
  source: ByteSource,
  family: MediaFamily,
  { edgePx, area: uprightArea, isTolerant }: Request,
): Promise<ScaledImage> {
  const decoder = decoders[family];
  if (decoder === undefined) throw new UnsupportedImageError(`the Worker has no scaled decoder for ${family}`);
  const budget = inspectionBudget();
  const input = readAhead(source, WINDOW_BYTES);
  const content = await readImageContent(boundedSource(input, MAX_DISPLAY_READ_BYTES, budget), family, budget);
  if (content === null) throw new UnsupportedImageError("not an image");
  const orientation = (await readOrientation(content)) ?? 1;
  const memory = decoderMemory(family === "webp" ? MAX_SCALED_WEBP_BYTES : MAX_DECODER_BYTES);
  memory.hold("window", WINDOW_BYTES);
  const area = uprightArea === null ? null : storedArea(uprightArea, orientation);
  const image = await decoder(input, { edgePx, area, orientation, content, isTolerant, memory });
  return {
    kind: "image",
    image: displayedImage(image, { orientation, icc: content.icc }),
    peakBytes: memory.peakBytes(),
    damage: image.damage,
  };
}

async function decodeOrReason(source: ByteSource, family: MediaFamily, request: Request): Promise<ScaledImage> {
  const readErrors: unknown[] = [];
  const observed: ByteSource = {
    sizeBytes: source.sizeBytes,
    read: async (offset, length) => {
      try {
        return await source.read(offset, length);
      } catch (error) {
        readErrors.push(error);
        throw error;
      }
    },
  };
  try {
    return await decode(observed, family, request);
  } catch (error) {
    if (readErrors.length > 0) throw error;
    return { kind: "unsupported", reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Decodes a JPEG, PNG or WebP, or an area of the upright image, to an upright sRGB image whose longest edge is at most
 * `edgePx`; smaller images keep their size. Transparency is kept. Anything that this can't do, damage included, is `unsupported` with the reason. Read errors of
 * `source` pass through.
 */
export async function decodeScaled(
  source: ByteSource,
  family: MediaFamily,
  edgePx: number,
  area: ImageArea | null = null,
): Promise<ScaledImage> {
  return await decodeOrReason(source, family, { edgePx, area, isTolerant: false });
}

/**
 * Decodes like `decodeScaled`, and shows a damaged JPEG or PNG as far as it goes: what is missing is grey, and `damage`
 * describes it.
 */
export async function decodeDamaged(source: ByteSource, family: MediaFamily, edgePx: number): Promise<ScaledImage> {
  return await decodeOrReason(source, family, { edgePx, area: null, isTolerant: true });
}
