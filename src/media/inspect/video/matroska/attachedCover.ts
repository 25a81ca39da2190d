import type { ByteRange, ByteSource } from "../../bytes/byteSource.ts";
import { elementsIn, readText } from "./ebml.ts";
import { openSegment } from "./segment.ts";

const ids = { attachments: 0x1941a469, file: 0x61a7, name: 0x466e, data: 0x465c } as const;

/** Names of covers (RFC 9559 §21.2): cover.jpg, cover_land.png, small_cover.jpg. */
const COVER_NAME = /^(?:small_)?cover/i;

/** Locates the first attached file that is named like a cover. */
export async function findAttachedCover(source: ByteSource): Promise<ByteRange | null> {
  const segment = await openSegment(source);
  const attachments = await segment?.find(ids.attachments);
  if (attachments === undefined) return null;
  for (const file of await elementsIn(source, attachments.start, attachments.end)) {
    if (file.id !== ids.file) continue;
    const fields = await elementsIn(source, file.start, file.end);
    const data = fields.find(({ id }) => id === ids.data);
    if (data === undefined || !COVER_NAME.test((await readText(source, fields, ids.name)) ?? "")) continue;
    return { offset: data.start, length: data.end - data.start };
  }
  return null;
}
