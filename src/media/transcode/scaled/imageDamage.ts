/** What a damaged file lacks, when it is shown as far as it goes. */
import { TruncatedFileError } from "../jpeg/encodedJpeg.ts";

export interface ImageDamage {
  /** Share of the image that has no data and is grey, 0 to 1. */
  missing: number;
  /** Codes that their table lacks: what follows them may be wrong. */
  isCorrupt: boolean;
  /** Later scans of a progressive file are missing, in whole or in part. */
  lacksDetail: boolean;
}

/** Less of an image is not worth showing. */
export const MIN_SHOWN_SHARE = 0.02;

function describeDamage({ missing, isCorrupt, lacksDetail }: ImageDamage): string | null {
  const parts = [
    missing > 0 ? `${Math.max(1, Math.round(missing * 100))} % of the image is missing` : null,
    isCorrupt ? "parts may be wrong" : null,
    lacksDetail ? "details are missing" : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : `the file is damaged: ${parts.join(", ")}`;
}

/**
 * Describes tolerated damage for the result of a task; null for a whole image. Throws `TruncatedFileError` with the text
 * `refusal` if next to nothing is left.
 */
export function acceptDamage(damage: ImageDamage, refusal: string): string | null {
  if (damage.missing > 1 - MIN_SHOWN_SHARE) throw new TruncatedFileError(refusal);
  return describeDamage(damage);
}
