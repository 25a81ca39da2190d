/** The XML that Sony's cameras lay beside a movie ("non-real-time metadata"): when, with what and where it was taken. */
import { decodeText } from "../../bytes/bytes.ts";
import { position } from "../../exif/gps.ts";
import { tidyText } from "../../metadata/normalize.ts";
import { parseIsoDate } from "../../metadata/wallTime.ts";
import { placeAt } from "../movieTags.ts";
import type { VideoFindings } from "../videoInfo.ts";

const mostTags = 2000;

/** Reads start tags alone, whatever is around them: what is looked for stands in attributes, and each is of one place only. */
export function readSonyXml(bytes: Uint8Array, facts: VideoFindings): void {
  const items = new Map<string, string>();
  const { metadata } = facts;
  for (const [, name = "", written = ""] of startTags(decodeText(bytes))) {
    const attributes = attributesIn(written);
    if (name === "CreationDate") facts.captureTime ??= parseIsoDate(attributes.get("value") ?? "");
    else if (name === "Lens") metadata.lensModel ??= tidyText(attributes.get("modelName"));
    else if (name === "Item") items.set(attributes.get("name") ?? "", attributes.get("value") ?? "");
    else if (name === "Device") {
      metadata.make ??= tidyText(attributes.get("manufacturer"));
      metadata.model ??= tidyText(attributes.get("modelName"));
    }
  }
  metadata.originalDatetime ??= facts.captureTime;
  const found = position(degrees(items, "Latitude"), degrees(items, "Longitude"));
  if (found !== null) placeAt({ ...found, altitude: null }, facts);
}

function startTags(text: string): RegExpExecArray[] {
  const pattern = /<(?:\w{1,20}:)?(\w{1,40})\s([^<>]{1,500})>/g;
  const tags: RegExpExecArray[] = [];
  for (let tag = pattern.exec(text); tag !== null && tags.length < mostTags; tag = pattern.exec(text)) tags.push(tag);
  return tags;
}

function attributesIn(written: string): Map<string, string> {
  const pairs = written.matchAll(/([\w:]{1,40})="([^"]{0,200})"/g);
  return new Map([...pairs].map(([, name = "", value = ""]) => [name, value]));
}

/** "35:37:47.123" and a direction beside it. */
function degrees(items: Map<string, string>, axis: string): number | null {
  const match = /^(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/.exec(items.get(axis) ?? "");
  if (match === null) return null;
  const size = Number(match[1]) + Number(match[2]) / 60 + Number(match[3]) / 3600;
  return /^[SW]/.test(items.get(`${axis}Ref`) ?? "") ? 0 - size : size;
}
