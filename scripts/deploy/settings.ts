/**
 * The settings of an instance, in `deploy.env` or `deploy.<name>.env`: ignored by git, so that an upgrade never
 * conflicts. `npm run deploy` writes what its options set; the user may add the Worker's variables by hand.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parseAccountSettings } from "../../src/kernel/settings/accountSettings.ts";
import { parseSignInSettings } from "../../src/kernel/settings/signInSettings.ts";

export const DEFAULT_NAME = "tintype";
/** Names of Workers, buckets and queues: the strictest of their rules. */
const NAME_PATTERN = /^[a-z][a-z0-9-]{1,48}[a-z0-9]$/;
const HOST_PATTERN = /^([a-z0-9-]+\.)+[a-z]{2,}$/i;

export const locations = ["weur", "eeur", "apac", "oc", "wnam", "enam"] as const;
export const jurisdictions = ["eu", "us", "fedramp"] as const;
export const plans = ["paid", "free"] as const;
const deliveries = ["images-binding", "cf-image", "cdn-cgi"] as const;

/** The lines that configure the deployment. All others are variables of the Worker. */
const deploymentNames = ["CLOUDFLARE_ACCOUNT_ID", "HOST", "LOCATION", "JURISDICTION"] as const;
/** Variables that `npm run deploy` derives. */
const derivedNames = ["ENVIRONMENT", "PUBLIC_URL", "COMMIT"];
const SECRET_PATTERN = /(_KEY|_KEY_PREVIOUS|SECRET|TOKEN|PASSWORD)$/;

export interface Settings {
  name: string;
  accountId: string | null;
  /** Host of a zone that serves the Worker; null for workers.dev. */
  host: string | null;
  location: (typeof locations)[number] | null;
  jurisdiction: (typeof jurisdictions)[number] | null;
  /** Variables of the Worker: the table in README, Configuration. */
  vars: Record<string, string>;
}

/** Options of the command line, which replace saved settings. */
export interface SettingOptions {
  name?: string | undefined;
  zone?: string | undefined;
  location?: string | undefined;
  jurisdiction?: string | undefined;
  plan?: string | undefined;
  "image-delivery"?: string | undefined;
}

/** Name of the settings file in the project's directory. */
export function settingsFile(name: string): string {
  return name === DEFAULT_NAME ? "deploy.env" : `deploy.${name}.env`;
}

function choice<T extends string>(value: string | undefined, values: readonly T[], label: string): T | null {
  if (value === undefined || value === "") return null;
  const known = values.find((candidate) => candidate === value);
  if (known === undefined) throw new Error(`${label} must be one of ${values.join(", ")}, not "${value}".`);
  return known;
}

function parseHost(value: string | undefined, label: string): string | null {
  if (value === undefined || value === "") return null;
  if (!HOST_PATTERN.test(value)) throw new Error(`${label} must be a host such as photos.example.com, not "${value}".`);
  return value.toLowerCase();
}

function parseName(name: string): string {
  if (NAME_PATTERN.test(name)) return name;
  throw new Error(`--name must be 3 to 50 lowercase letters, digits and hyphens, starting with a letter: "${name}".`);
}

function workerVars(lines: Record<string, string | undefined>, path: string): Record<string, string> {
  const vars: Record<string, string> = {};
  for (const [name, value = ""] of Object.entries(lines)) {
    if (deploymentNames.some((known) => known === name)) continue;
    if (SECRET_PATTERN.test(name)) {
      throw new Error(`${path} must not contain secrets. Remove ${name} and run npm run deploy -- --secret ${name}.`);
    }
    if (derivedNames.includes(name)) throw new Error(`Remove ${name} from ${path}: npm run deploy sets it.`);
    vars[name] = value;
  }
  choice(vars["IMAGE_DELIVERY"], deliveries, "IMAGE_DELIVERY");
  choice(vars["WORKERS_PLAN"], plans, "WORKERS_PLAN");
  // A deployed Worker would answer every request with an invalid setting.
  parseAccountSettings(vars);
  parseSignInSettings(vars, true);
  return vars;
}

/** Reads the saved settings of an instance and applies the options of the command line. */
export function readSettings(options: SettingOptions, directory = "."): Settings {
  const name = parseName(options.name ?? DEFAULT_NAME);
  const path = join(directory, settingsFile(name));
  const lines = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  const vars = workerVars(lines, settingsFile(name));
  const delivery = choice(options["image-delivery"], deliveries, "--image-delivery");
  const plan = choice(options.plan, plans, "--plan");
  const settings: Settings = {
    name,
    accountId: lines["CLOUDFLARE_ACCOUNT_ID"] ?? null,
    host: parseHost(options.zone, "--zone") ?? parseHost(lines["HOST"], "HOST"),
    location: choice(options.location ?? lines["LOCATION"], locations, "--location"),
    jurisdiction: choice(options.jurisdiction ?? lines["JURISDICTION"], jurisdictions, "--jurisdiction"),
    vars: {
      ...vars,
      ...(delivery === null ? {} : { IMAGE_DELIVERY: delivery }),
      ...(plan === null ? {} : { WORKERS_PLAN: plan }),
    },
  };
  const needsZone = (settings.vars["IMAGE_DELIVERY"] ?? "images-binding") !== "images-binding";
  if (needsZone && settings.host === null) throw new Error("--image-delivery needs --zone HOST.");
  return settings;
}

/** Sets, adds or removes one line and leaves all others, comments included, as they are. */
function setLine(text: string, name: string, value: string | null): string {
  if ((parseEnv(text)[name] ?? null) === value) return text;
  const pattern = new RegExp(`^[ \\t]*${name}[ \\t]*=.*\\n?`, "m");
  if (value === null) return text.replace(pattern, "");
  const line = `${name}=${value}\n`;
  return pattern.test(text) ? text.replace(pattern, () => line) : `${text.replace(/\n?$/, "\n")}${line}`;
}

function header(name: string): string {
  return `# Settings of the Tintype instance "${name}", read and written by npm run deploy. No secrets. Keep this file: with
# it, an upgrade is git pull && npm run deploy. HOST serves the instance from a host of your zone. LOCATION and
# JURISDICTION count only when the database and the bucket are created. Any other line is a variable of the Worker: see
# Configuration in README.md, for example TRASH_RETENTION_DAYS=30.
`;
}

/** Writes the settings. Only the lines that they name change. */
export function writeSettings(settings: Settings, directory = "."): void {
  const path = join(directory, settingsFile(settings.name));
  let text = existsSync(path) ? readFileSync(path, "utf8") : header(settings.name);
  text = setLine(text, "CLOUDFLARE_ACCOUNT_ID", settings.accountId);
  text = setLine(text, "HOST", settings.host);
  text = setLine(text, "LOCATION", settings.location);
  text = setLine(text, "JURISDICTION", settings.jurisdiction);
  for (const [name, value] of Object.entries(settings.vars)) text = setLine(text, name, value);
  writeFileSync(path, text);
}
