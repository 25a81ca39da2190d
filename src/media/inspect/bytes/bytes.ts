/** Numbers and text out of raw bytes. Past the end of them it throws a RangeError, which still.ts and video.ts take for "the file ends here". */
import { brotliDecompress } from "node:zlib";

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function asciiAt(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  const end = Math.min(at + length, bytes.length);
  for (let i = at; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  return asciiAt(bytes, at, text.length) === text;
}

/** UTF-8 where it is valid; else Windows-1252, what older software wrote. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

export function concatenated(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The zlib stream in `bytes`, no further than `limitBytes` of its output: a bomb stops there. Null where it is no such stream. */
export async function inflated(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream("deflate"));
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      total += next.value.length;
      if (total > limitBytes) {
        await reader.cancel();
        return null;
      }
    }
  } catch {
    return null;
  }
  return concatenated(parts);
}

/** The same for a Brotli stream. The web's DecompressionStream knows none; Workers and Node both have it in their zlib. */
export function unbrotlied(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    brotliDecompress(bytes, { maxOutputLength: limitBytes }, (error, whole) => resolve(error ? null : whole));
  });
}
