import type { WallTime } from "./wallTime.ts";

/** The metadata fields of a file; null if missing or invalid. */
export interface FileMetadata {
  make: string | null;
  model: string | null;
  /** EXIF 1 to 8. */
  orientation: number | null;
  modifiedDatetime: WallTime | null;
  originalDatetime: WallTime | null;
  digitizedDatetime: WallTime | null;
  lensModel: string | null;
  fNumber: number | null;
  /** Millimetres. */
  focalLength: number | null;
  iso: number | null;
  /** Seconds. */
  exposureTime: number | null;
  /** EV. */
  exposureBias: number | null;
  /** Decimal degrees; null unless both coordinates are valid. */
  latitude: number | null;
  longitude: number | null;
  /** Metres above sea level. */
  altitude: number | null;
  city: string | null;
  state: string | null;
  country: string | null;
  /** ISO 3166-1 alpha-2. */
  countryCode: string | null;
  sublocation: string | null;
  description: string | null;
  /** Frames per second; videos only. */
  fps: number | null;
  /** Apple's content identifier, shared by the photo and video of a live photo. */
  livePhotoCid: string | null;
  /** The projection of a panorama: GPano's ProjectionType, or a spherical video's. */
  projectionType: string | null;
  /** The name of the ICC profile. */
  profileDescription: string | null;
  /** The camera's identifier of a burst. */
  autoStackId: string | null;
  rating: number | null;
}

export function emptyMetadata(): FileMetadata {
  return {
    make: null,
    model: null,
    orientation: null,
    modifiedDatetime: null,
    originalDatetime: null,
    digitizedDatetime: null,
    lensModel: null,
    fNumber: null,
    focalLength: null,
    iso: null,
    exposureTime: null,
    exposureBias: null,
    latitude: null,
    longitude: null,
    altitude: null,
    city: null,
    state: null,
    country: null,
    countryCode: null,
    sublocation: null,
    description: null,
    fps: null,
    livePhotoCid: null,
    projectionType: null,
    profileDescription: null,
    autoStackId: null,
    rating: null,
  };
}
