import { asciiAt, viewOf } from "../../bytes/bytes.ts";
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type ChunkFormat, findTrailingChunks } from "../trailingChunks.ts";
import { readPngChunk, metadataChunkTypes } from "./pngChunks.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "../imageContent.ts";

const MAX_CHUNKS = 160;
/** IDAT chunks have 8 KiB or more each; after this many, only the end of the file is searched. */
const MAX_IDAT_CHUNKS = 16;

/** Further blocks are ignored: several EXIF, XMP and IPTC blocks are unusual. */
const MAX_BLOCKS = 12;

const chunkFormat: ChunkFormat = {
  isMetadata: (bytes, at) => metadataChunkTypes.includes(asciiAt(bytes, at + 4, 4)),
  sizeAt: (bytes, at) => 12 + viewOf(bytes).getUint32(at),
};

/** Reads the size of a PNG, and the metadata chunks before and after the pixels. */
export async function readPng(source: ByteSource, content: ImageContent): Promise<void> {
  let at: number | null = 8;
  let idatChunks = 0;
  for (let i = 0; i < MAX_CHUNKS && at !== null; i++) {
    const head = await source.read(at, 16);
    if (head.length < 8) return;
    const length = viewOf(head).getUint32(0);
    const type = asciiAt(head, 4, 4);
    if (type === "IEND") return;
    if (type === "IHDR") {
      content.rawWidth = viewOf(head).getUint32(8);
      content.rawHeight = viewOf(head).getUint32(12);
    }
    const blocks = content.exif.length + content.xmp.length + content.iptc.length;
    if (metadataChunkTypes.includes(type) && length <= MAX_BLOCK_BYTES && blocks < MAX_BLOCKS) {
      await readPngChunk(type, await source.read(at + 8, length), content);
    }
    at += 12 + length;
    if (type === "IDAT" && ++idatChunks === MAX_IDAT_CHUNKS) at = await findTrailingChunks(source, at, chunkFormat);
  }
}
