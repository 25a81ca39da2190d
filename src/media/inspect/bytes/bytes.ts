/** Views throw a RangeError past the end of the bytes; `imageInfo.ts` and `video.ts` treat it as a truncated file. */
import { brotliDecompress } from "node:zlib";

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Decodes bytes one to one, as Latin-1; shorter at the end of the bytes. */
export function asciiAt(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  const end = Math.min(at + length, bytes.length);
  for (let i = at; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  return asciiAt(bytes, at, text.length) === text;
}

/** Decodes UTF-8 if it is valid, otherwise Windows-1252, which older software wrote. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

export function concat(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Decompresses a zlib stream (RFC 1950); null if it is invalid or its output exceeds `maxBytes`. */
export async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("deflate"));
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      total += next.value.length;
      if (total > maxBytes) {
        await reader.cancel();
        return null;
      }
    }
  } catch {
    return null;
  }
  return concat(parts);
}

/** Decompresses a Brotli stream (RFC 7932), with node:zlib because DecompressionStream lacks it; null as for `inflate`. */
export function decompressBrotli(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    brotliDecompress(bytes, { maxOutputLength: maxBytes }, (error, output) => resolve(error ? null : new Uint8Array(output)));
  });
}
