/** A question about a picture in the chat form that OpenAI began and the others took up. Sends nothing. */
import type { PictureFile } from "./describer.ts";

/** A preview of 1440 pixels has well under 1 MB; base64 makes a third more of it, and all of it is held at once. */
export const MAX_PICTURE_BYTES = 4 * 1024 * 1024;

/** Many times what 80 words need: a model that thinks before it speaks spends most of it on that. */
export const MAX_TOKENS = 2048;

export function tooLarge(picture: PictureFile): { kind: "unreadable"; reason: string } | null {
  if (picture.bytes.byteLength <= MAX_PICTURE_BYTES) return null;
  return { kind: "unreadable", reason: `${picture.bytes.byteLength} bytes are more than a describer is sent` };
}

/** A call takes so many arguments and not many more. */
const CHUNK_BYTES = 32 * 1024;

export function dataUrl(picture: PictureFile): string {
  let binary = "";
  for (let at = 0; at < picture.bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...picture.bytes.subarray(at, at + CHUNK_BYTES));
  }
  return `data:${picture.mimeType};base64,${btoa(binary)}`;
}

export function pictureMessage(prompt: string, picture: PictureFile) {
  return {
    role: "user",
    content: [
      { type: "text", text: prompt },
      // An object, although some servers take a bare string: the Workers AI binding does not.
      { type: "image_url", image_url: { url: dataUrl(picture) } },
    ],
  };
}
