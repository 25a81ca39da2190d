/**
 * Any server that answers /reverse in Nominatim's format: one's own, OpenStreetMap's, a hosted one. It is told where pictures
 * were taken, so it is only ever asked when its owner said so; it is not trusted with how long it takes or how much it answers.
 */
import { z } from "zod";
import { boundedText } from "../describers/readTextLimited.ts";

export interface NominatimSettings {
  /** What `/reverse` goes behind. */
  baseUrl: string;
  apiKey: string | null;
  /** Whom the server's owner may write to. */
  email: string | null;
  /** As in Accept-Language. */
  language: string;
  timeoutMs?: number;
}

/** Of an answer, what we take. */
export interface Detail {
  placeName: string | null;
  sublocation: string | null;
  city: string | null;
  state: string | null;
}

export type DetailAnswer =
  | { kind: "detail"; detail: Detail }
  /** The server knows of nothing there. */
  | { kind: "nothing" }
  /** An overload, a timeout, a broken connection. */
  | { kind: "passing"; reason: string; retryAfterSeconds?: number }
  /** No coordinates will get through until someone changes a setting. */
  | { kind: "misconfigured"; reason: string };

const DEFAULT_TIMEOUT_MS = 15_000;
const MAX_ANSWER_CHARACTERS = 256 * 1024;
const MAX_NAME_CHARACTERS = 200;
const MAX_REASON_CHARACTERS = 200;
const MAX_RETRY_AFTER_SECONDS = 3600;
/** Streets, settlements and borders are no landmarks; squares and islands are, though they are tagged as places. */
const noLandmark = new Set(["highway", "place", "boundary", "landuse"]);
const placesOfNote = new Set(["square", "island", "islet", "archipelago"]);

const reverseAnswer = z.object({
  error: z.unknown().optional(),
  name: z.string().nullish(),
  /** `class` in the older of the two JSON formats, which not every server has left behind. */
  category: z.string().nullish(),
  class: z.string().nullish(),
  type: z.string().nullish(),
  address: z.record(z.string(), z.unknown()).nullish(),
});
type ReverseAnswer = z.infer<typeof reverseAnswer>;

export async function askNominatim(
  settings: NominatimSettings,
  latitude: number,
  longitude: number,
): Promise<DetailAnswer> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = settings;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    // The coordinates and the key are for the host that was named, not for one it points to.
    const response = await fetch(urlOf(settings, latitude, longitude), {
      headers: headersOf(settings),
      redirect: "manual",
      signal,
    });
    const text = await boundedText(response, MAX_ANSWER_CHARACTERS);
    return answerOf(response, text === null ? null : parseJson(text), settings.apiKey);
  } catch (error) {
    const reason = signal.aborted
      ? `did not answer within ${timeoutMs / 1000} s`
      : `could not be reached: ${String(error)}`;
    return { kind: "passing", reason: `the geocoder ${reason}` };
  }
}

function urlOf({ baseUrl, apiKey, email, language }: NominatimSettings, latitude: number, longitude: number): URL {
  const url = new URL(`${baseUrl}/reverse`);
  url.searchParams.set("format", "jsonv2");
  // Seven decimals are 1 cm; more, or 1e-7, are only there to be misread.
  url.searchParams.set("lat", latitude.toFixed(7));
  url.searchParams.set("lon", longitude.toFixed(7));
  url.searchParams.set("zoom", "18");
  url.searchParams.set("addressdetails", "1");
  url.searchParams.set("accept-language", language);
  if (email !== null) url.searchParams.set("email", email);
  // Hosted servers read this or the header; Nominatim itself reads neither.
  if (apiKey !== null) url.searchParams.set("key", apiKey);
  return url;
}

function headersOf({ apiKey, email }: NominatimSettings): Record<string, string> {
  return {
    accept: "application/json",
    // OpenStreetMap's usage policy asks every application to say which it is.
    "user-agent": email === null ? "Tintype" : `Tintype (${email})`,
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function answerOf(response: Response, body: unknown, apiKey: string | null): DetailAnswer {
  const { status } = response;
  if (status === 429 || status === 408 || status === 425 || status >= 500) {
    return { kind: "passing", reason: `the geocoder answered ${status}`, ...retryAfter(response) };
  }
  const answer = reverseAnswer.safeParse(body).data ?? null;
  if (/unable to geocode/i.test(messageOf(answer?.error))) return { kind: "nothing" };
  if (status < 200 || status > 299) {
    const message = messageOf(answer?.error).replaceAll(apiKey ?? "\0", "[key]");
    const reason = `the geocoder answered ${status}${message === "" ? "" : `: ${message}`}`;
    return { kind: "misconfigured", reason };
  }
  // A page of some other server, most often: a base URL that is not one.
  if (answer?.address == null)
    return { kind: "misconfigured", reason: "the geocoder answered with something that is no place" };
  return { kind: "detail", detail: detailOf(answer, answer.address) };
}

/** `"Unable to geocode"`, or in a newer form `{ code, message }`. */
function messageOf(error: unknown): string {
  const message = z
    .union([z.string(), z.object({ message: z.string() }).transform((body) => body.message)])
    .safeParse(error);
  return (message.data ?? "")
    .replaceAll(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, MAX_REASON_CHARACTERS);
}

function retryAfter(response: Response): { retryAfterSeconds?: number } {
  const seconds = Math.ceil(Number(response.headers.get("retry-after") ?? Number.NaN));
  return seconds > 0 ? { retryAfterSeconds: Math.min(seconds, MAX_RETRY_AFTER_SECONDS) } : {};
}

function detailOf(answer: ReverseAnswer, address: Record<string, unknown>): Detail {
  const first = (...keys: string[]): string | null =>
    keys.map((key) => nameOf(address[key])).find((name) => name !== null) ?? null;
  const category = answer.category ?? answer.class ?? "place";
  const isLandmark = !noLandmark.has(category) || placesOfNote.has(answer.type ?? "");
  return {
    placeName: isLandmark ? (nameOf(answer.name) ?? nameOf(address[category])) : null,
    sublocation: first("suburb", "city_district", "borough", "quarter", "neighbourhood"),
    city: first("city", "town", "village", "municipality"),
    state: first("state", "province", "region"),
  };
}

function nameOf(value: unknown): string | null {
  const name = typeof value === "string" ? value.trim().slice(0, MAX_NAME_CHARACTERS) : "";
  return name === "" ? null : name;
}
