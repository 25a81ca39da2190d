/** Tags of IFD0. */
export const imageTags = {
  description: 0x10e,
  make: 0x10f,
  model: 0x110,
  orientation: 0x112,
  modified: 0x132,
  rating: 0x4746,
} as const;

/** Tags of the EXIF directory; RAW files and scanners put some of them into IFD0. */
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
  shutterSpeedValue: 0x9201,
  apertureValue: 0x9202,
  exposureBias: 0x9204,
  focalLength: 0x920a,
  subSeconds: 0x9290,
  subSecondsOriginal: 0x9291,
  subSecondsDigitized: 0x9292,
  lensSpecification: 0xa432,
  lensModel: 0xa434,
} as const;

/** In IFD0 of a Panasonic RAW. */
export const PANASONIC_ISO_TAG = 0x17;

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

export const MAKER_NOTE_TAG = 0x927c;
export const EXIF_POINTER_TAG = 0x8769;
export const GPS_POINTER_TAG = 0x8825;
