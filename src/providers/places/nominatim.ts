/**
 * Client for GET /reverse in Nominatim's format (https://nominatim.org/release-docs/latest/api/Reverse/).
 * Response time and size are limited.
 */
import { z } from "zod";
import { isTransientStatus, parseJsonOrNull, readTextLimited, retryAfterOf } from "../httpResponses.ts";

export interface NominatimSettings {
  /** The URL to which `/reverse` is appended. */
  baseUrl: string;
  apiKey: string | null;
  /** Contact address for the server's operator. */
  email: string | null;
  /** In the format of Accept-Language. */
  language: string;
  timeoutMs?: number;
}

export interface PlaceDetail {
  placeName: string | null;
  sublocation: string | null;
  city: string | null;
  state: string | null;
}

export type GeocodeResult =
  | { kind: "detail"; detail: PlaceDetail }
  | { kind: "not_found" }
  /** An overload, a timeout, a broken connection. */
  | { kind: "transient"; reason: string; retryAfterSeconds?: number }
  /** A setting is wrong; every request fails until it is changed. */
  | { kind: "misconfigured"; reason: string };

const DEFAULT_TIMEOUT_MS = 15_000;
const MAX_RESPONSE_CHARACTERS = 256 * 1024;
const MAX_NAME_CHARACTERS = 200;
const MAX_REASON_CHARACTERS = 200;
/** Categories whose names are streets, settlements or borders instead of landmarks. */
const nonLandmarkCategories = new Set(["highway", "place", "boundary", "landuse"]);
/** Landmarks in the category `place`. */
const landmarkTypes = new Set(["square", "island", "islet", "archipelago"]);

const reverseResponse = z.object({
  error: z.unknown().optional(),
  name: z.string().nullish(),
  /** Named `class` in the older JSON format, which some servers still send. */
  category: z.string().nullish(),
  class: z.string().nullish(),
  type: z.string().nullish(),
  address: z.record(z.string(), z.unknown()).nullish(),
});
type ReverseResponse = z.infer<typeof reverseResponse>;

/** Requests the details of a point in WGS 84 degrees. Never throws: failures are returned as results. */
export async function reverseGeocode(
  settings: NominatimSettings,
  latitude: number,
  longitude: number,
): Promise<GeocodeResult> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = settings;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // A redirect could send the coordinates and the key to another host than the configured one.
    const response = await fetch(requestUrl(settings, latitude, longitude), {
      headers: requestHeaders(settings),
      redirect: "manual",
      signal,
    });
    const text = await readTextLimited(response, MAX_RESPONSE_CHARACTERS);
    return parseResponse(response, text === null ? null : parseJsonOrNull(text), settings.apiKey);
  } catch (error) {
    const problem = signal.aborted ? `timed out after ${timeoutMs / 1000} s` : `could not be reached: ${String(error)}`;
    return { kind: "transient", reason: `the geocoder ${problem}` };
  }
}

function requestUrl({ baseUrl, apiKey, email, language }: NominatimSettings, latitude: number, longitude: number): URL {
  const url = new URL(`${baseUrl}/reverse`);
  url.searchParams.set("format", "jsonv2");
  // Seven decimals are 1 cm and avoid exponents such as 1e-7.
  url.searchParams.set("lat", latitude.toFixed(7));
  url.searchParams.set("lon", longitude.toFixed(7));
  url.searchParams.set("zoom", "18");
  url.searchParams.set("addressdetails", "1");
  url.searchParams.set("accept-language", language);
  if (email !== null) url.searchParams.set("email", email);
  // Hosted servers read the key from here or from the Authorization header; Nominatim ignores both.
  if (apiKey !== null) url.searchParams.set("key", apiKey);
  return url;
}

function requestHeaders({ apiKey, email }: NominatimSettings): Record<string, string> {
  return {
    accept: "application/json",
    // Required by https://operations.osmfoundation.org/policies/nominatim/
    "user-agent": email === null ? "Tintype" : `Tintype (${email})`,
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  };
}

function parseResponse(response: Response, body: unknown, apiKey: string | null): GeocodeResult {
  const { status } = response;
  if (isTransientStatus(status)) {
    const pause = retryAfterOf(response.headers.get("retry-after"));
    return { kind: "transient", reason: `the geocoder responded with ${status}`, ...pause };
  }
  const parsed = reverseResponse.safeParse(body).data ?? null;
  const message = errorMessage(parsed?.error);
  if (/unable to geocode/i.test(message)) return { kind: "not_found" };
  if (status < 200 || status > 299) {
    const detail = message === "" ? "" : `: ${message.replaceAll(apiKey ?? "\0", "[key]")}`;
    return { kind: "misconfigured", reason: `the geocoder responded with ${status}${detail}` };
  }
  // Usually a base URL of some other server.
  if (parsed?.address == null) {
    return { kind: "misconfigured", reason: "the geocoder's response is not a Nominatim result" };
  }
  return { kind: "detail", detail: detailOf(parsed, parsed.address) };
}

/** Reads `"Unable to geocode"`, or `{ code, message }` in newer versions. */
function errorMessage(error: unknown): string {
  const message = z
    .union([z.string(), z.object({ message: z.string() }).transform((body) => body.message)])
    .safeParse(error);
  return (message.data ?? "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, MAX_REASON_CHARACTERS);
}

function detailOf(response: ReverseResponse, address: Record<string, unknown>): PlaceDetail {
  const first = (...keys: string[]): string | null =>
    keys.map((key) => nameOf(address[key])).find((name) => name !== null) ?? null;
  const category = response.category ?? response.class ?? "place";
  const isLandmark = !nonLandmarkCategories.has(category) || landmarkTypes.has(response.type ?? "");
  return {
    placeName: isLandmark ? (nameOf(response.name) ?? nameOf(address[category])) : null,
    sublocation: first("suburb", "city_district", "borough", "quarter", "neighbourhood"),
    city: first("city", "town", "village", "municipality"),
    state: first("state", "province", "region"),
  };
}

function nameOf(value: unknown): string | null {
  const name = typeof value === "string" ? value.trim().slice(0, MAX_NAME_CHARACTERS) : "";
  return name === "" ? null : name;
}
