import { describe, expect, it } from "vitest";
import {
  applyPatches,
  insertion,
  removal,
  replacement,
  type BytePatch,
} from "../../../../src/media/transcode/display/bytePatches.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz";
const encode = (text: string) => new TextEncoder().encode(text);

function streamInChunks(text: string, size: number, onCancel = () => {}): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (at >= text.length) return controller.close();
      controller.enqueue(encode(text.slice(at, at + size)));
      at += size;
    },
    cancel: onCancel,
  });
}

describe("applyPatches", () => {
  const cases: [string, BytePatch[], string][] = [
    ["nothing", [], alphabet],
    ["a removal across chunks", [removal(3, 10)], "abcnopqrstuvwxyz"],
    ["an insertion at the start", [insertion(0, encode("--"))], `--${alphabet}`],
    ["an insertion at the end", [insertion(26, encode("--"))], `${alphabet}--`],
    ["a replacement", [replacement(4, encode("EFG"))], "abcdEFGhijklmnopqrstuvwxyz"],
    ["an insertion where a removal begins", [removal(3, 10), insertion(3, encode("*"))], "abc*nopqrstuvwxyz"],
    ["a removal to beyond the end", [removal(20, 100)], "abcdefghijklmnopqrst"],
    [
      "several in any order",
      [removal(10, 5), insertion(2, encode("*")), replacement(8, encode("IJ")), insertion(15, encode("!"))],
      "ab*cdefghIJ!pqrstuvwxyz",
    ],
  ];
  for (const size of [1, 2, 3, 7, 26]) {
    it.each(cases)(`applies %s in chunks of ${size} bytes`, async (_name, patches, expected) => {
      const patched = applyPatches(streamInChunks(alphabet, size), patches);
      expect(await new Response(patched).text()).toBe(expected);
    });
  }

  it("cancels the source before and during reading", async () => {
    for (const reads of [0, 1]) {
      let cancelled = false;
      const source = streamInChunks(alphabet, 4, () => void (cancelled = true));
      const reader = applyPatches(source, [insertion(6, encode("-"))]).getReader();
      for (let i = 0; i < reads; i++) await reader.read();
      await reader.cancel();
      expect(cancelled).toBe(true);
    }
  });
});
