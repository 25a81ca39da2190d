/** Log lines as JSON, for what has no caller to tell. Never holds a secret, a query or a body. */

type Fields = Record<string, string | number | boolean | null | undefined>;

/* eslint-disable no-console -- the log line is the product here */
export function info(message: string, fields: Fields): void {
  console.log(JSON.stringify({ level: "info", message, ...fields }));
}

export function warn(message: string, fields: Fields): void {
  console.warn(JSON.stringify({ level: "warn", message, ...fields }));
}

export function error(message: string, fields: Fields): void {
  console.error(JSON.stringify({ level: "error", message, ...fields }));
}
