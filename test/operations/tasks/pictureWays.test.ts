import { describe, expect, it } from "vitest";
import { describeWay, findWay, PICTURE_WAYS } from "../../../src/operations/tasks/pictureWays.ts";

describe("the ways to a picture", () => {
  it("are recognized in results, whatever the values", () => {
    expect(findWay("decoded a key frame of VP9")).toBe(PICTURE_WAYS.keyFrame);
    expect(findWay("full size, 800 × 800, decoded from PNG")).toBe(PICTURE_WAYS.decoded);
    expect(findWay("decoded a key frame of ")).toBeNull();
    expect(findWay("made it somehow")).toBeNull();
  });

  it("are filled with values", () => {
    expect(describeWay("earlierPoster", { reason: "the film is damaged" })).toBe(
      "kept the earlier poster: the film is damaged",
    );
    expect(() => describeWay("keyFrame")).toThrow("codec");
  });

  it("are told apart", () => {
    const texts = Object.values(PICTURE_WAYS);
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(findWay(text.replaceAll(/[{}]/g, ""))).toBe(text);
  });
});
