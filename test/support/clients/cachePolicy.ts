/** The caching rules of every response, which all requests of the tests check. */

/** Paths whose successful responses a shared cache may store. */
const STORABLE = /^\/(media\/|openapi\.json$|cdn-cgi\/image\/)/;

/** Describes how a response breaks the rules; null if it keeps them. */
export function cachePolicyViolation(path: string, { status, headers }: Response): string | null {
  const policy = headers.get("cache-control");
  // Workers Cache stores a 200 without the header for two hours, and a 404 for three minutes.
  if (policy === null || policy === "") return "no Cache-Control";
  if (/\b(no-store|private)\b/.test(policy)) return null;
  if (!STORABLE.test(path)) return `storable by a shared cache: ${policy}`;
  if (![200, 206, 304].includes(status)) return `storable with status ${status}`;
  // Without it Workers Cache serves expired responses for as long as the Worker fails.
  if (!policy.includes("stale-if-error=0")) return `no stale-if-error=0: ${policy}`;
  if (headers.has("set-cookie")) return "storable with Set-Cookie";
  if (path.startsWith("/media/") && headers.has("vary")) return "several cache entries per media URL: Vary";
  return null;
}
