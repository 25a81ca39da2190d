import { expect, it } from "vitest";
import { newId } from "../../src/kernel/ids.ts";
import {
  assetIdOfKey,
  firstKeyAt,
  keyAfterAsset,
  originalKey,
  ORIGINALS_PREFIX,
  posterKey,
  proxyKey,
  renditionKey,
  versionIdOfKey,
} from "../../src/objects/keys.ts";

it("sorts keys by the asset's creation time, so that a listing can start at any time", () => {
  const atMs = Date.UTC(2026, 10, 21);
  const keyCreatedAt = (ms: number) => originalKey(newId("asset", ms), newId("assetVersion", ms));
  const [before, at, after] = [keyCreatedAt(atMs - 1), keyCreatedAt(atMs), keyCreatedAt(atMs + 1)];
  const start = firstKeyAt(ORIGINALS_PREFIX, atMs);
  // R2 compares bytes, and every character of a key is one byte.
  const byteOrder = (a: string, b: string) => (a < b ? -1 : 1);
  expect([after, at, start, before].toSorted(byteOrder)).toEqual([before, start, at, after]);
});

it("parses the asset id from every key of an asset's objects", () => {
  const [asset, version] = [newId("asset"), newId("assetVersion")];
  const keys = [
    originalKey(asset, version),
    proxyKey(asset, version),
    posterKey(asset, version),
    renditionKey(asset, version, "thumbnail"),
    `originals/${asset}/something else`,
  ];
  expect(keys.map(assetIdOfKey)).toEqual(keys.map(() => asset));
});

it("returns null for the asset id of other keys", () => {
  const [asset, version] = [newId("asset"), newId("assetVersion")];
  const keys = [
    "",
    "originals/",
    `originals/${asset}`,
    `/originals/${asset}/${version}`,
    `originals/../${asset}/${version}`,
    `backup/${asset}/x`,
    `originals/${version}/x`,
    "originals/notes.txt",
    asset,
  ];
  expect(keys.map(assetIdOfKey)).toEqual(keys.map(() => null));
});

it("returns a key after all keys of an asset and before those of the next asset", () => {
  const [asset, next] = [newId("asset", 1_000_000), newId("asset", 1_000_001)];
  const after = keyAfterAsset(ORIGINALS_PREFIX, asset);
  expect(originalKey(asset, "~~~") < after && after < originalKey(next, "")).toBe(true);
});

it("parses the version id from every key of a version's objects, and null from other keys", () => {
  const [asset, version] = [newId("asset"), newId("assetVersion")];
  const keys = [originalKey, proxyKey, posterKey].map((build) => build(asset, version));
  for (const key of [...keys, renditionKey(asset, version, "small")]) expect(versionIdOfKey(key)).toBe(version);
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
