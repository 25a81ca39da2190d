import { formatForFileName } from "../../media/inspect/formats.ts";

/** File extensions of the formats that an edited version can have. */
const versionExtensions = new Map([
  ["image/jpeg", "jpg"],
  ["image/png", "png"],
]);

/** Returns the upload's file name with the extension of the version's format: an edited version of a HEIC is a JPEG. */
export function downloadName(originalFileName: string, mimeType: string): string {
  const extension = versionExtensions.get(mimeType);
  const format = formatForFileName(originalFileName);
  if (extension === undefined || format === null || format.mimeType === mimeType) return originalFileName;
  return `${originalFileName.slice(0, -format.extension.length)}${extension}`;
}
