import { randomBytes } from "node:crypto";

const RANDOM_BYTES = 32;

/** The secrets that every deployment needs, and the prefix of each value. */
export const requiredSecrets = [
  { name: "ROOT_API_KEY", description: "the owner's API key", prefix: "apikey_" },
  { name: "MEDIA_SIGNING_KEY", description: "signs the URLs of photos and videos", prefix: "" },
] as const;

/** Generates a secret of 256 random bits. */
export function randomSecret(prefix: string): string {
  return prefix + randomBytes(RANDOM_BYTES).toString("base64url");
}
