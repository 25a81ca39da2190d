/** The deployment's settings, parsed once. Reads no binding and touches no network. */
import { AppError } from "./errors.ts";

export interface Config {
  production: boolean;
  rootApiKey: string;
  mediaSigningKey: string;
  /** Origin that media URLs carry, without a trailing slash; null: the origin of the request. */
  publicUrl: string | null;
  /** `["*"]`, or the exact origins a browser app may call from. */
  corsOrigins: string[];
  defaultUserStorageLimitBytes: number;
  /** Of each library made from now on; null: only its owner's limit holds. */
  defaultLibraryStorageLimitBytes: number | null;
  /** For how long an asset can be restored. */
  trashRetentionDays: number;
  /** Who resizes pictures; see docs/renditions.md. */
  imageDelivery: ImageDelivery;
  /** Who puts pictures into words; see docs/captions.md. */
  describer: DescriberConfig;
  /** Who names places; see docs/places.md. */
  geocoder: GeocoderConfig;
}

/** Null where the describer's own default is meant. */
export type DescriberConfig =
  | { kind: "none" }
  | { kind: "workers-ai"; model: string | null; prompt: string | null }
  | { kind: "openai-compatible"; baseUrl: string; model: string; apiKey: string | null; prompt: string | null };

/** `offline` is the data that ships with the project; Nominatim adds detail to it. */
export type GeocoderConfig =
  | { kind: "offline" }
  | { kind: "nominatim"; baseUrl: string; apiKey: string | null; email: string | null; language: string };

export const imageDeliveries = ["images-binding", "cf-image", "cdn-cgi"] as const;
export type ImageDelivery = (typeof imageDeliveries)[number];

type Vars = Record<string, unknown>;

const MIN_SECRET_LENGTH = 32;
const DEFAULT_STORAGE_LIMIT_BYTES = 1024 ** 4;
const DEFAULT_TRASH_RETENTION_DAYS = 90;

/** Secrets have no default: without one the deployment refuses every request and says which. */
function secret(vars: Vars, name: string): string {
  const value = vars[name];
  if (typeof value !== "string" || value === "") {
    throw new AppError("not_configured", `${name} is not set. Set it with: npx wrangler secret put ${name}`);
  }
  if (value.length < MIN_SECRET_LENGTH) {
    throw new AppError("not_configured", `${name} is shorter than ${MIN_SECRET_LENGTH} characters`);
  }
  return value;
}

function text(vars: Vars, name: string): string | null {
  const value = vars[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

function wholeNumber<T extends number | null>(vars: Vars, name: string, fallback: T): number | T {
  const value = text(vars, name);
  if (value === null) return fallback;
  if (!/^\d{1,15}$/.test(value)) {
    throw new AppError("not_configured", `${name} must be a whole number, not "${value}"`);
  }
  return Number(value);
}

function publicUrl(vars: Vars): string | null {
  const value = text(vars, "PUBLIC_URL");
  if (value === null) return null;
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new AppError("not_configured", `PUBLIC_URL must be an http(s) URL, not "${value}"`);
  }
  return new URL(value).origin;
}

function imageDelivery(vars: Vars): ImageDelivery {
  const value = text(vars, "IMAGE_DELIVERY") ?? "images-binding";
  const known = imageDeliveries.find((delivery) => delivery === value);
  if (known !== undefined) return known;
  throw new AppError("not_configured", `IMAGE_DELIVERY must be one of ${imageDeliveries.join(", ")}, not "${value}"`);
}

/** A local server without the two would fail picture by picture; refusing all requests is heard at once. */
function openAiCompatible(vars: Vars): { baseUrl: string; model: string } {
  const url = text(vars, "DESCRIBER_URL") ?? "";
  const model = text(vars, "DESCRIBER_MODEL");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AppError("not_configured", `DESCRIBER_URL must be an http(s) URL such as http://localhost:11434/v1`);
  }
  if (model === null) throw new AppError("not_configured", "DESCRIBER_MODEL must name the model of DESCRIBER_URL");
  return { baseUrl: url.replace(/\/+$/, ""), model };
}

/** None unless it is asked for: a describer costs money, and pictures leave the deployment. */
function describer(vars: Vars): DescriberConfig {
  const kind = text(vars, "DESCRIBER") ?? "none";
  const prompt = text(vars, "DESCRIBER_PROMPT");
  if (kind === "none") return { kind };
  if (kind === "workers-ai") return { kind, model: text(vars, "DESCRIBER_MODEL"), prompt };
  if (kind === "openai-compatible") {
    return { kind, ...openAiCompatible(vars), apiKey: text(vars, "DESCRIBER_API_KEY"), prompt };
  }
  throw new AppError("not_configured", `DESCRIBER must be none, workers-ai or openai-compatible, not "${kind}"`);
}

/** Offline unless another is asked for: coordinates leave the deployment for it. */
function geocoder(vars: Vars): GeocoderConfig {
  const kind = text(vars, "GEOCODER") ?? "offline";
  if (kind === "offline") return { kind };
  if (kind !== "nominatim") {
    throw new AppError("not_configured", `GEOCODER must be offline or nominatim, not "${kind}"`);
  }
  const language = text(vars, "GEOCODER_LANGUAGE") ?? "en";
  if (!/^[A-Za-z0-9,;=.* -]{1,100}$/.test(language)) {
    throw new AppError("not_configured", `GEOCODER_LANGUAGE must be as in Accept-Language, such as "de, en"`);
  }
  const email = text(vars, "GEOCODER_EMAIL");
  if (email !== null && !/^[!-~]+@[!-~]+$/.test(email)) {
    throw new AppError("not_configured", `GEOCODER_EMAIL must be an e-mail address, not "${email}"`);
  }
  return { kind, baseUrl: geocoderUrl(vars), apiKey: text(vars, "GEOCODER_API_KEY"), email, language };
}

/** No query, no user: a key has a setting of its own, and fetch() takes no URL with a user in it. */
function geocoderUrl(vars: Vars): string {
  const url = text(vars, "GEOCODER_URL") ?? "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || /[?#@]/.test(url)) {
    throw new AppError("not_configured", "GEOCODER_URL must be an http(s) URL such as https://nominatim.example.com");
  }
  return url.replace(/\/+$/, "").replace(/\/reverse$/, "");
}

export function parseConfig(vars: Vars): Config {
  const production = text(vars, "ENVIRONMENT") === "production";
  const rootApiKey = secret(vars, "ROOT_API_KEY");
  const mediaSigningKey = secret(vars, "MEDIA_SIGNING_KEY");
  if (production && `${rootApiKey}${mediaSigningKey}`.includes("local-development")) {
    throw new AppError("not_configured", "ROOT_API_KEY or MEDIA_SIGNING_KEY still has its local-development value");
  }
  return {
    production,
    rootApiKey,
    mediaSigningKey,
    publicUrl: publicUrl(vars),
    imageDelivery: imageDelivery(vars),
    describer: describer(vars),
    geocoder: geocoder(vars),
    corsOrigins: (text(vars, "CORS_ORIGINS") ?? "*").split(",").map((origin) => origin.trim()),
    defaultUserStorageLimitBytes: wholeNumber(vars, "DEFAULT_USER_STORAGE_LIMIT_BYTES", DEFAULT_STORAGE_LIMIT_BYTES),
    defaultLibraryStorageLimitBytes: wholeNumber(vars, "DEFAULT_LIBRARY_STORAGE_LIMIT_BYTES", null),
    trashRetentionDays: wholeNumber(vars, "TRASH_RETENTION_DAYS", DEFAULT_TRASH_RETENTION_DAYS),
  };
}
