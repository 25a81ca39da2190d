/** What PNG chunks carry: EXIF, a profile, and under keywords texts, among them whole blocks of other formats. */
import { asciiAt, decodeText, inflated, startsWith } from "../bytes/bytes.ts";
import { exifBlock } from "../exif/exifBlock.ts";
import { photoshopIptc } from "../metadata/photoshop.ts";
import { type StillContent, longestBlockBytes } from "./imageContent.ts";

export const wantedChunks: readonly string[] = ["eXIf", "iTXt", "tEXt", "zTXt", "iCCP"];

const xmpName = "http://ns.adobe.com/xap/1.0/\0";

export async function readPngChunk(type: string, body: Uint8Array, content: StillContent): Promise<void> {
  if (type === "eXIf") {
    content.tiff.unshift(exifBlock(body));
    return;
  }
  const keywordBytes = body.indexOf(0);
  if (keywordBytes < 1) return;
  const keyword = asciiAt(body, 0, keywordBytes);
  const rest = body.subarray(keywordBytes + 1);
  if (type === "iCCP") {
    content.icc = await inflated(rest.subarray(1), longestBlockBytes);
    return;
  }
  if (!["XML:com.adobe.xmp", "Description"].includes(keyword) && !keyword.startsWith("Raw profile type ")) return;
  const text = await textIn(type, rest);
  if (text === null) return;
  if (keyword === "XML:com.adobe.xmp") content.xmp.push(text);
  else if (keyword === "Description") content.caption ??= decodeText(text);
  else readRawProfile(keyword.slice("Raw profile type ".length).toLowerCase(), text, content);
}

/** A tEXt as it is, a zTXt after its one method of packing; an iTXt after two flags, language and translated keyword. */
async function textIn(type: string, rest: Uint8Array): Promise<Uint8Array | null> {
  if (type === "tEXt") return rest.slice();
  if (type === "zTXt") return inflated(rest.subarray(1), longestBlockBytes);
  const languageEnd = rest.indexOf(0, 2);
  const translatedEnd = languageEnd < 0 ? -1 : rest.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return null;
  const text = rest.slice(translatedEnd + 1);
  return rest[0] === 1 ? inflated(text, longestBlockBytes) : text;
}

/** ImageMagick's way: a name, a length, then the block of another format in hexadecimal. */
function readRawProfile(name: string, text: Uint8Array, content: StillContent): void {
  const match = /^\n?[^\n]*\n\s*\d+\n([\s0-9a-fA-F]*)/.exec(decodeText(text));
  const bytes = fromHex((match?.[1] ?? "").replace(/\s+/g, ""));
  if (name === "iptc" || name === "8bim") {
    content.iptc.push(...(startsWith(bytes, "8BIM") ? photoshopIptc(bytes) : [bytes]));
  } else if (name === "xmp") {
    content.xmp.push(bytes);
  } else if (name === "icc" || name === "icm") {
    content.icc ??= bytes;
  } else if (name === "exif" || name === "app1") {
    if (startsWith(bytes, xmpName)) content.xmp.push(bytes.slice(xmpName.length));
    else content.tiff.push(exifBlock(bytes));
  }
}

function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor(digits.length / 2));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
