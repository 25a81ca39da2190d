/** Exported MAX_… constants for internal use, outside the limits of clients, files and runs. */
export const internal: readonly string[] = [
  "MAX_OFFSET_US",
  "MAX_BLOCKED_NETWORKS",
  "MAX_REMEMBERED_KEYS",
  "MAX_REMEMBERED_PRINCIPALS",
  "MAX_COUNTED_CREDENTIALS",
  "MAX_REMEMBERED_MEDIA_FILES",
  "MAX_REMEMBERED_SIGNATURES",
  "MAX_KNOWN_LIBRARIES",
  "MAX_STREAM_PAGE_ASSETS",
  "MAX_NAMES_FOLDED_AT_ONCE",
  "MAX_ALBUMS_OF_ONE_NAME",
  "MAX_NAMING_DISTANCE_KM",
  "MAX_NUMBERS",
  "MAX_TILE_BAND_BYTES",
];
