/** Writes log lines as JSON. Fields must contain no secret, query string or body. */

type Fields = Record<string, string | number | boolean | null | undefined>;

/* eslint-disable no-console -- console is the log of a Worker */
export function info(message: string, fields: Fields): void {
  console.log(JSON.stringify({ level: "info", message, ...fields }));
}

export function warn(message: string, fields: Fields): void {
  console.warn(JSON.stringify({ level: "warn", message, ...fields }));
}

export function error(message: string, fields: Fields): void {
  console.error(JSON.stringify({ level: "error", message, ...fields }));
}
