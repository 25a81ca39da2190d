/** A small multipart form, held in memory: text fields that may repeat, and one optional file. */
import { AppError, invalid } from "../kernel/errors.ts";
import { discardBody, MAX_DISCARDED_BYTES } from "./bodyReader.ts";
import { MULTIPART_LIMITS, parseBoundary, readParts, readText, type MultipartPart } from "./multipart.ts";

export interface BufferedFormSpec {
  /** Name of the file's part. */
  fileField: string;
  maxFileBytes: number;
  /** Names of the text fields. Parts with other names are skipped, and so are brackets at the end of a name. */
  fields: ReadonlySet<string>;
  /** Maximum bytes of all text fields together. */
  maxFieldBytes: number;
  /** Maximum number of parts: each item of a list may be one. */
  maxParts: number;
}

export interface BufferedForm {
  /** The values of each field in their order. */
  fields: Map<string, string[]>;
  /** Null without a file, and for a form field of that name that is empty. */
  fileBytes: Uint8Array | null;
}

const BRACKETS = /\[\]$/;

/** @throws {AppError} `payload_too_large` for more than `maxBytes`. */
async function readBytes(part: MultipartPart, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of part.body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new AppError("payload_too_large", `${part.name} is larger than ${maxBytes} bytes`);
    chunks.push(chunk.slice());
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

async function readForm(request: Request, spec: BufferedFormSpec): Promise<BufferedForm> {
  const boundary = parseBoundary(request.headers.get("content-type"));
  const form: BufferedForm = { fields: new Map(), fileBytes: null };
  let fieldBytes = 0;
  if (request.body === null) return form;
  for await (const part of readParts(request.body, boundary, { ...MULTIPART_LIMITS, maxParts: spec.maxParts })) {
    const name = part.name.replace(BRACKETS, "");
    if (part.name === spec.fileField) {
      if (form.fileBytes !== null) throw invalid(["body", spec.fileField], "was given more than once");
      const bytes = await readBytes(part, spec.maxFileBytes);
      // A browser sends an empty name and no bytes for a file that nobody chose.
      const isAbsent = (part.filename ?? "") === "" && bytes.byteLength === 0;
      form.fileBytes = isAbsent ? null : bytes;
    } else if (spec.fields.has(name)) {
      const text = await readText(part, spec.maxFieldBytes - fieldBytes);
      fieldBytes += new TextEncoder().encode(text).byteLength;
      form.fields.set(name, [...(form.fields.get(name) ?? []), text]);
    }
  }
  return form;
}

/**
 * Reads the form of a request, and discards the rest of a body that it rejects.
 *
 * @throws {AppError} `unsupported_media_type` for another type, `payload_too_large` for a larger file,
 * `validation_error` for larger fields, `bad_request` for a malformed form.
 */
export async function readBufferedForm(request: Request, spec: BufferedFormSpec): Promise<BufferedForm> {
  try {
    return await readForm(request, spec);
  } catch (error) {
    if (request.body !== null && !request.body.locked) await discardBody(request.body, MAX_DISCARDED_BYTES);
    if (error instanceof AppError) throw error;
    throw new AppError("bad_request", "request body ended unexpectedly", { cause: error });
  }
}
