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
}

type Vars = Record<string, unknown>;

const MIN_SECRET_LENGTH = 32;
const DEFAULT_STORAGE_LIMIT_BYTES = 1024 ** 4;

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

function wholeNumber(vars: Vars, name: string, fallback: number): number {
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
    corsOrigins: (text(vars, "CORS_ORIGINS") ?? "*").split(",").map((origin) => origin.trim()),
    defaultUserStorageLimitBytes: wholeNumber(vars, "DEFAULT_USER_STORAGE_LIMIT_BYTES", DEFAULT_STORAGE_LIMIT_BYTES),
  };
}
