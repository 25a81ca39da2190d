export function toBase64Url(bytes) {
  const letters = Array.from(bytes, (byte) => String.fromCodePoint(byte)).join("");
  return globalThis.btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64Url(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(globalThis.atob(base64), (letter) => letter.codePointAt(0));
}
