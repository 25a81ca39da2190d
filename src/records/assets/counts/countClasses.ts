/** Classes of assets that counts are stored by: media type and rating. */
import { MAX_RATING } from "../../../kernel/rating.ts";

export interface CountClass {
  mediaType: "image" | "video";
  /** 0 to 5; unrated assets count as 0. */
  rating: number;
  /** Columns of `day_counts` and `month_counts`: all assets of the class, and those of them that are in an album. */
  column: string;
  inAlbumColumn: string;
}

const RATINGS = Array.from({ length: MAX_RATING + 1 }, (_, rating) => rating);

export const COUNT_CLASSES: readonly CountClass[] = (["image", "video"] as const).flatMap((mediaType) =>
  RATINGS.map((rating) => ({
    mediaType,
    rating,
    column: `${mediaType}_${rating}`,
    inAlbumColumn: `${mediaType}_${rating}_in_album`,
  })),
);
