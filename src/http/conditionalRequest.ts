/** Conditional requests of RFC 9110 §13. Pure: headers and validators in, what to answer out. */

export interface Validators {
  /** Strong, with its quotes. */
  etag: string;
  lastModifiedMs: number;
}

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d{2}:\\d{2}:\\d{2}";
/** IMF-fixdate, RFC 850 and asctime: the three forms a server must read (§5.6.7), and no other that Date.parse would. */
const HTTP_DATE = new RegExp(
  `^(?:${DAY}, \\d{2} ${MONTH} \\d{4} ${TIME} GMT|[A-Z][a-z]{2,5}day, \\d{2}-${MONTH}-\\d{2} ${TIME} GMT|${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4})$`,
);

/** Null for what is no HTTP date: such a condition is ignored. */
export function parseHttpDate(text: string | null): number | null {
  if (text === null || !HTTP_DATE.test(text)) return null;
  const ms = Date.parse(text.endsWith(" GMT") ? text : `${text} GMT`);
  return Number.isNaN(ms) ? null : ms;
}

/** HTTP dates have whole seconds. */
function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

function names(header: string, etag: string, strong: boolean): boolean {
  if (header.trim() === "*") return true;
  const tags = header.match(ENTITY_TAG) ?? [];
  return tags.some((tag) => (strong ? tag : tag.replace(/^W\//, "")) === etag);
}

/** §13.2.2, steps 1 and 2: false answers 412. */
function holds(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) return names(ifMatch, etag, true);
  const since = parseHttpDate(headers.get("if-unmodified-since"));
  return since === null || secondOf(lastModifiedMs) <= secondOf(since);
}

/** §13.2.2, steps 3 and 4: true answers 304. */
function isUnchanged(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return names(ifNoneMatch, etag, false);
  const since = parseHttpDate(headers.get("if-modified-since"));
  return since !== null && secondOf(lastModifiedMs) <= secondOf(since);
}

export function hasConditions(headers: Headers): boolean {
  const all = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];
  return all.some((name) => headers.has(name));
}

/** For GET and HEAD of something that exists. */
export function precondition(headers: Headers, validators: Validators): "proceed" | 304 | 412 {
  if (!holds(headers, validators)) return 412;
  return isUnchanged(headers, validators) ? 304 : "proceed";
}

/**
 * §13.2.2, step 5: whether Range counts. A weak tag never matches. A date must be the very one we sent; that it has
 * whole seconds only does no harm, since what a URL names never changes.
 */
export function allowsRange(headers: Headers, { etag, lastModifiedMs }: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null || ifRange.trim() === etag) return true;
  const date = parseHttpDate(ifRange.trim());
  return date !== null && secondOf(date) === secondOf(lastModifiedMs);
}
