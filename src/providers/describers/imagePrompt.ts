/** Chat messages with an image, in OpenAI's format. */
import type { ImageFile } from "./describer.ts";

/** A 1440-pixel preview is well under 1 MB. Base64 adds a third, and the request is held in memory. */
const MAX_IMAGE_BYTES = 4 * 1024 * 1024;

/** Far above the 80 requested words, because reasoning models count their reasoning. */
export const MAX_COMPLETION_TOKENS = 2048;

/** Returns a rejection if the image is too large to send, else null. */
export function rejectOversized(image: ImageFile): { kind: "unreadable"; reason: string } | null {
  const sizeBytes = image.bytes.byteLength;
  if (sizeBytes <= MAX_IMAGE_BYTES) return null;
  return {
    kind: "unreadable",
    reason: `image of ${sizeBytes} bytes exceeds the describer limit of ${MAX_IMAGE_BYTES}`,
  };
}

/** Encodes the image as a Base64 data URL (RFC 2397). */
export function toDataUrl(image: ImageFile): string {
  return `data:${image.mimeType};base64,${image.bytes.toBase64()}`;
}

/** Builds a user message of a prompt and an image. */
export function imagePrompt(prompt: string, image: ImageFile) {
  return {
    role: "user",
    content: [
      { type: "text", text: prompt },
      // The Workers AI binding rejects a plain string for image_url, which some servers accept.
      { type: "image_url", image_url: { url: toDataUrl(image) } },
    ],
  };
}
