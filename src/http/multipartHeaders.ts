/** Parses the headers of a multipart part, and header parameters. */
import { AppError } from "../kernel/errors.ts";

export interface PartHeaders {
  name: string;
  /** File name as sent, including any path; null for a text field. */
  filename: string | null;
  contentType: string | null;
  /** Repr-Digest or Content-Digest as sent; equal for a part, because parts lack content codings. */
  digestField: string | null;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const HEADER = new RegExp(`^(${TOKEN}):[ \\t]*([^]*?)[ \\t]*$`);
/** Unquoted values are read leniently: boundaries that contain `=` or `/` are common. */
const PARAMETER = new RegExp(`[ \\t]*;[ \\t]*(?:(${TOKEN})=(?:"((?:[^"\\\\]|\\\\[^])*)"|([^\\s";]+)))?`, "y");
/** RFC 8187 §3.2.1, limited to UTF-8. */
const EXTENDED = /^utf-8'[^']*'((?:%[0-9a-f]{2}|[!#$&+\-.^_`|~0-9a-z])*)$/i;

function malformedPart(what: string): AppError {
  return new AppError("bad_request", `multipart body has a part ${what}`);
}

/**
 * Parses the parameters of a header: names in lower case, values without their quotes. Null for a malformed list or a
 * repeated name.
 */
export function parseParameters(header: string): Map<string, string> | null {
  const parameters = new Map<string, string>();
  const start = header.indexOf(";");
  if (start < 0) return parameters;
  const text = header.slice(start).trimEnd();
  PARAMETER.lastIndex = 0;
  while (PARAMETER.lastIndex < text.length) {
    const match = PARAMETER.exec(text);
    if (match === null) return null;
    const [, name, quoted, plain] = match;
    if (name === undefined) continue;
    if (parameters.has(name.toLowerCase())) return null;
    parameters.set(name.toLowerCase(), quoted ?? plain ?? "");
  }
  return parameters;
}

/** Unescapes `\"` and `\\`. Other backslashes are literal, as browsers send them. */
export function unescapeQuoted(text: string): string {
  return text.replaceAll(/\\(["\\])/g, "$1");
}

/** Browsers write a quote as %22 and leave percent signs as they are (WHATWG HTML), so only %22 is decoded. */
function decodeFormName(text: string): string {
  return unescapeQuoted(text).replaceAll("%22", '"');
}

function decodeExtendedName(text: string): string {
  const encoded = EXTENDED.exec(text)?.[1];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // Valid percent-encoding of invalid UTF-8.
  }
  throw malformedPart("whose filename* is not UTF-8 in the form of RFC 8187");
}

function parseDisposition(value: string): { name: string; filename: string | null } {
  if (!/^form-data[ \t]*(;|$)/i.test(value)) throw malformedPart("whose Content-Disposition is not form-data");
  const parameters = parseParameters(value);
  if (parameters === null) throw malformedPart("whose Content-Disposition cannot be read");
  const name = parameters.get("name");
  if (name === undefined) throw malformedPart("without a name");
  const extended = parameters.get("filename*");
  const plain = parameters.get("filename");
  if (extended !== undefined) return { name: decodeFormName(name), filename: decodeExtendedName(extended) };
  return { name: decodeFormName(name), filename: plain === undefined ? null : decodeFormName(plain) };
}

function decode(block: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(block);
  } catch (error) {
    throw new AppError("bad_request", "multipart body has a part whose headers are not UTF-8", { cause: error });
  }
}

/** Rejects repeated and folded headers, which other parsers may interpret differently. */
function parseHeaderLines(lines: string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined || /[\r\n]/.test(line))
      throw malformedPart("with a header line that cannot be read");
    if (headers.has(name.toLowerCase())) throw malformedPart(`with two ${name} headers`);
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

/** Parses the bytes between a boundary and the empty line, both without their line ends. */
export function parsePartHeaders(block: Uint8Array): PartHeaders {
  const [padding = "", ...lines] = decode(block).split("\r\n");
  if (!/^[ \t]*$/.test(padding)) throw malformedPart("whose boundary line has text after the boundary");
  const headers = parseHeaderLines(lines);
  const value = headers.get("content-disposition");
  if (value === undefined) throw malformedPart("without Content-Disposition");
  // Deprecated by RFC 7578 §4.7; an encoded file stored as it is would be broken.
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(7bit|8bit|binary)$/i.test(encoding))
    throw malformedPart(`with Content-Transfer-Encoding ${encoding}: send the bytes unencoded`);
  const digestField = headers.get("repr-digest") ?? headers.get("content-digest") ?? null;
  return { ...parseDisposition(value), contentType: headers.get("content-type") ?? null, digestField };
}
