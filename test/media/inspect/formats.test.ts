import { describe, expect, it } from "vitest";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName, takenExtensions } from "../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";

describe("formats by name", () => {
  it("takes every extension of the contract, whatever its case", () => {
    const listed =
      "jpg jpeg png gif webp avif heic heif jxl tiff tif bmp dng cr2 cr3 arw nef raf rw2 orf pef srw mp4 m4v mov avi mkv webm 3gp mts m2ts";
    for (const extension of listed.split(" ")) {
      expect(formatOfFileName(`x.${extension}`)?.extension).toBe(extension);
      expect(formatOfFileName(`x.y.${extension.toUpperCase()}`)?.extension).toBe(extension);
    }
    expect(takenExtensions).not.toContain("svg");
  });

  it("takes no other name", () => {
    for (const name of ["", "jpg", ".", "a.", "a.svg", "a.txt", "a.jpg.exe", "a.constructor", "a. jpg", "a.jpg\0"]) {
      expect(formatOfFileName(name)).toBeNull();
    }
  });

  it("tells image from video", () => {
    expect(formatOfFileName("a.DNG")).toMatchObject({
      mimeType: "image/x-adobe-dng",
      mediaType: "image",
      family: "tiff",
    });
    expect(formatOfFileName("a.mov")).toMatchObject({ mimeType: "video/quicktime", mediaType: "video", family: "mp4" });
  });

  it("names what is wrong with text under a picture's name", async () => {
    const format = formatOfFileName("a.jpg");
    if (format === null) throw new Error("jpg is taken");
    const facts = await readFacts(memorySource(new TextEncoder().encode("hello, this is no picture")), format);
    expect(facts).toMatchObject({ width: 0, height: 0, rawWidth: null, rawHeight: null });
    expect(facts.problem).toBe("not a jpg file: it begins with 68 65 6c 6c 6f 2c 20 74 68 69 73 20");
    expect((await readFacts(memorySource(new Uint8Array(0)), format)).problem).toBe("the file is empty");
  });
});
