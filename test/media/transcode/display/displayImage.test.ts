import { describe, expect, it } from "vitest";
import { memorySource } from "../../../../src/media/inspect/bytes/byteSource.ts";
import { readDisplayInfo } from "../../../../src/media/inspect/imageInfo.ts";
import { applyPatches, type BytePatch } from "../../../../src/media/transcode/display/bytePatches.ts";
import { readDisplayImage } from "../../../../src/media/transcode/display/displayImage.ts";
import { countingSource } from "../../../support/media/countingSource.ts";
import { mutate, seededRandom } from "../../../support/media/mutations.ts";
import { jpegWithLineCount, orientationCarriers, quadrantGif } from "../../../support/media/orientationCarriers.ts";

async function patched(bytes: Uint8Array, patches: readonly BytePatch[]): Promise<Uint8Array> {
  const stream = applyPatches(new Blob([bytes]).stream(), patches);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const files = [
  ...(await orientationCarriers()).filter(({ fileName }) => !fileName.endsWith("tif")),
  { name: "gif", bytes: quadrantGif(0, 0) },
  { name: "jpg: height after the scan", bytes: await jpegWithLineCount() },
];

describe("the patches for the renderer", () => {
  it.each(files)("keep the displayed size and orientation, and are final: $name", async ({ bytes }) => {
    const image = await readDisplayImage(memorySource(bytes));
    if (image.family === null) throw new Error("no family");
    const before = await readDisplayInfo(memorySource(bytes), image.family);
    const result = await patched(bytes, image.patches);
    const after = await readDisplayInfo(memorySource(result), image.family);
    expect(after).toEqual(before);
    expect([image.width, image.height]).toEqual([before?.width, before?.height]);
    const again = await readDisplayImage(memorySource(result));
    expect(await patched(result, again.patches)).toEqual(result);
  });

  it("never throw, overlap or grow a damaged file by more than a few bytes", async () => {
    for (let seed = 0; seed < 600; seed++) {
      const random = seededRandom(seed);
      const [file, other] = [files[random(files.length)], files[random(files.length)]];
      if (file === undefined || other === undefined) throw new Error("no file");
      const bytes = mutate(file.bytes.slice(), random, other.bytes);
      const { patches } = await readDisplayImage(memorySource(bytes));
      const ordered = patches.toSorted((a, b) => a.offset - b.offset);
      let end = 0;
      for (const { offset, length } of ordered) {
        expect(offset).toBeGreaterThanOrEqual(end);
        end = offset + length;
      }
      expect((await patched(bytes, patches)).length).toBeLessThanOrEqual(bytes.length + 80);
    }
  });

  it("need one read for a small file", async () => {
    const source = countingSource(files[0]?.bytes ?? new Uint8Array());
    await readDisplayImage(source);
    expect(source.counts.reads).toBe(1);
  });
});
