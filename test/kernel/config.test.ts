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
      imageDelivery: "images-binding",
      trashRetentionDays: 90,
      describer: { kind: "none" },
    });
  });

  it("are read from the deployment's vars", () => {
    const vars = {
      ENVIRONMENT: "production",
      PUBLIC_URL: "https://photos.example/some/path/",
      CORS_ORIGINS: "https://a.example, https://b.example",
      DEFAULT_USER_STORAGE_LIMIT_BYTES: "0",
    };
    expect(parseConfig({ ...secrets, ...vars })).toMatchObject({
      production: true,
      publicUrl: "https://photos.example",
      corsOrigins: ["https://a.example", "https://b.example"],
      defaultUserStorageLimitBytes: 0,
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
