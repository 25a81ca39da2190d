import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/kernel/config.ts";
import { AppError } from "../../src/kernel/errors.ts";

const secrets = {
  ROOT_API_KEY: "apikey_0123456789abcdef0123456789abcdef",
  MEDIA_SIGNING_KEY: "signing 0123456789abcdef0123456789abcdef",
};

function refusal(vars: Record<string, unknown>): string {
  try {
    parseConfig({ ...secrets, ...vars });
  } catch (error) {
    if (error instanceof AppError && error.code === "not_configured") return error.message;
    throw error;
  }
  return "";
}

describe("the settings", () => {
  it("have sensible values where nothing is set", () => {
    expect(parseConfig(secrets)).toEqual({
      production: false,
      rootApiKey: secrets.ROOT_API_KEY,
      mediaSigningKey: secrets.MEDIA_SIGNING_KEY,
      publicUrl: null,
      corsOrigins: ["*"],
      defaultUserStorageLimitBytes: 1024 ** 4,
      defaultLibraryStorageLimitBytes: null,
      imageDelivery: "images-binding",
      trashRetentionDays: 90,
      describer: { kind: "none" },
      geocoder: { kind: "offline" },
    });
  });

  it("are read from the deployment's vars", () => {
    const vars = {
      ENVIRONMENT: "production",
      PUBLIC_URL: "https://photos.example/some/path/",
      CORS_ORIGINS: "https://a.example, https://b.example",
      DEFAULT_USER_STORAGE_LIMIT_BYTES: "0",
      DEFAULT_LIBRARY_STORAGE_LIMIT_BYTES: "5000",
    };
    expect(parseConfig({ ...secrets, ...vars })).toMatchObject({
      production: true,
      publicUrl: "https://photos.example",
      corsOrigins: ["https://a.example", "https://b.example"],
      defaultUserStorageLimitBytes: 0,
      defaultLibraryStorageLimitBytes: 5000,
    });
  });

  it("need both secrets, of a length that cannot be guessed", () => {
    for (const name of Object.keys(secrets)) {
      for (const value of [undefined, "", null, 7, "short", "x".repeat(31)])
        expect(refusal({ [name]: value }), String(value)).toContain(name);
      expect(refusal({ [name]: "x".repeat(32) })).toBe("");
    }
  });

  it("never say a secret's value when they refuse it", () => {
    expect(refusal({ ROOT_API_KEY: "hunter2" })).not.toContain("hunter2");
  });

  it("of local development are refused in production, and only there", () => {
    for (const name of Object.keys(secrets)) {
      const local = { [name]: "apikey_local-development_0123456789abcdef" };
      expect(refusal({ ...local, ENVIRONMENT: "production" })).toContain(name);
      expect(refusal(local)).toBe("");
    }
  });

  it("that are malformed are refused by name", () => {
    for (const value of ["-1", "1.5", "1e9", "lots", "1".repeat(16)]) {
      expect(refusal({ DEFAULT_USER_STORAGE_LIMIT_BYTES: value })).toContain("DEFAULT_USER_STORAGE_LIMIT_BYTES");
    }
    for (const value of ["photos.example", "ftp://photos.example", "javascript:alert(1)"]) {
      expect(refusal({ PUBLIC_URL: value })).toContain("PUBLIC_URL");
    }
  });
});

describe("the geocoder's settings", () => {
  const nominatim = { GEOCODER: "nominatim", GEOCODER_URL: "https://places.example" };

  it("are the offline data unless another is asked for", () => {
    for (const value of [undefined, "", " ", "offline"])
      expect(parseConfig({ ...secrets, GEOCODER: value }).geocoder).toEqual({ kind: "offline" });
    // A URL alone sends nobody's coordinates anywhere.
    expect(parseConfig({ ...secrets, GEOCODER_URL: "https://places.example" }).geocoder).toEqual({ kind: "offline" });
  });

  it("are read for a Nominatim server, whose address may end in what we add ourselves", () => {
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

  it("that are malformed are refused by name, and never with the key", () => {
    expect(refusal({ GEOCODER: "google" })).toContain("GEOCODER must be");
    for (const value of [
      undefined,
      "",
      "places.example",
      "ftp://places.example",
      "https://places.example/?key=x",
      "https://me:key@places.example",
      "x#y",
    ])
      expect(refusal({ ...nominatim, GEOCODER_URL: value }), String(value)).toContain("GEOCODER_URL");
    for (const value of ["nobody", "a b@c", "ä@example.com", "me@\nexample.com"])
      expect(refusal({ ...nominatim, GEOCODER_EMAIL: value }), value).toContain("GEOCODER_EMAIL");
    for (const value of ["en\r\nx: y", "x".repeat(101), "<en>"])
      expect(refusal({ ...nominatim, GEOCODER_LANGUAGE: value }), value).toContain("GEOCODER_LANGUAGE");
    expect(refusal({ GEOCODER: "nominatim", GEOCODER_API_KEY: "hunter2" })).not.toContain("hunter2");
  });
});
