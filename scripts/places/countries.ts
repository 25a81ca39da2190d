/** Tables of countries from CLDR (through the pinned Node's Intl), tz-lookup's zones and country-coder's codes. */
import { borders } from "@rapideditor/country-coder";
import { iso31661, iso31662 } from "iso-3166";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

declare global {
  namespace Intl {
    interface Locale {
      /** ECMA-402 Intl Locale Info: available in Node 24, missing in TypeScript 5.9's library. */
      getTimeZones(): string[] | undefined;
    }
  }
}

/** Replacements for CLDR's political or abbreviated names. */
const preferredNames: Record<string, string> = {
  CD: "Democratic Republic of the Congo",
  CG: "Republic of the Congo",
  CI: "Côte d'Ivoire",
  GS: "South Georgia and the South Sandwich Islands",
  HK: "Hong Kong",
  HM: "Heard Island and McDonald Islands",
  MM: "Myanmar",
  MO: "Macao",
  PS: "Palestine",
  SH: "Saint Helena, Ascension and Tristan da Cunha",
  UM: "United States Minor Outlying Islands",
  VC: "Saint Vincent and the Grenadines",
};

/** CLDR lacks zones for Kosovo. */
const additionalZones: Record<string, string[]> = { XK: ["Europe/Belgrade"] };

const feature = z.object({
  properties: z.object({
    iso1A2: z.string().optional(),
    iso1A3: z.string().optional(),
    isoStatus: z.string().optional(),
  }),
});
const countries = z
  .object({ features: z.array(feature) })
  .parse(borders)
  .features.map(({ properties }) => properties);

/** ISO 3166-1 alpha-2 codes, and XK, which is user-assigned. */
export const countryCodes: ReadonlySet<string> = new Set(
  countries
    .filter(({ isoStatus }) => isoStatus === "official" || isoStatus === "usrAssn")
    .flatMap(({ iso1A2 }) => iso1A2 ?? []),
);

/** English names by alpha-2 code. */
export function countryNames(): Record<string, string> {
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const nameOf = (code: string): string => {
    const name = preferredNames[code] ?? names.of(code);
    if (name === undefined) throw new Error(`CLDR has no English name for ${code}`);
    return name.replaceAll(" & ", " and ").replace(/^St\. /, "Saint ");
  };
  return Object.fromEntries([...countryCodes].map((code) => [code, nameOf(code)]));
}

/** Alpha-2 codes by alpha-3 code, officially assigned ones only. */
export function alpha2Codes(): Record<string, string> {
  return Object.fromEntries(
    countries
      .filter(({ isoStatus }) => isoStatus === "official")
      .flatMap(({ iso1A2, iso1A3 }) => (iso1A2 === undefined || iso1A3 === undefined ? [] : [[iso1A3, iso1A2]])),
  );
}

/** ISO 3166-2 codes without their country, by ISO 3166-1 alpha-2 code. Empty for a country without subdivisions. */
export function subdivisionCodes(): Record<string, string> {
  const codesOf = (country: string): string[] =>
    iso31662.flatMap(({ code }) => (code.startsWith(`${country}-`) ? [code.slice(country.length + 1)] : []));
  return Object.fromEntries(iso31661.map(({ alpha2 }) => [alpha2, codesOf(alpha2).toSorted().join(" ")]));
}

/** Intl's identifier of a zone, which is often an older one: Asia/Calcutta for Asia/Kolkata. */
function canonicalZone(zone: string): string {
  return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
}

/** The zones that tz-lookup returns, by their canonical identifiers. */
function lookupZones(): Map<string, string> {
  const source = readFileSync(join("node_modules", "@photostructure", "tz-lookup", "tz.js"), "utf8");
  const zones = [...source.matchAll(/"([A-Z]\w+(?:\/[\w-]+)+)"/g)].map(([, zone = ""]) => zone);
  return new Map(zones.map((zone) => [canonicalZone(zone), zone]));
}

/**
 * The time zones of each country, in tz-lookup's spelling. Zones outside tz-lookup's results are dropped if the country
 * has others. Uninhabited territories without zones are omitted.
 */
export function countryTimeZones(): Record<string, string[]> {
  const spellings = lookupZones();
  const table: Record<string, string[]> = {};
  for (const code of countryCodes) {
    const all = additionalZones[code] ?? new Intl.Locale(`und-${code}`).getTimeZones() ?? [];
    const known = all.flatMap((zone) => spellings.get(canonicalZone(zone)) ?? []);
    const zones = known.length > 0 ? known : all;
    if (zones.length > 0) table[code] = zones.toSorted();
  }
  return table;
}
