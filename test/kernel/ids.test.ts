import { describe, expect, it } from "vitest";
import { encodeShortUuid, minIdAt, ID_PREFIXES, isId, newId, type IdKind } from "../../src/kernel/ids.ts";

function bytesOf(uuid: string): Uint8Array {
  return Uint8Array.from(uuid.replaceAll("-", "").match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
}

const vectors = [
  ["00000000-0000-0000-0000-000000000000", "2222222222222222222222"],
  ["00000000-0000-0000-0000-000000000001", "2222222222222222222223"],
  ["3475f5d0-108e-41e8-a7ed-860bd7040e13", "BM3nUmJ6fkBqBADyz5FEiu"],
  ["12345678-1234-5678-1234-567812345678", "5FdNqEYASQvT6ZhBtUuVoV"],
  ["ffffffff-ffff-ffff-ffff-ffffffffffff", "oZEq7ovRbLq6UnGMPwc8B5"],
] as const;

describe("an id", () => {
  it("encodes a UUID like shortuuid", () => {
    for (const [uuid, tail] of vectors) {
      expect(encodeShortUuid(bytesOf(uuid))).toBe(tail);
      expect(isId("asset", `asset_${tail}`)).toBe(true);
    }
  });

  it("has the prefix of its kind and is valid for that kind only", () => {
    const kinds = Object.keys(ID_PREFIXES) as IdKind[];
    for (const kind of kinds) {
      const id = newId(kind);
      expect(id).toMatch(new RegExp(`^${ID_PREFIXES[kind]}[2-9A-HJ-NP-Za-km-z]{22}$`));
      for (const other of kinds) expect(isId(other, id), `${id} as ${other}`).toBe(other === kind);
    }
  });

  it("is invalid with a missing, wrong or extra character, or beyond 128 bits", () => {
    const tail = "BM3nUmJ6fkBqBADyz5FEiu";
    for (const bad of [
      "",
      tail,
      "asset_",
      `asset_${tail.slice(1)}`,
      `asset_${tail}2`,
      ...["0", "1", "I", "O", "l", "-", "_", " ", "é"].map((letter) => `asset_${letter}${tail.slice(1)}`),
      ` asset_${tail}`,
      `asset_${tail}\n`,
      `Asset_${tail}`,
      "asset_oZEq7ovRbLq6UnGMPwc8B6",
      "asset_zzzzzzzzzzzzzzzzzzzzzz",
    ]) {
      expect(isId("asset", bad), bad).toBe(false);
    }
  });

  it("sorts by creation time", () => {
    const times = [0, 1, 65_535, 65_536, 1_700_000_000_000, 1_700_000_000_001, Date.now(), 2 ** 47];
    const ids = times.map((at) => newId("asset", at));
    expect(ids.toSorted()).toEqual(ids);
    for (const [i, at] of times.entries()) {
      expect(minIdAt("asset", at) <= (ids[i] ?? "")).toBe(true);
      expect(minIdAt("asset", at + 1) > (ids[i] ?? "")).toBe(true);
    }
  });

  it("is unique", () => {
    expect(new Set(Array.from({ length: 2000 }, () => newId("asset", 0))).size).toBe(2000);
  });
});
