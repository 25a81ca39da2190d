/** Uint8Array to and from Base64 (ES2026), which workerd implements and TypeScript 5.9's library does not declare. */
interface Base64Options {
  alphabet?: "base64" | "base64url";
  omitPadding?: boolean;
}

interface Uint8Array {
  toBase64(options?: Base64Options): string;
}

interface Uint8ArrayConstructor {
  /** Throws a SyntaxError on characters outside the alphabet and on wrong padding. */
  fromBase64(
    text: string,
    options?: { alphabet?: "base64" | "base64url"; lastChunkHandling?: "loose" | "strict" | "stop-before-partial" },
  ): Uint8Array<ArrayBuffer>;
}
