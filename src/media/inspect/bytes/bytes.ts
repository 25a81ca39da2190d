/** Views throw a RangeError past the end of the bytes; `imageInfo.ts` and `video.ts` treat it as a truncated file. */
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
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
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
