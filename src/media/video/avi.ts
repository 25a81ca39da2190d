/** AVI: size, frame rate and duration from the headers that open every such file. */
import { startsWith, viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";
import type { VideoFacts } from "./videoFacts.ts";

/** RIFF, "AVI ", LIST "hdrl", then "avih"; after it LIST "strl" with the header of the first stream. */
const mainHeaderAt = 32;

export async function readAvi(source: ByteSource, facts: VideoFacts): Promise<void> {
  const head = await source.read(0, 256);
  if (!startsWith(head, "avih", 24)) return;
  const view = viewOf(head);
  facts.width = view.getUint32(mainHeaderAt + 32, true);
  facts.height = view.getUint32(mainHeaderAt + 36, true);
  const streamAt = mainHeaderAt + view.getUint32(28, true) + 12;
  if (!startsWith(head, "strh", streamAt) || !startsWith(head, "vids", streamAt + 8)) return;
  const scale = view.getUint32(streamAt + 28, true);
  const rate = view.getUint32(streamAt + 32, true);
  const frames = view.getUint32(streamAt + 40, true);
  if (scale === 0 || rate === 0 || rate / scale > 10_000) return;
  facts.metadata.fps = rate / scale;
  facts.durationSeconds = (frames * scale) / rate;
}
