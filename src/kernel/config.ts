/** Parses the vars and secrets of a deployment. */
import { parseAccountSettings, type AccountSettings } from "./settings/accountSettings.ts";
import { AppError } from "./errors.ts";
import { parseEmbedderSettings, type EmbedderConfig } from "./settings/embedderSettings.ts";
import { parseFaceSettings, type FaceRecognizerConfig } from "./settings/faceSettings.ts";
import { parseSignInSettings, type SignInSettings } from "./settings/signInSettings.ts";
import { text, type Vars } from "./settings/vars.ts";

export interface Config {
  production: boolean;
  /** Git commit of the deployment; null in local development. */
  commit: string | null;
  rootApiKey: string;
  mediaSigningKey: string;
  /** The key before the last rotation, which still verifies media URLs; null without one. */
  previousMediaSigningKey: string | null;
  /** Origin of media URLs, without a trailing slash; null for the request's origin. */
  publicUrl: string | null;
  /** `["*"]`, or the exact origins of browser apps. */
  corsOrigins: string[];
  defaultUserStorageLimitBytes: number;
  /** Storage limit of new libraries; null for the account's limit alone. */
  defaultLibraryStorageLimitBytes: number | null;
  maxLibrariesPerUser: number;
  maxAlbumsPerLibrary: number;
  /** Days during which a trashed asset or library can be restored. */
  trashRetentionDays: number;
  /** Bytes of originals that each scheduled run reads again; 0 turns the scrub off. */
  scrubBytesPerRun: number;
  /** Service that renders images: docs/renditions.md. */
  imageDelivery: ImageDelivery;
  /** Decodes originals for their scaled renditions: docs/renditions.md. */
  renderer: RendererKind;
  /** Decides how much CPU a task may take: docs/renditions.md. */
  workersPlan: WorkersPlan;
  /** Service that describes images: docs/captions.md. */
  describer: DescriberConfig;
  /** Service that names places: docs/places.md. */
  geocoder: GeocoderConfig;
  /** Finds faces in images: docs/faces.md. */
  faceRecognizer: FaceRecognizerConfig;
  /** Countries and states of the US in which automatic face detection is off. */
  faceDetectionExcludedRegions: string[];
  /** Service that maps texts and images to vectors: docs/search.md. */
  embedder: EmbedderConfig;
  /** The owner, and who may sign up: docs/users.md. */
  accounts: AccountSettings;
  /** How users sign in: docs/sign-in.md. */
  signIn: SignInSettings;
}

/** The describer's default applies where `model` or `prompt` is null. */
export type DescriberConfig =
  | { kind: "none" }
  | { kind: "workers-ai"; model: string | null; prompt: string | null }
  | { kind: "openai-compatible"; baseUrl: string; model: string; apiKey: string | null; prompt: string | null };

/** `offline` is the bundled place data, to which Nominatim adds detail. */
export type GeocoderConfig =
  | { kind: "offline" }
  | { kind: "nominatim"; baseUrl: string; apiKey: string | null; email: string | null; language: string };

export const IMAGE_DELIVERIES = ["images-binding", "cf-image", "cdn-cgi"] as const;
export type ImageDelivery = (typeof IMAGE_DELIVERIES)[number];

/** `images` is Cloudflare Images; `worker` decodes JPEG, PNG and WebP in the Worker. */
export const RENDERER_KINDS = ["images", "worker"] as const;
export type RendererKind = (typeof RENDERER_KINDS)[number];

/** Workers Paid allows minutes of CPU a task, Workers Free 10 ms. */
export const WORKERS_PLANS = ["paid", "free"] as const;
export type WorkersPlan = (typeof WORKERS_PLANS)[number];

export const MIN_SECRET_LENGTH = 32;
export const DEFAULT_STORAGE_LIMIT_BYTES = 1024 ** 4;
export const DEFAULT_MAX_LIBRARIES_PER_USER = 1000;
export const DEFAULT_MAX_ALBUMS_PER_LIBRARY = 10_000;
export const DEFAULT_TRASH_RETENTION_DAYS = 90;
/** 24 GiB a day. */
export const DEFAULT_SCRUB_BYTES_PER_RUN = 256 * 1024 * 1024;

/** Secrets are required: every request fails with the name of the missing one. */
function secret(vars: Vars, name: string): string {
  const value = vars[name];
  if (typeof value !== "string" || value === "") {
    throw new AppError("not_configured", `${name} is not set; set it with: npx wrangler secret put ${name}`);
  }
  if (value.length < MIN_SECRET_LENGTH) {
    throw new AppError("not_configured", `${name} is shorter than ${MIN_SECRET_LENGTH} characters`);
  }
  return value;
}

function optionalSecret(vars: Vars, name: string): string | null {
  return text(vars, name) === null ? null : secret(vars, name);
}

function wholeNumber<T extends number | null>(vars: Vars, name: string, fallback: T): number | T {
  const value = text(vars, name);
  if (value === null) return fallback;
  if (!/^\d{1,15}$/.test(value)) {
    throw new AppError("not_configured", `${name} must be a whole number, not "${value}"`);
  }
  return Number(value);
}

function publicUrl(vars: Vars, production: boolean): string | null {
  const value = text(vars, "PUBLIC_URL");
  if (value === null) return null;
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new AppError("not_configured", `PUBLIC_URL must be an http(s) URL, not "${value}"`);
  }
  if (production && new URL(value).protocol !== "https:") {
    throw new AppError("not_configured", `PUBLIC_URL must be an https URL in production, not "${value}"`);
  }
  return new URL(value).origin;
}

/** Returns one of the values that a setting allows; the first is the default. */
function oneOf<T extends string>(vars: Vars, name: string, values: readonly [T, ...T[]]): T {
  const value = text(vars, name) ?? values[0];
  const known = values.find((candidate) => candidate === value);
  if (known !== undefined) return known;
  throw new AppError("not_configured", `${name} must be one of ${values.join(", ")}, not "${value}"`);
}

function renderer(vars: Vars, workersPlan: WorkersPlan): RendererKind {
  const kind = oneOf(vars, "RENDERER", RENDERER_KINDS);
  if (kind === "images" || workersPlan === "paid") return kind;
  throw new AppError("not_configured", "RENDERER=worker exceeds the CPU limit of WORKERS_PLAN=free; use images");
}

/** Fails every request when a setting is missing, instead of every single description later. */
function openAiCompatible(vars: Vars): { baseUrl: string; model: string } {
  const url = text(vars, "DESCRIBER_URL") ?? "";
  const model = text(vars, "DESCRIBER_MODEL");
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AppError("not_configured", `DESCRIBER_URL must be an http(s) URL such as http://localhost:11434/v1`);
  }
  if (model === null) throw new AppError("not_configured", "DESCRIBER_MODEL must name the model of DESCRIBER_URL");
  return { baseUrl: url.replace(/\/+$/, ""), model };
}

/** Off by default: a describer costs money and receives images. */
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

/** Offline by default: any other geocoder receives coordinates. */
function geocoder(vars: Vars): GeocoderConfig {
  const kind = text(vars, "GEOCODER") ?? "offline";
  if (kind === "offline") return { kind };
  if (kind !== "nominatim") {
    throw new AppError("not_configured", `GEOCODER must be offline or nominatim, not "${kind}"`);
  }
  const language = text(vars, "GEOCODER_LANGUAGE") ?? "en";
  if (!/^[A-Za-z0-9,;=.* -]{1,100}$/.test(language)) {
    throw new AppError("not_configured", `GEOCODER_LANGUAGE must have the form of Accept-Language, such as "de, en"`);
  }
  const email = text(vars, "GEOCODER_EMAIL");
  if (email !== null && !/^[!-~]+@[!-~]+$/.test(email)) {
    throw new AppError("not_configured", `GEOCODER_EMAIL must be an e-mail address, not "${email}"`);
  }
  return { kind, baseUrl: geocoderUrl(vars), apiKey: text(vars, "GEOCODER_API_KEY"), email, language };
}

/**
 * Rejects a query or credentials in the URL: the key has its own setting, and fetch() rejects URLs with credentials.
 */
function geocoderUrl(vars: Vars): string {
  const url = text(vars, "GEOCODER_URL") ?? "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || /[?#@]/.test(url)) {
    throw new AppError("not_configured", "GEOCODER_URL must be an http(s) URL such as https://nominatim.example.com");
  }
  return url.replace(/\/+$/, "").replace(/\/reverse$/, "");
}

export function parseConfig(vars: Vars): Config {
  // A missing or misspelled value keeps the protections of production on.
  const production = text(vars, "ENVIRONMENT") !== "development";
  const rootApiKey = secret(vars, "ROOT_API_KEY");
  const mediaSigningKey = secret(vars, "MEDIA_SIGNING_KEY");
  if (production && `${rootApiKey}${mediaSigningKey}`.includes("local-development")) {
    throw new AppError("not_configured", "ROOT_API_KEY or MEDIA_SIGNING_KEY still has its local-development value");
  }
  const workersPlan = oneOf(vars, "WORKERS_PLAN", WORKERS_PLANS);
  const faces = parseFaceSettings(vars);
  return {
    production,
    rootApiKey,
    mediaSigningKey,
    previousMediaSigningKey: optionalSecret(vars, "MEDIA_SIGNING_KEY_PREVIOUS"),
    publicUrl: publicUrl(vars, production),
    commit: text(vars, "COMMIT"),
    imageDelivery: oneOf(vars, "IMAGE_DELIVERY", IMAGE_DELIVERIES),
    renderer: renderer(vars, workersPlan),
    workersPlan,
    describer: describer(vars),
    geocoder: geocoder(vars),
    faceRecognizer: faces.recognizer,
    faceDetectionExcludedRegions: faces.excludedRegions,
    embedder: parseEmbedderSettings(vars),
    accounts: parseAccountSettings(vars),
    signIn: parseSignInSettings(vars, production),
    corsOrigins: (text(vars, "CORS_ORIGINS") ?? "*").split(",").map((origin) => origin.trim()),
    defaultUserStorageLimitBytes: wholeNumber(vars, "DEFAULT_USER_STORAGE_LIMIT_BYTES", DEFAULT_STORAGE_LIMIT_BYTES),
    defaultLibraryStorageLimitBytes: wholeNumber(vars, "DEFAULT_LIBRARY_STORAGE_LIMIT_BYTES", null),
    maxLibrariesPerUser: wholeNumber(vars, "MAX_LIBRARIES_PER_USER", DEFAULT_MAX_LIBRARIES_PER_USER),
    maxAlbumsPerLibrary: wholeNumber(vars, "MAX_ALBUMS_PER_LIBRARY", DEFAULT_MAX_ALBUMS_PER_LIBRARY),
    trashRetentionDays: wholeNumber(vars, "TRASH_RETENTION_DAYS", DEFAULT_TRASH_RETENTION_DAYS),
    scrubBytesPerRun: wholeNumber(vars, "SCRUB_BYTES_PER_RUN", DEFAULT_SCRUB_BYTES_PER_RUN),
  };
}

/** Settings by `env`, which is one object with constant values during the lifetime of an isolate. */
const parsed = new WeakMap<object, Config>();

/** Parses the settings once for each isolate. Throws `not_configured` for missing and invalid ones. */
export function cachedConfig(env: object): Config {
  const config = parsed.get(env) ?? parseConfig({ ...env });
  parsed.set(env, config);
  return config;
}
