/** Reads the XML that Sony cameras add to a movie (NonRealTimeMeta). */
import { decodeText } from "../../bytes/bytes.ts";
import { validPosition } from "../../location/gps.ts";
import { normalizeText } from "../../metadata/normalize.ts";
import { parseIsoDate } from "../../metadata/wallTime.ts";
import { applyCoordinates } from "../movieTags.ts";
import type { VideoDraft } from "../videoInfo.ts";

const MAX_TAGS = 2000;

/** Matches start tags only: all values are attributes of elements with unique names. */
/** Fills `draft` with capture time, make, model, lens and location. */
export function readSonyXml(bytes: Uint8Array, draft: VideoDraft): void {
  const items = new Map<string, string>();
  const { metadata } = draft;
  for (const [, name = "", attributeText = ""] of startTags(decodeText(bytes))) {
    const attributes = parseAttributes(attributeText);
    if (name === "CreationDate") draft.captureTime ??= parseIsoDate(attributes.get("value") ?? "");
    else if (name === "Lens") metadata.lensModel ??= normalizeText(attributes.get("modelName"));
    else if (name === "Item") items.set(attributes.get("name") ?? "", attributes.get("value") ?? "");
    else if (name === "Device") {
      metadata.make ??= normalizeText(attributes.get("manufacturer"));
      metadata.model ??= normalizeText(attributes.get("modelName"));
    }
  }
  metadata.originalDatetime ??= draft.captureTime;
  const coordinates = validPosition(parseDegrees(items, "Latitude"), parseDegrees(items, "Longitude"));
  if (coordinates !== null) applyCoordinates({ ...coordinates, altitude: null }, draft);
}

function startTags(text: string): RegExpExecArray[] {
  const pattern = /<(?:\w{1,20}:)?(\w{1,40})\s([^<>]{1,500})>/g;
  const tags: RegExpExecArray[] = [];
  for (let tag = pattern.exec(text); tag !== null && tags.length < MAX_TAGS; tag = pattern.exec(text)) tags.push(tag);
  return tags;
}

function parseAttributes(text: string): Map<string, string> {
  const pairs = text.matchAll(/([\w:]{1,40})="([^"]{0,200})"/g);
  return new Map([...pairs].map(([, name = "", value = ""]) => [name, value]));
}

/** Parses "35:37:47.123" with a direction in a second item. */
function parseDegrees(items: Map<string, string>, axis: string): number | null {
  const match = /^(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/.exec(items.get(axis) ?? "");
  if (match === null) return null;
  const magnitude = Number(match[1]) + Number(match[2]) / 60 + Number(match[3]) / 3600;
  return /^[SW]/.test(items.get(`${axis}Ref`) ?? "") ? 0 - magnitude : magnitude;
}
