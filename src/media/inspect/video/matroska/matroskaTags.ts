/** Reads the tags that apply to the whole Matroska file, skipping those of single tracks. */
import type { ByteSource } from "../../bytes/byteSource.ts";
import { type Element, childrenOf, elementsIn, readText, readUnsigned } from "./ebml.ts";
import { type MovieTags, applyMovieTags, addTag } from "../movieTags.ts";
import type { VideoDraft } from "../videoInfo.ts";

const ids = { tag: 0x7373, targets: 0x63c0, trackUid: 0x63c5, simpleTag: 0x67c8, name: 0x45a3, text: 0x4487 } as const;

/** Matroska's own tag names, and QuickTime keys that converters copy in capitals. */
const APPLE_PREFIX = "com.apple.quicktime.";
const tagNames = new Map([
  ["make", "make"],
  ["model", "model"],
  ["description", "description"],
  ["location", "location.ISO6709"],
  ["date_recorded", "creationdate"],
  [`${APPLE_PREFIX}make`, `${APPLE_PREFIX}make`],
  [`${APPLE_PREFIX}model`, `${APPLE_PREFIX}model`],
  [`${APPLE_PREFIX}description`, `${APPLE_PREFIX}description`],
  [`${APPLE_PREFIX}location.iso6709`, `${APPLE_PREFIX}location.ISO6709`],
  [`${APPLE_PREFIX}creationdate`, `${APPLE_PREFIX}creationdate`],
  [`${APPLE_PREFIX}content.identifier`, `${APPLE_PREFIX}content.identifier`],
]);

/** Applies the Tags element to `draft`. */
export async function readMatroskaTags(source: ByteSource, tags: Element, draft: VideoDraft): Promise<void> {
  const movieTags: MovieTags = new Map();
  for (const tag of await elementsIn(source, tags.start, tags.end)) {
    if (tag.id !== ids.tag) continue;
    const fields = await elementsIn(source, tag.start, tag.end);
    const targets = await childrenOf(source, fields, ids.targets);
    if (((await readUnsigned(source, targets, ids.trackUid)) ?? 0) > 0) continue;
    for (const simple of fields.filter(({ id }) => id === ids.simpleTag)) {
      const parts = await elementsIn(source, simple.start, simple.end);
      const name = tagNames.get(((await readText(source, parts, ids.name)) ?? "").toLowerCase());
      const text = await readText(source, parts, ids.text);
      if (name !== undefined) addTag(movieTags, name, text);
    }
  }
  applyMovieTags(movieTags, draft);
}
