/** The model of daily browsing behind the monthly bill. Change a number here and run `npm run bench:report`. */

export const browsing = {
  daysPerMonth: 30,
  /** Of four people together. */
  sessionsPerDay: 12,
  monthCountsPerSession: 1,
  pagesOf100PerSession: 5,
  assetsPerSession: 10,
  thumbnailsPerSession: 400,
  previewsPerSession: 40,
  /** Enlarged beyond the preview for the first time: a rendering each. */
  fullsizePerSession: 2,
  /** Devices that ask for new events all day, every 15 minutes. */
  syncingDevices: 4,
  pollsPerDeviceAndDay: 96,
  newPhotosPerDay: 20,
  /** Share of thumbnails and previews that Workers Cache answers; such a request is billed, its CPU time is not. */
  cacheHitShare: 0.5,
  /** Size of an original: 100,000 of them are 350 GB. */
  originalBytes: 3_500_000,
} as const;

/** Rows and requests that run without anyone browsing. */
export const schedule = {
  /** `crons` in wrangler.toml: every 15 minutes. */
  runsPerDay: 96,
  integrityReportsPerDay: 1,
  /** Every original is read again once a week. */
  scrubRoundsPerMonth: 30 / 7,
  /** R2 lists up to 1,000 objects in one operation. */
  objectsPerListing: 1000,
  /** The original, thumbnail, small and preview. */
  objectsPerPhoto: 4,
} as const;
