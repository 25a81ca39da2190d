/** Bindings and vars of a deployment. Those that exist only in production are optional. */
declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    SEARCH_DB: D1Database;
    BUCKET: R2Bucket;
    QUEUE: Queue;
    IMAGES: ImagesBinding;
    ASSETS: Fetcher;
    AI?: Ai;
    MEDIA?: MediaBinding;
    CREDENTIAL_LIMIT?: RateLimit;
    AUTH_FAILURE_LIMIT?: RateLimit;
    SIGN_IN_LIMIT?: RateLimit;
    ENVIRONMENT?: string;
    COMMIT?: string;
    ROOT_API_KEY?: string;
    MEDIA_SIGNING_KEY?: string;
    MEDIA_SIGNING_KEY_PREVIOUS?: string;
    PUBLIC_URL?: string;
    CORS_ORIGINS?: string;
    IMAGE_DELIVERY?: string;
    RENDERER?: string;
    WORKERS_PLAN?: string;
    DEFAULT_USER_STORAGE_LIMIT_BYTES?: string;
    DEFAULT_LIBRARY_STORAGE_LIMIT_BYTES?: string;
    MAX_LIBRARIES_PER_USER?: string;
    MAX_ALBUMS_PER_LIBRARY?: string;
    TRASH_RETENTION_DAYS?: string;
    SCRUB_BYTES_PER_RUN?: string;
    DESCRIBER?: string;
    DESCRIBER_MODEL?: string;
    DESCRIBER_URL?: string;
    DESCRIBER_API_KEY?: string;
    DESCRIBER_PROMPT?: string;
    EMBEDDER?: string;
    EMBEDDER_MODEL?: string;
    EMBEDDER_URL?: string;
    EMBEDDER_API_KEY?: string;
    EMBEDDER_DIMENSIONS?: string;
    IMMICH_ML_URL?: string;
    GEOCODER?: string;
    GEOCODER_URL?: string;
    GEOCODER_API_KEY?: string;
    GEOCODER_EMAIL?: string;
    GEOCODER_LANGUAGE?: string;
    FACE_RECOGNIZER?: string;
    FACE_DETECTION_EXCLUDED_REGIONS?: string;
    IMMICH_ML_FACE_MODEL?: string;
    IMMICH_ML_API_KEY?: string;
    OWNER_EMAIL?: string;
    OWNER_NAME?: string;
    SIGN_UPS?: string;
    REDIRECT_URIS?: string;
    OIDC_ISSUER?: string;
    OIDC_CLIENT_ID?: string;
    OIDC_CLIENT_SECRET?: string;
  }
}

/** Uint8Array to and from Base64 and hexadecimal digits (ES2026): implemented by workerd, missing in TypeScript 5.9's library. */
interface Base64Options {
  alphabet?: "base64" | "base64url";
  omitPadding?: boolean;
}

interface Uint8Array {
  toBase64(options?: Base64Options): string;
  toHex(): string;
}

interface Uint8ArrayConstructor {
  /** Throws a SyntaxError on characters outside the alphabet and on wrong padding. */
  fromBase64(
    text: string,
    options?: { alphabet?: "base64" | "base64url"; lastChunkHandling?: "loose" | "strict" | "stop-before-partial" },
  ): Uint8Array<ArrayBuffer>;
  /** Throws a SyntaxError on other characters and on an odd number of digits. */
  fromHex(text: string): Uint8Array<ArrayBuffer>;
}
