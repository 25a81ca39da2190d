/** The headers of one part, and header parameters in general. Reads text that is already in memory. */
import { AppError } from "../kernel/errors.ts";

export interface PartHead {
  name: string;
  /** As the client wrote it, path and all; null for a field that is no file. */
  filename: string | null;
  contentType: string | null;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const HEADER = new RegExp(`^(${TOKEN}):[ \\t]*([^]*?)[ \\t]*$`);
/** Unquoted values are read leniently: boundaries with `=` or `/` in them are common. */
const PARAMETER = new RegExp(`[ \\t]*;[ \\t]*(?:(${TOKEN})=(?:"((?:[^"\\\\]|\\\\[^])*)"|([^\\s";]+)))?`, "y");
/** RFC 8187 §3.2.1, in the one charset that is left in use. */
const EXTENDED = /^utf-8'[^']*'((?:%[0-9a-f]{2}|[!#$&+\-.^_`|~0-9a-z])*)$/i;

function malformed(what: string): AppError {
  return new AppError("bad_request", `the multipart body has a part ${what}`);
}

/** Names in lower case, values as written between their quotes. Null for what is no list of parameters, or names one twice. */
export function parametersOf(header: string): Map<string, string> | null {
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

/** `\"` and `\\` are what RFC 7578 clients write. Other backslashes are a browser's, which escapes none. */
export function unescapeQuoted(text: string): string {
  return text.replaceAll(/\\(["\\])/g, "$1");
}

/** Browsers write a quote as %22 and leave percent signs alone (WHATWG HTML), so nothing else is decoded. */
function formName(text: string): string {
  return unescapeQuoted(text).replaceAll("%22", '"');
}

function extendedName(text: string): string {
  const encoded = EXTENDED.exec(text)?.[1];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // Percent signs in place, but no UTF-8 behind them.
  }
  throw malformed("whose filename* is not UTF-8 in the form of RFC 8187");
}

function disposition(value: string): { name: string; filename: string | null } {
  if (!/^form-data[ \t]*(;|$)/i.test(value)) throw malformed("whose Content-Disposition is not form-data");
  const parameters = parametersOf(value);
  if (parameters === null) throw malformed("whose Content-Disposition cannot be read");
  const name = parameters.get("name");
  if (name === undefined) throw malformed("without a name");
  const extended = parameters.get("filename*");
  const plain = parameters.get("filename");
  if (extended !== undefined) return { name: formName(name), filename: extendedName(extended) };
  return { name: formName(name), filename: plain === undefined ? null : formName(plain) };
}

function decode(block: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(block);
  } catch (error) {
    throw new AppError("bad_request", "the multipart body has a part whose headers are not UTF-8", { cause: error });
  }
}

/** A header given twice, or continued on the next line, could mean one thing here and another behind us: refused. */
function headersOf(lines: string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined || /[\r\n]/.test(line))
      throw malformed("with a header line that cannot be read");
    if (headers.has(name.toLowerCase())) throw malformed(`with two ${name} headers`);
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

/** `block`: from behind the boundary to the empty line, both without their line ends. */
export function partHead(block: Uint8Array): PartHead {
  const [padding = "", ...lines] = decode(block).split("\r\n");
  if (!/^[ \t]*$/.test(padding)) throw malformed("whose boundary line goes on after the boundary");
  const headers = headersOf(lines);
  const value = headers.get("content-disposition");
  if (value === undefined) throw malformed("without Content-Disposition");
  // Deprecated (RFC 7578 §4.7) and sent by nobody; stored undecoded it would be a broken file.
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(7bit|8bit|binary)$/i.test(encoding)) throw malformed(`in ${encoding}: send its bytes as they are`);
  return { ...disposition(value), contentType: headers.get("content-type") ?? null };
}
