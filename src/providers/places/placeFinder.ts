import { AppError, type ErrorOptions } from "../../kernel/errors.ts";

/** Names of a location; null if unknown. */
export interface Place {
  city: string | null;
  /** First-level division: a state, a province, a canton. */
  state: string | null;
  country: string | null;
  /** ISO 3166-1 alpha-2. */
  countryCode: string | null;
  /** A district or neighbourhood. */
  sublocation: string | null;
  /** A landmark or building. */
  placeName: string | null;
}

/** Reverse geocoder: names the place at coordinates. */
export interface PlaceFinder {
  /**
   * Takes WGS 84 degrees. Returns null on the high seas and for invalid coordinates.
   * Throws a PartialPlaceError if only the detail failed, and other errors on transient failures.
   */
  find(latitude: number, longitude: number): Promise<Place | null>;
}

/**
 * Carries the place from the bundled data after the Nominatim server failed, so that it can be stored before a retry.
 * `rate_limited` is transient; `not_configured` needs a changed setting.
 */
export class PartialPlaceError extends AppError {
  readonly place: Place;

  constructor(place: Place, code: "rate_limited" | "not_configured", message: string, options: ErrorOptions = {}) {
    super(code, message, options);
    this.place = place;
  }
}
