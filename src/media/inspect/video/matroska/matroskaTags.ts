/** The tags of a Matroska file: names and texts, those of the movie apart from those of single tracks. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Element, childrenOf, elementsIn, textIn, unsigned } from "./ebml.ts";
import { type MovieTags, applyMovieTags, keepTag } from "../movieTags.ts";
import type { VideoFindings } from "../videoInfo.ts";

const ids = { tag: 0x7373, targets: 0x63c0, trackUid: 0x63c5, simpleTag: 0x67c8, name: 0x45a3, text: 0x4487 } as const;

/** By Matroska's own names, and by those that a QuickTime movie had before it was converted, which are then in capitals. */
const apple = "com.apple.quicktime.";
const names = new Map([
  ["make", "make"],
  ["model", "model"],
  ["description", "description"],
  ["location", "location.ISO6709"],
  ["date_recorded", "creationdate"],
  [`${apple}make`, `${apple}make`],
  [`${apple}model`, `${apple}model`],
  [`${apple}description`, `${apple}description`],
  [`${apple}location.iso6709`, `${apple}location.ISO6709`],
  [`${apple}creationdate`, `${apple}creationdate`],
  [`${apple}content.identifier`, `${apple}content.identifier`],
]);

export async function readMatroskaTags(source: ByteSource, tags: Element, facts: VideoFindings): Promise<void> {
  const found: MovieTags = new Map();
  for (const tag of await elementsIn(source, tags.start, tags.end)) {
    if (tag.id !== ids.tag) continue;
    const fields = await elementsIn(source, tag.start, tag.end);
    const targets = await childrenOf(source, fields, ids.targets);
    if (((await unsigned(source, targets, ids.trackUid)) ?? 0) > 0) continue;
    for (const simple of fields.filter(({ id }) => id === ids.simpleTag)) {
      const parts = await elementsIn(source, simple.start, simple.end);
      const name = names.get(((await textIn(source, parts, ids.name)) ?? "").toLowerCase());
      const text = await textIn(source, parts, ids.text);
      if (name !== undefined) keepTag(found, name, text);
    }
  }
  applyMovieTags(found, facts);
}
