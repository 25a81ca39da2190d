import { describe, expect, it, vi } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import {
  urlExpiry,
  createUrlSigner,
  MAX_REMEMBERED_SIGNATURES,
  signingKeyTag,
  verifyMediaUrl,
  type MediaAddress,
} from "../../../src/operations/delivery/urlSigner.ts";

const SECRET = "a signing key of more than thirty-two characters";
const HOUR_MS = 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 21, 9, 30);

const address = (): MediaAddress => ({
  assetId: newId("asset"),
  versionId: newId("assetVersion"),
  variant: "original",
});

async function sign(target: MediaAddress, name: string | null = null, nowMs = NOW): Promise<URL> {
  const signer = await createUrlSigner(SECRET, nowMs);
  return new URL(await signer.sign(target, name), "https://tintype.test");
}

async function statusOf(url: URL, nowMs = NOW, secret = SECRET): Promise<string> {
  const [, , assetId = "", versionId = "", variant = ""] = url.pathname.split("/");
  return (await verifyMediaUrl([secret], nowMs, { assetId, versionId, variant }, url.searchParams)).status;
}

/** The variants that share a signature. */
const scopes = {
  display: ["thumbnail", "small", "preview", "fullsize"],
  displayOfVideo: ["thumbnail_image", "small_image", "preview_image", "fullsize_image"],
  original: ["original"],
  source: ["source"],
  sourceOfVideo: ["source_image"],
};

/** Returns a modified copy of the URL. */
function changed(url: URL, change: (copy: URL) => void): URL {
  const copy = new URL(url);
  change(copy);
  return copy;
}

describe("a signed media URL", () => {
  it("verifies for its address and download name", async () => {
    const target = address();
    for (const name of [null, "", "IMG 1.jpg", 'a"b\\c&d=e#f?g%20+.jpg', "写真\r\n\0\u202e.jpg", "half \ud83d.jpg"]) {
      const url = await sign(target, name);
      const result = await verifyMediaUrl([SECRET], NOW, target, url.searchParams);
      const downloadName = name === null ? null : name.replace("\ud83d.", "\ufffd.");
      expect(result).toEqual({
        status: "ok",
        expiresAt: Number(url.searchParams.get("exp")),
        downloadName,
        trashedAt: null,
        keyTag: await signingKeyTag(SECRET),
      });
    }
  });

  it("is stable for hours and expires after one to two days", async () => {
    const target = address();
    const urls = new Set<string>();
    for (let hour = 0; hour < 48; hour++) {
      const nowMs = NOW + hour * HOUR_MS;
      const url = await sign(target, "x.jpg", nowMs);
      urls.add(url.href);
      expect(await statusOf(url, nowMs + 24 * HOUR_MS)).toBe("ok");
      expect(await statusOf(url, nowMs + 48 * HOUR_MS)).toBe("expired");
    }
    expect(urls.size).toBeLessThanOrEqual(3);
  });

  it("changes at a different hour for each asset", () => {
    const hours = new Map<number, number>();
    for (let i = 0; i < 2400; i++) {
      const hour = Math.floor(urlExpiry(newId("asset", NOW + i), NOW) / 3600) % 24;
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect(hours.size).toBe(24);
    expect(Math.max(...hours.values())).toBeLessThan(200);
  });

  it("is expired from the second of its expiry", async () => {
    const url = await sign(address());
    const exp = Number(url.searchParams.get("exp")) * 1000;
    expect(await statusOf(url, exp - 1)).toBe("ok");
    expect(await statusOf(url, exp)).toBe("expired");
  });

  it("is rejected when any part is modified", async () => {
    const target = address();
    const url = await sign(target, "a.jpg");
    const other = address();
    const set = (name: string, value: string) => changed(url, (copy) => copy.searchParams.set(name, value));
    const tampered = [
      changed(url, (copy) => (copy.pathname = copy.pathname.replace("original", "thumbnail"))),
      changed(url, (copy) => (copy.pathname = copy.pathname.replace(target.assetId, other.assetId))),
      changed(url, (copy) => (copy.pathname = copy.pathname.replace(target.versionId, other.versionId))),
      set("exp", String(Number(url.searchParams.get("exp")) + 1)),
      set("exp", `0${url.searchParams.get("exp")}`),
      set("exp", ""),
      set("exp", "never"),
      set("dl", "b.jpg"),
      set("dl", ""),
      set("sig", ""),
      set("sig", "A".repeat(43)),
      set("sig", `${url.searchParams.get("sig")}=`),
      ...["exp", "dl", "sig"].map((name) => changed(url, (copy) => copy.searchParams.delete(name))),
      ...["exp", "dl", "sig"].map((name) => changed(url, (copy) => copy.searchParams.append(name, "x"))),
    ];
    for (const bad of tampered) expect([bad.href, await statusOf(bad)]).toEqual([bad.href, "bad"]);
    expect(await statusOf(url)).toBe("ok");
  });

  it("is rejected when any character of its signature changes, including the last", async () => {
    const url = await sign(address());
    const sig = url.searchParams.get("sig") ?? "";
    for (let at = 0; at < sig.length; at++) {
      for (const letter of "AbBcQ9-_") {
        if (sig[at] === letter) continue;
        const forged = sig.slice(0, at) + letter + sig.slice(at + 1);
        expect(await statusOf(changed(url, (copy) => copy.searchParams.set("sig", forged)))).toBe("bad");
      }
    }
  });

  it("of another deployment is rejected, also when it is expired", async () => {
    const url = await sign(address());
    expect(await statusOf(url, NOW, "another signing key of more than 32 characters")).toBe("bad");
    expect(await statusOf(url, NOW + 90 * HOUR_MS, "another signing key of more than 32 characters")).toBe("bad");
    expect(await statusOf(url)).toBe("ok");
  });

  it("opens the files of its scope only, for every pair of variants", async () => {
    const base = address();
    const signer = await createUrlSigner(SECRET, NOW);
    for (const [scope, signedVariants] of Object.entries(scopes)) {
      for (const signedVariant of signedVariants) {
        for (const trashedAt of [null, NOW]) {
          const path = await signer.sign({ ...base, variant: signedVariant, trashedAt });
          const url = new URL(path, "https://tintype.test");
          for (const [openedScope, openedVariants] of Object.entries(scopes)) {
            for (const variant of openedVariants) {
              const opened = changed(url, (copy) => (copy.pathname = copy.pathname.replace(signedVariant, variant)));
              const expected = openedScope === scope ? "ok" : "bad";
              expect([opened.pathname, await statusOf(opened)]).toEqual([opened.pathname, expected]);
            }
          }
        }
      }
    }
  });

  it("of one version opens no other version or asset, whatever its scope", async () => {
    const [base, other] = [address(), address()];
    for (const variant of Object.values(scopes).flat()) {
      const url = await sign({ ...base, variant });
      for (const part of ["assetId", "versionId"] as const) {
        const moved = changed(url, (copy) => (copy.pathname = copy.pathname.replace(base[part], other[part])));
        expect(await statusOf(moved)).toBe("bad");
      }
    }
  });

  it("is computed once for the display variants of a version", async () => {
    const hmac = vi.spyOn(crypto.subtle, "sign");
    const base = address();
    const signer = await createUrlSigner(SECRET, NOW);
    const paths = await Promise.all(scopes.display.map((variant) => signer.sign({ ...base, variant })));
    expect(new Set(paths.map((path) => path.split("?")[1])).size).toBe(1);
    expect(hmac).toHaveBeenCalledTimes(1);
    await signer.sign({ ...base, variant: "original" }, "a.jpg");
    expect(hmac).toHaveBeenCalledTimes(2);
    hmac.mockRestore();
  });

  it("is bad for an unknown variant, also with the name of a scope", async () => {
    const url = await sign({ ...address(), variant: "thumbnail" });
    for (const variant of ["display", "huge", "thumbnail_image_image", "source_file"]) {
      expect(
        await statusOf(changed(url, (copy) => (copy.pathname = copy.pathname.replace("thumbnail", variant)))),
      ).toBe("bad");
    }
  });

  it("is rejected when text moves between fields", async () => {
    const target = address();
    const url = await sign({ ...target, variant: "original" }, null);
    const result = await verifyMediaUrl([SECRET], NOW, { ...target, variant: `original","x` }, url.searchParams);
    expect(result.status).toBe("bad");
  });

  it("rejects unknown query parameters, each of which would be another URL of the same image", async () => {
    const url = await sign(address());
    expect(await statusOf(changed(url, (copy) => copy.searchParams.set("utm_source", "mail")))).toBe(
      "unknown_parameter",
    );
    expect(await statusOf(changed(url, (copy) => copy.searchParams.append("", "")))).toBe("unknown_parameter");
    const forged = changed(url, (copy) => copy.searchParams.set("x", "1"));
    expect(await statusOf(changed(forged, (copy) => copy.searchParams.set("exp", "9999999999")))).toBe("bad");
  });
});

describe("the memory of signatures", () => {
  it("keeps the last ones only", async () => {
    const signer = await createUrlSigner(SECRET, NOW);
    const [first, last] = [address(), address()];
    const signFirst = async (): Promise<string> => await (await createUrlSigner(SECRET, NOW)).sign(first);
    const url = await signFirst();
    for (let i = 0; i < MAX_REMEMBERED_SIGNATURES; i++) await signer.sign(address());
    await signer.sign(last);
    const calls = vi.spyOn(crypto.subtle, "sign");
    await (await createUrlSigner(SECRET, NOW)).sign(last);
    expect(calls).toHaveBeenCalledTimes(0);
    expect(await signFirst()).toBe(url);
    expect(calls).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });
});
