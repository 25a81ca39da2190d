/** Countries (ISO 3166-1) and their subdivisions (ISO 3166-2), from the package iso-3166: `npm run build:places`. */
import subdivisionCodes from "./subdivisionCodes.json" with { type: "json" };

const subdivisions = new Map(Object.entries(subdivisionCodes));

/** Rules of automatic face detection differ between the states of the US alone. */
const COUNTRY_WITH_REQUIRED_SUBDIVISION = "US";

export interface HomeRegion {
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  /** ISO 3166-2 without the country. */
  subdivision: string | null;
}

export function isCountry(code: string): boolean {
  return subdivisions.has(code);
}

/** The reason why the region is invalid; null for a valid one. */
export function homeRegionProblem({ country, subdivision }: HomeRegion): string | null {
  if (subdivision === null) {
    return country === COUNTRY_WITH_REQUIRED_SUBDIVISION ? `is required when home_country is ${country}` : null;
  }
  if (country === null) return "requires home_country";
  const isKnown = (subdivisions.get(country) ?? "").split(" ").includes(subdivision);
  return isKnown ? null : `must be a subdivision of ${country} in ISO 3166-2, without the country`;
}
