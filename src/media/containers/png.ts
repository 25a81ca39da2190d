/** PNG: the header, and the chunks before and after the picture that carry EXIF, XMP, IPTC and the colour profile. */
import { asciiAt, decodeText, inflated, startsWith, viewOf } from "../bytes.ts";
import { type ByteSource, memorySource } from "../source.ts";
import { photoshopIptc } from "./jpeg.ts";
import { type StillContent, longestBlockBytes } from "./stillContent.ts";

/** Writers cut the picture into chunks of 8 KiB and more; behind a long row of them nothing is looked for. */
const mostChunks = 160;

/** Each can inflate to a mebibyte. */
const mostBlocks = 12;

const wanted = ["eXIf", "iTXt", "tEXt", "zTXt", "iCCP"];

export async function readPng(source: ByteSource, content: StillContent): Promise<void> {
  const header = viewOf(await source.read(8, 16));
  content.rawWidth = header.getUint32(8);
  content.rawHeight = header.getUint32(12);
  let at = 8;
  for (let i = 0; i < mostChunks; i++) {
    const head = await source.read(at, 8);
    if (head.length < 8) return;
    const length = viewOf(head).getUint32(0);
    const type = asciiAt(head, 4, 4);
    if (type === "IEND") return;
    const held = content.tiff.length + content.xmp.length + content.iptc.length;
    if (wanted.includes(type) && length <= longestBlockBytes && held < mostBlocks) {
      await readChunk(type, await source.read(at + 8, length), content);
    }
    at += 12 + length;
  }
}

async function readChunk(type: string, body: Uint8Array, content: StillContent): Promise<void> {
  if (type === "eXIf") {
    content.tiff.unshift({ source: memorySource(body.slice()), firstDirectory: "image" });
    return;
  }
  const keywordBytes = body.indexOf(0);
  if (keywordBytes < 1) return;
  const keyword = asciiAt(body, 0, keywordBytes);
  const rest = body.subarray(keywordBytes + 1);
  if (type === "iCCP") {
    content.icc = await inflated(rest.subarray(1), longestBlockBytes);
  } else if (type === "iTXt" && keyword === "XML:com.adobe.xmp") {
    const packet = await internationalText(rest);
    if (packet !== null) content.xmp.push(packet);
  } else if (keyword.startsWith("Raw profile type ")) {
    const text = type === "zTXt" ? await inflated(rest.subarray(1), longestBlockBytes) : rest;
    if (text !== null) readRawProfile(keyword, text, content);
  }
}

/** What follows the keyword of an iTXt chunk: two flags, language and translated keyword, then the text, deflated or not. */
async function internationalText(rest: Uint8Array): Promise<Uint8Array | null> {
  const languageEnd = rest.indexOf(0, 2);
  const translatedEnd = languageEnd < 0 ? -1 : rest.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return null;
  const text = rest.slice(translatedEnd + 1);
  return rest[0] === 1 ? inflated(text, longestBlockBytes) : text;
}

/** ImageMagick's way: a name, a length, then the block of another format in hexadecimal. */
function readRawProfile(keyword: string, text: Uint8Array, content: StillContent): void {
  const match = /^\n?[^\n]*\n\s*\d+\n([\s0-9a-fA-F]*)/.exec(decodeText(text));
  const bytes = fromHex((match?.[1] ?? "").replace(/\s+/g, ""));
  const name = keyword.slice("Raw profile type ".length).toLowerCase();
  if (name === "iptc" || name === "8bim") {
    content.iptc.push(...(startsWith(bytes, "8BIM") ? photoshopIptc(bytes) : [bytes]));
  } else if (name === "xmp") {
    content.xmp.push(bytes);
  } else if (name === "exif" || name === "app1") {
    if (startsWith(bytes, "http://ns.adobe.com/xap/1.0/\0")) content.xmp.push(bytes.slice(29));
    const tiff = startsWith(bytes, "Exif\0\0") ? bytes.slice(6) : bytes;
    content.tiff.push({ source: memorySource(tiff), firstDirectory: "image" });
  }
}

function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor(digits.length / 2));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
