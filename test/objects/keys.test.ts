import { expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import {
  assetIdOfKey,
  firstOriginalKeyAt,
  keyBehindAsset,
  originalKey,
  originalsPrefix,
  parseOriginalKey,
  proxyKey,
  renditionKey,
  stillKey,
  versionIdOfKey,
} from "../../src/objects/keys.ts";

it("a key gives back the asset and version it was built of", () => {
  const address = { assetId: newId("asset"), versionId: newId("assetVersion") };
  const key = originalKey(address.assetId, address.versionId);
  expect(key).toBe(`${originalsPrefix}${address.assetId}/${address.versionId}`);
  expect(parseOriginalKey(key)).toEqual(address);
});

it("a key that was not built here is none", () => {
  const [asset, version] = [newId("asset"), newId("assetVersion")];
  const keys = [
    "",
    "originals/",
    `originals/${asset}`,
    `originals/${asset}/`,
    `originals/${asset}/${version}/`,
    `originals/${asset}/${asset}`,
    `originals/${version}/${version}`,
    `/originals/${asset}/${version}`,
    `rendered/${asset}/${version}`,
    `originals/../${asset}/${version}`,
  ];
  expect(keys.map(parseOriginalKey)).toEqual(keys.map(() => null));
});

it("keys sort by when their asset was made, and a scan can begin at any time", () => {
  const atMs = Date.UTC(2026, 10, 21);
  const keyMadeAt = (ms: number) => originalKey(newId("asset", ms), newId("assetVersion", ms));
  const [before, at, after] = [keyMadeAt(atMs - 1), keyMadeAt(atMs), keyMadeAt(atMs + 1)];
  const start = firstOriginalKeyAt(atMs);
  // R2 compares bytes, and every letter of a key is one.
  const byteOrder = (a: string, b: string) => (a < b ? -1 : 1);
  expect([after, at, start, before].toSorted(byteOrder)).toEqual([before, start, at, after]);
});

it("every key that holds something of an asset names it, and no other key does", () => {
  const [asset, version] = [newId("asset"), newId("assetVersion")];
  const keys = [
    originalKey(asset, version),
    proxyKey(asset, version),
    stillKey(asset, version),
    renditionKey(asset, version, "thumbnail", "webp"),
    `originals/${asset}/something else`,
  ];
  expect(keys.map(assetIdOfKey)).toEqual(keys.map(() => asset));
  const others = [`originals/${asset}`, `backup/${asset}/x`, `originals/${version}/x`, "originals/notes.txt", asset];
  expect(others.map(assetIdOfKey)).toEqual(others.map(() => null));
});

it("a scan can go on behind all keys of an asset and before those of the next", () => {
  const [asset, next] = [newId("asset", 1_000_000), newId("asset", 1_000_001)];
  const behind = keyBehindAsset(originalsPrefix, asset);
  expect(originalKey(asset, "~~~") < behind && behind < originalKey(next, "")).toBe(true);
});

it("names the version that an object belongs to, whatever is stored of it", () => {
  const [asset, version] = [newId("asset"), newId("assetVersion")];
  const keys = [originalKey, proxyKey, stillKey].map((build) => build(asset, version));
  for (const key of [...keys, renditionKey(asset, version, "small", "webp")]) expect(versionIdOfKey(key)).toBe(version);
  for (const key of [
    "",
    "originals/",
    `originals/${asset}/notes.txt`,
    `originals/${asset}`,
    `originals/${asset}/${asset}`,
  ]) {
    expect(versionIdOfKey(key)).toBeNull();
  }
});
