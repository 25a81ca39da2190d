import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";

describe("formats by file name", () => {
  it("supports every extension of the contract, case-insensitively", () => {
    const listed =
      "jpg jpeg png gif webp avif heic heif jxl tiff tif bmp dng cr2 cr3 arw nef raf rw2 orf pef srw mp4 m4v mov avi mkv webm 3gp mts m2ts";
    for (const extension of listed.split(" ")) {
      expect(formatForFileName(`x.${extension}`)?.extension).toBe(extension);
      expect(formatForFileName(`x.y.${extension.toUpperCase()}`)?.extension).toBe(extension);
    }
  });

  it("returns null for unsupported names, including SVG", () => {
    for (const name of ["", "jpg", ".", "a.", "a.svg", "a.txt", "a.jpg.exe", "a.constructor", "a. jpg", "a.jpg\0"]) {
      expect(formatForFileName(name)).toBeNull();
    }
  });

  it("distinguishes images from videos", () => {
    expect(formatForFileName("a.DNG")).toMatchObject({
      mimeType: "image/x-adobe-dng",
      mediaType: "image",
      family: "tiff",
    });
    expect(formatForFileName("a.mov")).toMatchObject({
      mimeType: "video/quicktime",
      mediaType: "video",
      family: "mp4",
    });
  });

  it("describes the problem of a text file with an image extension and of an empty file", async () => {
    const format = formatForFileName("a.jpg");
    if (format === null) throw new Error("jpg is unsupported");
    const info = await readMediaInfo(memorySource(new TextEncoder().encode("hello, this is not an image")), format);
    expect(info).toMatchObject({ width: 0, height: 0, rawWidth: null, rawHeight: null });
    expect(info.problem).toBe("not a jpg file: it begins with 68 65 6c 6c 6f 2c 20 74 68 69 73 20");
    expect((await readMediaInfo(memorySource(new Uint8Array(0)), format)).problem).toBe("the file is empty");
  });
});
