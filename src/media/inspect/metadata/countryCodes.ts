import alpha2Codes from "./countryCodes.json" with { type: "json" };

/** ISO 3166-1 alpha-2 codes by alpha-3 code. */
const alpha2OfAlpha3 = new Map(Object.entries(alpha2Codes));

/** Converts an alpha-2 or alpha-3 code to alpha-2; null for IPTC's own codes of seas, airspace and former states. */
export function countryCode(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (/^[A-Z]{2}$/.test(code)) return code;
  return alpha2OfAlpha3.get(code) ?? null;
}
