import type { ByteSource } from "../../bytes/byteSource.ts";
import { findAsfVideoFormat } from "../asf.ts";
import { parseStreamFormat } from "./fourCharacterCodes.ts";
import type { KeyFrameTrack } from "./keyFrameTrack.ts";
import { streamTrack } from "./streamTrack.ts";

/** Names the codec of a Windows Media file. No decoder reads such codecs, so its frames aren't searched. */
export async function openAsfKeyFrames(_file: ByteSource, source: ByteSource): Promise<KeyFrameTrack | null> {
  const format = await findAsfVideoFormat(source);
  return format === null ? null : streamTrack(parseStreamFormat(format).codec);
}
