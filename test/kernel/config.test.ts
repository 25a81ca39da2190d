import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/kernel/config.ts";
import { AppError } from "../../src/kernel/errors.ts";

const secrets = {
  ROOT_API_KEY: "apikey_0123456789abcdef0123456789abcdef",
  MEDIA_SIGNING_KEY: "signing 0123456789abcdef0123456789abcdef",
};

function errorFor(vars: Record<string, unknown>): string {
  try {
    parseConfig({ ...secrets, ...vars });
  } catch (error) {
    if (error instanceof AppError && error.code === "not_configured") return error.message;
    throw error;
  }
  return "";
}

describe("parseConfig", () => {
  it("counts every ENVIRONMENT but development as production", () => {
    expect(parseConfig({ ...secrets, ENVIRONMENT: "development" }).production).toBe(false);
    for (const ENVIRONMENT of [undefined, "", "production", "prod", "Development", "staging", "develpment", 7, null])
      expect(parseConfig({ ...secrets, ENVIRONMENT }).production, String(ENVIRONMENT)).toBe(true);
  });

  it("returns the defaults when only the secrets are set", () => {
    expect(parseConfig(secrets)).toEqual({
      production: true,
      rootApiKey: secrets.ROOT_API_KEY,
      mediaSigningKey: secrets.MEDIA_SIGNING_KEY,
      previousMediaSigningKey: null,
      publicUrl: null,
      commit: null,
      corsOrigins: ["*"],
      defaultUserStorageLimitBytes: 1024 ** 4,
      defaultLibraryStorageLimitBytes: null,
      imageDelivery: "images-binding",
      renderer: "images",
      workersPlan: "paid",
      maxLibrariesPerUser: 1000,
      maxAlbumsPerLibrary: 10_000,
      trashRetentionDays: 90,
      scrubBytesPerRun: 256 * 1024 * 1024,
      describer: { kind: "none" },
      embedder: { kind: "none" },
      geocoder: { kind: "offline" },
      faceRecognizer: { kind: "worker" },
      faceDetectionExcludedRegions: ["US-IL", "US-TX"],
      accounts: {
        ownerEmail: "owner@tintype.invalid",
        ownerName: null,
        signUps: { kind: "listed", invited: true, domains: [] },
      },
      signIn: { identitySource: { kind: "built-in" }, redirectUris: ["app.immich:///oauth-callback"] },
    });
  });

  it("reads every var", () => {
    const vars = {
      ENVIRONMENT: "production",
      PUBLIC_URL: "https://photos.example/some/path/",
      CORS_ORIGINS: "https://a.example, https://b.example",
      DEFAULT_USER_STORAGE_LIMIT_BYTES: "0",
      DEFAULT_LIBRARY_STORAGE_LIMIT_BYTES: "5000",
      MAX_LIBRARIES_PER_USER: "7",
      MAX_ALBUMS_PER_LIBRARY: "8",
    };
    expect(parseConfig({ ...secrets, ...vars })).toMatchObject({
      production: true,
      publicUrl: "https://photos.example",
      corsOrigins: ["https://a.example", "https://b.example"],
      defaultUserStorageLimitBytes: 0,
      defaultLibraryStorageLimitBytes: 5000,
      maxLibrariesPerUser: 7,
      maxAlbumsPerLibrary: 8,
    });
  });

  it("requires both secrets, of at least 32 characters", () => {
    for (const name of Object.keys(secrets)) {
      for (const value of [undefined, "", null, 7, "short", "x".repeat(31)])
        expect(errorFor({ [name]: value }), String(value)).toContain(name);
      expect(errorFor({ [name]: "x".repeat(32) })).toBe("");
    }
  });

  it("does not repeat a rejected secret in the error", () => {
    expect(errorFor({ ROOT_API_KEY: "hunter2" })).not.toContain("hunter2");
  });

  it("rejects the secrets of local development in production only", () => {
    for (const name of Object.keys(secrets)) {
      const local = { [name]: "apikey_local-development_0123456789abcdef" };
      for (const ENVIRONMENT of ["production", "preview", undefined])
        expect(errorFor({ ...local, ENVIRONMENT }), ENVIRONMENT).toContain(name);
      expect(errorFor({ ...local, ENVIRONMENT: "development" })).toBe("");
    }
  });

  it("names a malformed var in the error", () => {
    for (const value of ["-1", "1.5", "1e9", "lots", "1".repeat(16)]) {
      expect(errorFor({ DEFAULT_USER_STORAGE_LIMIT_BYTES: value })).toContain("DEFAULT_USER_STORAGE_LIMIT_BYTES");
    }
    for (const value of ["photos.example", "ftp://photos.example", "javascript:alert(1)"]) {
      expect(errorFor({ PUBLIC_URL: value })).toContain("PUBLIC_URL");
    }
    const PUBLIC_URL = "http://photos.example";
    expect(errorFor({ PUBLIC_URL })).toContain("https");
    expect(errorFor({ PUBLIC_URL, ENVIRONMENT: "development" })).toBe("");
  });
});

describe("parseConfig for the renderer", () => {
  it("accepts both renderers and both plans", () => {
    expect(parseConfig({ ...secrets, RENDERER: "worker" })).toMatchObject({ renderer: "worker", workersPlan: "paid" });
    expect(parseConfig({ ...secrets, WORKERS_PLAN: "free" })).toMatchObject({
      renderer: "images",
      workersPlan: "free",
    });
  });

  it("rejects unknown values, and decoding in the Worker on the free plan", () => {
    expect(errorFor({ RENDERER: "sharp" })).toBe('RENDERER must be one of images, worker, not "sharp"');
    expect(errorFor({ WORKERS_PLAN: "business" })).toBe('WORKERS_PLAN must be one of paid, free, not "business"');
    expect(errorFor({ IMAGE_DELIVERY: "cdn" })).toContain("images-binding, cf-image, cdn-cgi");
    expect(errorFor({ RENDERER: "worker", WORKERS_PLAN: "free" })).toContain("RENDERER");
  });
});

describe("parseConfig for the geocoder", () => {
  const nominatim = { GEOCODER: "nominatim", GEOCODER_URL: "https://places.example" };

  it("defaults to the offline data", () => {
    for (const value of [undefined, "", " ", "offline"])
      expect(parseConfig({ ...secrets, GEOCODER: value }).geocoder).toEqual({ kind: "offline" });
    // A URL without GEOCODER changes nothing.
    expect(parseConfig({ ...secrets, GEOCODER_URL: "https://places.example" }).geocoder).toEqual({ kind: "offline" });
  });

  it("reads the settings of a Nominatim server, with or without /reverse in its URL", () => {
    expect(parseConfig({ ...secrets, ...nominatim }).geocoder).toEqual({
      kind: "nominatim",
      baseUrl: "https://places.example",
      apiKey: null,
      email: null,
      language: "en",
    });
    for (const end of ["/", "/reverse", "/reverse/", "//"])
      expect(
        parseConfig({
          ...secrets,
          GEOCODER: "nominatim",
          GEOCODER_URL: `http://localhost:8080/v1${end}`,
          GEOCODER_API_KEY: "key",
          GEOCODER_EMAIL: "me@example.com",
          GEOCODER_LANGUAGE: "de-CH, de;q=0.9",
        }).geocoder,
      ).toEqual({
        kind: "nominatim",
        baseUrl: "http://localhost:8080/v1",
        apiKey: "key",
        email: "me@example.com",
        language: "de-CH, de;q=0.9",
      });
  });

  it("names a malformed var in the error, without the API key", () => {
    expect(errorFor({ GEOCODER: "google" })).toContain("GEOCODER must be");
    for (const value of [
      undefined,
      "",
      "places.example",
      "ftp://places.example",
      "https://places.example/?key=x",
      "https://me:key@places.example",
      "x#y",
    ])
      expect(errorFor({ ...nominatim, GEOCODER_URL: value }), String(value)).toContain("GEOCODER_URL");
    for (const value of ["nobody", "a b@c", "ä@example.com", "me@\nexample.com"])
      expect(errorFor({ ...nominatim, GEOCODER_EMAIL: value }), value).toContain("GEOCODER_EMAIL");
    for (const value of ["en\r\nx: y", "x".repeat(101), "<en>"])
      expect(errorFor({ ...nominatim, GEOCODER_LANGUAGE: value }), value).toContain("GEOCODER_LANGUAGE");
    expect(errorFor({ GEOCODER: "nominatim", GEOCODER_API_KEY: "hunter2" })).not.toContain("hunter2");
  });
});

describe("parseConfig for the face recognizer", () => {
  it("recognizes faces in the Worker unless it is told not to", () => {
    for (const value of [undefined, "", "worker"])
      expect(parseConfig({ ...secrets, FACE_RECOGNIZER: value }).faceRecognizer).toEqual({ kind: "worker" });
    expect(parseConfig({ ...secrets, FACE_RECOGNIZER: "none" }).faceRecognizer).toEqual({ kind: "none" });
  });

  it("rejects an unknown recognizer", () => {
    expect(() => parseConfig({ ...secrets, FACE_RECOGNIZER: "cloud" })).toThrow("FACE_RECOGNIZER must be one of");
  });
});
