/**
 * The official clients validate task types against the list of their version, and no list has both names of
 * `quality_scoring`. They send their version in a header.
 */
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/context.ts";

const VERSION_HEADER = "x-stainless-package-version";
/** The first version of the official clients, 0.178, that lists `quality_scoring`. */
const QUALITY_SCORING_MINOR = 178;

/** Whether the client knows `quality_scoring`: every client but the official ones before 0.178. */
export function knowsQualityScoring(c: Context<AppEnv>): boolean {
  const minor = /^0\.(\d{1,6})\./.exec(c.req.header(VERSION_HEADER) ?? "")?.[1];
  return minor === undefined || Number(minor) >= QUALITY_SCORING_MINOR;
}
