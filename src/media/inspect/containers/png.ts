/** PNG: the header, and the chunks before and after the picture. What the chunks hold is for pngText.ts. */
import { asciiAt, viewOf } from "../bytes/bytes.ts";
import type { ByteSource } from "../bytes/byteSource.ts";
import { type ChunkForm, chunksAtEnd } from "./trailingChunks.ts";
import { readPngChunk, wantedChunks } from "./pngChunks.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

const mostChunks = 160;
/** Writers cut the picture into pieces of 8 KiB and more; behind so many of them only the end of the file is looked at. */
const mostPieces = 16;

/** Each can inflate to a mebibyte. */
const mostBlocks = 12;

const form: ChunkForm = {
  isWanted: (bytes, at) => wantedChunks.includes(asciiAt(bytes, at + 4, 4)),
  sizeAt: (bytes, at) => 12 + viewOf(bytes).getUint32(at),
};

export async function readPng(source: ByteSource, content: StillContent): Promise<void> {
  let at: number | null = 8;
  let pieces = 0;
  for (let i = 0; i < mostChunks && at !== null; i++) {
    const head = await source.read(at, 16);
    if (head.length < 8) return;
    const length = viewOf(head).getUint32(0);
    const type = asciiAt(head, 4, 4);
    if (type === "IEND") return;
    if (type === "IHDR") {
      content.rawWidth = viewOf(head).getUint32(8);
      content.rawHeight = viewOf(head).getUint32(12);
    }
    const held = content.tiff.length + content.xmp.length + content.iptc.length;
    if (wantedChunks.includes(type) && length <= longestBlockBytes && held < mostBlocks) {
      await readPngChunk(type, await source.read(at + 8, length), content);
    }
    at += 12 + length;
    if (type === "IDAT" && ++pieces === mostPieces) at = await chunksAtEnd(source, at, form);
  }
}
