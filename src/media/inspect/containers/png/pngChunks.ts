/** Decodes the metadata chunks of a PNG: eXIf, iCCP, and text chunks, some of which embed EXIF, XMP or IPTC blocks. */
import { asciiAt, decodeText, startsWith } from "../../bytes/bytes.ts";
import { inflateBlock } from "../../bytes/decompression.ts";
import type { InspectionBudget } from "../../bytes/inspectionBudget.ts";
import { toExifBlock } from "../../exif/exifBlock.ts";
import { iptcBlocksIn } from "../../metadata/photoshop.ts";
import { type ImageContent, MAX_BLOCK_BYTES } from "../imageContent.ts";

export const metadataChunkTypes: readonly string[] = ["eXIf", "iTXt", "tEXt", "zTXt", "iCCP"];

const XMP_NAME = "http://ns.adobe.com/xap/1.0/\0";

/** Adds the metadata of one chunk to `content`. */
export async function readPngChunk(type: string, body: Uint8Array, content: ImageContent): Promise<void> {
  if (type === "eXIf") {
    content.exif.unshift(toExifBlock(body));
    return;
  }
  const keywordBytes = body.indexOf(0);
  if (keywordBytes < 1) return;
  const keyword = asciiAt(body, 0, keywordBytes);
  const rest = body.subarray(keywordBytes + 1);
  if (type === "iCCP") {
    content.icc ??= await inflateBlock(rest.subarray(1), MAX_BLOCK_BYTES, content.budget);
    return;
  }
  if (!["XML:com.adobe.xmp", "Description"].includes(keyword) && !keyword.startsWith("Raw profile type ")) return;
  const text = await readText(type, rest, content.budget);
  if (text === null) return;
  if (keyword === "XML:com.adobe.xmp") content.xmp.push(text);
  else if (keyword === "Description") content.caption ??= decodeText(text);
  else if (content.budget.spend(text.length))
    readRawProfile(keyword.slice("Raw profile type ".length).toLowerCase(), text, content);
}

/**
 * tEXt is plain; zTXt has a compression method; iTXt has compression flag and method, language and translated keyword.
 */
async function readText(type: string, rest: Uint8Array, budget: InspectionBudget): Promise<Uint8Array | null> {
  if (type === "tEXt") return rest.slice();
  if (type === "zTXt") return inflateBlock(rest.subarray(1), MAX_BLOCK_BYTES, budget);
  const languageEnd = rest.indexOf(0, 2);
  const translatedEnd = languageEnd < 0 ? -1 : rest.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return null;
  const text = rest.slice(translatedEnd + 1);
  return rest[0] === 1 ? inflateBlock(text, MAX_BLOCK_BYTES, budget) : text;
}

/** ImageMagick embeds a block of another format as its name, its length and hexadecimal digits. */
function readRawProfile(name: string, text: Uint8Array, content: ImageContent): void {
  const match = /^\n?[^\n]*\n\s*\d+\n([\s0-9a-fA-F]*)/.exec(decodeText(text));
  const bytes = fromHex((match?.[1] ?? "").replace(/\s+/g, ""));
  if (name === "iptc" || name === "8bim") {
    content.iptc.push(...(startsWith(bytes, "8BIM") ? iptcBlocksIn(bytes) : [bytes]));
  } else if (name === "xmp") {
    content.xmp.push(bytes);
  } else if (name === "icc" || name === "icm") {
    content.icc ??= bytes;
  } else if (name === "exif" || name === "app1") {
    if (startsWith(bytes, XMP_NAME)) content.xmp.push(bytes.slice(XMP_NAME.length));
    else content.exif.push(toExifBlock(bytes));
  }
}

function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor(digits.length / 2));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
