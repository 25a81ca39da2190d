/** The name a file is saved under. Leaves the stored name alone. */
import { formatOfFileName } from "../../media/inspect/formats.ts";

/** What a version can be, and what its files are called. */
const extensions = new Map([
  ["image/jpeg", "jpg"],
  ["image/png", "png"],
]);

/** The upload's name, with another extension where a version has another format: an edited HEIC is a JPEG. */
export function downloadNameOf(originalFileName: string, mimeType: string): string {
  const extension = extensions.get(mimeType);
  const format = formatOfFileName(originalFileName);
  if (extension === undefined || format === null || format.mimeType === mimeType) return originalFileName;
  return `${originalFileName.slice(0, -format.extension.length)}${extension}`;
}
