/** GIF: the size of the logical screen. */
import { viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";
import type { StillContent } from "./stillContent.ts";

export async function readGif(source: ByteSource, content: StillContent): Promise<void> {
  const screen = viewOf(await source.read(6, 4));
  content.rawWidth = screen.getUint16(0, true);
  content.rawHeight = screen.getUint16(2, true);
}
