import { describe, expect, it } from "vitest";
import { newId } from "../../../src/kernel/ids.ts";
import {
  mediaExpiry,
  mediaSigner,
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
  const signer = await mediaSigner(SECRET, nowMs);
  return new URL(await signer.sign(target, name), "https://tintype.test");
}

async function verdict(url: URL, nowMs = NOW, secret = SECRET): Promise<string> {
  const [, , assetId = "", versionId = "", variant = ""] = url.pathname.split("/");
  return (await verifyMediaUrl(secret, nowMs, { assetId, versionId, variant }, url.searchParams)).verdict;
}

/** The same URL with one thing changed. */
function changed(url: URL, change: (copy: URL) => void): URL {
  const copy = new URL(url);
  change(copy);
  return copy;
}

describe("a media URL", () => {
  it("opens what it was signed for, under the name it was signed with", async () => {
    const target = address();
    for (const name of [null, "", "IMG 1.jpg", 'a"b\\c&d=e#f?g%20+.jpg', "写真\r\n\0\u202e.jpg", "half \ud83d.jpg"]) {
      const url = await sign(target, name);
      const result = await verifyMediaUrl(SECRET, NOW, target, url.searchParams);
      const downloadName = name === null ? null : name.replace("\ud83d.", "\ufffd.");
      expect(result).toEqual({ verdict: "ok", expiresAt: Number(url.searchParams.get("exp")), downloadName });
    }
  });

  it("is the same for hours, and lives for a day at least and two at most", async () => {
    const target = address();
    const urls = new Set<string>();
    for (let hour = 0; hour < 48; hour++) {
      const nowMs = NOW + hour * HOUR_MS;
      const url = await sign(target, "x.jpg", nowMs);
      urls.add(url.href);
      expect(await verdict(url, nowMs + 24 * HOUR_MS)).toBe("ok");
      expect(await verdict(url, nowMs + 48 * HOUR_MS)).toBe("expired");
    }
    expect(urls.size).toBeLessThanOrEqual(3);
  });

  it("changes at an hour of its asset's own", () => {
    const hours = new Map<number, number>();
    for (let i = 0; i < 2400; i++) {
      const hour = Math.floor(mediaExpiry(newId("asset", NOW + i), NOW) / 3600) % 24;
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect(hours.size).toBe(24);
    expect(Math.max(...hours.values())).toBeLessThan(200);
  });

  it("has expired at its very second", async () => {
    const url = await sign(address());
    const exp = Number(url.searchParams.get("exp")) * 1000;
    expect(await verdict(url, exp - 1)).toBe("ok");
    expect(await verdict(url, exp)).toBe("expired");
  });

  it("opens nothing when any of it is changed", async () => {
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
    for (const bad of tampered) expect([bad.href, await verdict(bad)]).toEqual([bad.href, "bad"]);
    expect(await verdict(url)).toBe("ok");
  });

  it("is not opened by any letter changed in its signature, the last one included", async () => {
    const url = await sign(address());
    const sig = url.searchParams.get("sig") ?? "";
    for (let at = 0; at < sig.length; at++) {
      for (const letter of "AbBcQ9-_") {
        if (sig[at] === letter) continue;
        const forged = sig.slice(0, at) + letter + sig.slice(at + 1);
        expect(await verdict(changed(url, (copy) => copy.searchParams.set("sig", forged)))).toBe("bad");
      }
    }
  });

  it("of another deployment opens nothing, and is not even told that it has expired", async () => {
    const url = await sign(address());
    expect(await verdict(url, NOW, "another signing key of more than 32 characters")).toBe("bad");
    expect(await verdict(url, NOW + 90 * HOUR_MS, "another signing key of more than 32 characters")).toBe("bad");
    expect(await verdict(url)).toBe("ok");
  });

  it("cannot pass one field's text for another's", async () => {
    const target = address();
    const url = await sign({ ...target, variant: "original" }, null);
    const result = await verifyMediaUrl(SECRET, NOW, { ...target, variant: `original","x` }, url.searchParams);
    expect(result.verdict).toBe("bad");
  });

  it("may carry parameters of others", async () => {
    const url = await sign(address());
    expect(await verdict(changed(url, (copy) => copy.searchParams.set("utm_source", "mail")))).toBe("ok");
  });
});
