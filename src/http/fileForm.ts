/** A multipart form with one file and text fields in any order. The file is streamed; the fields are kept. */
import { AppError, invalid } from "../kernel/errors.ts";
import { discardBody, MAX_DISCARDED_BYTES, readChunks } from "./bodyReader.ts";
import { parseDigestField } from "./digestField.ts";
import { parseBoundary, readParts, readText, type MultipartPart } from "./multipart.ts";

export interface FileFormSpec {
  /** Name of the file's part. */
  fileField: string;
  /** Maximum bytes of each text field. Parts with other names are skipped. */
  fieldLimits: ReadonlyMap<string, number>;
  /** Called after each text field, to reject an invalid one before the file is stored. */
  onField?: (fields: ReadonlyMap<string, string>) => void;
}

export interface FormFile {
  name: string | null;
  contentType: string | null;
  /** SHA-256 that the part's Repr-Digest header declares, base64; null without one. */
  declaredSha256: string | null;
  body: AsyncIterable<Uint8Array>;
  /** Content-Length of the whole request. */
  sizeHint: number | null;
}

export interface FileForm {
  /** Text fields read so far. */
  readonly fields: ReadonlyMap<string, string>;
  /** Reads up to the file. */
  open(): Promise<FormFile>;
  /** Reads to the end of the form, after the file's body. */
  finish(): Promise<void>;
}

/** A connection lost by the client answers 400, since a 5xx would count as a failure of the service. */
async function* readRequestBody(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* readChunks(body);
  } catch (error) {
    throw new AppError("bad_request", "request body ended unexpectedly", { cause: error });
  }
}

function parseContentLength(headers: Headers): number | null {
  const length = Number(headers.get("content-length"));
  return Number.isSafeInteger(length) && length > 0 ? length : null;
}

class RequestFileForm implements FileForm {
  readonly fields = new Map<string, string>();
  readonly #request: Request;
  readonly #spec: FileFormSpec;
  #parts: AsyncGenerator<MultipartPart, void, undefined> | null = null;
  #isFinished = false;

  constructor(request: Request, spec: FileFormSpec) {
    this.#request = request;
    this.#spec = spec;
  }

  async open(): Promise<FormFile> {
    const { body, headers } = this.#request;
    if (body === null) throw this.#fileError("is missing: the request body is empty");
    this.#parts = readParts(readRequestBody(body), parseBoundary(headers.get("content-type")));
    const part = await this.#nextFile();
    if (part === null) throw this.#fileError("is missing");
    const { filename: name, contentType, digestField, body: bytes } = part;
    const declaredSha256 = digestField === null ? null : parseDigestField(digestField, ["body", this.#spec.fileField]);
    return { name, contentType, declaredSha256, body: bytes, sizeHint: parseContentLength(headers) };
  }

  async finish(): Promise<void> {
    if ((await this.#nextFile()) !== null) throw this.#fileError("only one file may be uploaded at a time");
    this.#isFinished = true;
  }

  /** Reads the rest of an unneeded body: a client that is still sending would otherwise see a connection reset. */
  async discard(maxBytes: number): Promise<void> {
    if (this.#isFinished) return;
    await this.#parts?.return();
    if (this.#request.body !== null) await discardBody(this.#request.body, maxBytes);
  }

  #fileError(message: string): AppError {
    return invalid(["body", this.#spec.fileField], message);
  }

  async #nextFile(): Promise<MultipartPart | null> {
    if (this.#parts === null) throw new Error("open() must be called before finish()");
    for (;;) {
      const { done, value: part } = await this.#parts.next();
      if (done === true) return null;
      if (part.name === this.#spec.fileField) return part;
      await this.#readField(part);
    }
  }

  /** Rejects repeated fields: which one counts would be a guess. */
  async #readField(part: MultipartPart): Promise<void> {
    const maxBytes = this.#spec.fieldLimits.get(part.name);
    if (maxBytes === undefined) return;
    if (this.fields.has(part.name)) throw invalid(["body", part.name], "was given more than once");
    this.fields.set(part.name, await readText(part, maxBytes));
    this.#spec.onField?.(this.fields);
  }
}

/**
 * Passes the form of a request to `use`, and discards the rest of the body: up to `MAX_DISCARDED_BYTES` when `use`
 * fails, all of it when `use` succeeds early, because a client that misses the response repeats the request.
 */
export async function withFileForm<T>(
  request: Request,
  spec: FileFormSpec,
  use: (form: FileForm) => Promise<T>,
): Promise<T> {
  const form = new RequestFileForm(request, spec);
  let result: T;
  try {
    result = await use(form);
  } catch (error) {
    await form.discard(MAX_DISCARDED_BYTES);
    throw error;
  }
  await form.discard(Infinity);
  return result;
}
