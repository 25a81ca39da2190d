/** Conditional requests of RFC 9110 §13. */

export interface Validators {
  /** Strong entity tag, including its quotes. */
  etag: string;
  lastModifiedMs: number;
}

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d{2}:\\d{2}:\\d{2}";
/** IMF-fixdate, RFC 850 and asctime, the three forms of §5.6.7; Date.parse accepts many others. */
const HTTP_DATE = new RegExp(
  `^(?:${DAY}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT|[A-Z][a-z]{2,5}day, \\d{2}-${MONTH}-\\d{2} ${TIME} GMT|${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4})$`,
);

/** Parses an HTTP date into milliseconds; null for an invalid one, whose condition is ignored (§13.1.3). */
export function parseHttpDate(text: string | null): number | null {
  if (text === null || !HTTP_DATE.test(text)) return null;
  const ms = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : ms;
}

/** HTTP dates have a resolution of one second. */
function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function matchesEntityTag(header: string, etag: string, strong: boolean): boolean {
  if (header.trim() === "*") return true;
  const tags = header.match(ENTITY_TAG) ?? [];
  return tags.some((tag) => (strong ? tag : tag.replace(/^W\//, "")) === etag);
}

/** §13.2.2, steps 1 and 2: If-Match, If-Unmodified-Since. False leads to 412. */
function preconditionsHold(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) return matchesEntityTag(ifMatch, etag, true);
  const since = parseHttpDate(headers.get("if-unmodified-since"));
  return since === null || toSeconds(lastModifiedMs) <= toSeconds(since);
}

/** §13.2.2, steps 3 and 4: If-None-Match, If-Modified-Since. True leads to 304. */
function isNotModified(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return matchesEntityTag(ifNoneMatch, etag, false);
  const since = parseHttpDate(headers.get("if-modified-since"));
  return since !== null && toSeconds(lastModifiedMs) <= toSeconds(since);
}

export function isConditional(headers: Headers): boolean {
  const all = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];
  return all.some((name) => headers.has(name));
}

/** Evaluates the preconditions of a GET or HEAD of an existing file. */
export function evaluatePreconditions(headers: Headers, validators: Validators): "proceed" | 304 | 412 {
  if (!preconditionsHold(headers, validators)) return 412;
  return isNotModified(headers, validators) ? 304 : "proceed";
}

/**
 * §13.2.2, step 5: whether If-Range lets Range apply. A weak tag never matches. A date must equal Last-Modified; its
 * resolution of one second is safe, because the bytes of a URL never change.
 */
export function rangeApplies(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null || ifRange.trim() === etag) return true;
  const date = parseHttpDate(ifRange.trim());
  return date !== null && toSeconds(date) === toSeconds(lastModifiedMs);
}
