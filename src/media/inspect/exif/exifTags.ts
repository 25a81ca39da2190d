/** The numbers of the EXIF tags that this project reads. */

/** Of the first directory. */
export const imageTags = {
  description: 0x10e,
  make: 0x10f,
  model: 0x110,
  orientation: 0x112,
  modified: 0x132,
  rating: 0x4746,
} as const;

/** Of the EXIF directory; RAW files and scanners keep some of them in the first one. */
export const exifTags = {
  exposureTime: 0x829a,
  fNumber: 0x829d,
  iso: 0x8827,
  recommendedExposureIndex: 0x8832,
  original: 0x9003,
  digitized: 0x9004,
  offset: 0x9010,
  offsetOriginal: 0x9011,
  offsetDigitized: 0x9012,
  exposureBias: 0x9204,
  focalLength: 0x920a,
  subSeconds: 0x9290,
  subSecondsOriginal: 0x9291,
  subSecondsDigitized: 0x9292,
  lensModel: 0xa434,
} as const;

/** In the first directory of a Panasonic RAW. */
export const panasonicIso = 0x17;

export const gpsTags = {
  latitudeReference: 1,
  latitude: 2,
  longitudeReference: 3,
  longitude: 4,
  altitudeReference: 5,
  altitude: 6,
  timeStamp: 7,
  dateStamp: 29,
} as const;

export const makerNote = 0x927c;
export const exifPointer = 0x8769;
export const gpsPointer = 0x8825;
