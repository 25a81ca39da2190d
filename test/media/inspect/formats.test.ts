import { describe, expect, it } from "vitest";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import formatsPage from "../../../docs/formats.md?raw";
import { formatForFileName, supportedFormats } from "../../../src/media/inspect/formats.ts";
import { memorySource } from "../../../src/media/inspect/bytes/byteSource.ts";

describe("formats by file name", () => {
  it("supports every extension of the contract and those of further cameras, case-insensitively", () => {
    const listed =
      "jpg jpeg png gif webp avif heic heif jxl tiff tif bmp dng cr2 cr3 arw nef raf rw2 orf pef srw mp4 m4v mov avi mkv webm 3gp mts m2ts";
    const others = "nrw gpr crw mrw x3f kdc rwl 3fr iiq erf sr2 srf dcr lrv 360 wmv ts m2t mpo jp2";
    for (const extension of `${listed} ${others}`.split(" ")) {
      expect(formatForFileName(`x.${extension}`)?.extension).toBe(extension);
      expect(formatForFileName(`x.y.${extension.toUpperCase()}`)?.extension).toBe(extension);
    }
  });

  it("are the table of docs/formats.md", () => {
    const documented = formatsPage
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()))
      .filter(([, , mimeType = ""]) => /^(?:image|video)\//.test(mimeType))
      .flatMap(([, extensions = "", mimeType, mediaType]) =>
        extensions.split(", ").map((extension) => ({ extension, mimeType, mediaType })),
      );
    const supported = supportedFormats.map(({ extension, mimeType, mediaType }) => ({
      extension,
      mimeType,
      mediaType,
    }));
    const byExtension = (a: { extension: string }, b: { extension: string }) => (a.extension < b.extension ? -1 : 1);
    expect(documented.toSorted(byExtension)).toEqual(supported.toSorted(byExtension));
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
