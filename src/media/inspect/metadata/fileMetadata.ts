/** What a file tells of itself, field by field. Null means that it does not tell, or tells nonsense. */
import type { WallTime } from "./wallTime.ts";

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
  /** Decimal degrees; set together with the longitude or not at all. */
  latitude: number | null;
  longitude: number | null;
  /** Metres above the sea. */
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
  /** Apple's identifier that a live photo's still and video share. */
  livePhotoCid: string | null;
  /** GPano: how a panorama is laid on its sphere. */
  projectionType: string | null;
  /** The name of the ICC profile. */
  profileDescription: string | null;
  /** The camera's name for a burst. */
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
