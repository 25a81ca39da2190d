/** BMP: the size, from the old header of 12 bytes or the later ones. */
import { viewOf } from "../bytes.ts";
import type { ByteSource } from "../source.ts";
import type { StillContent } from "./stillContent.ts";

export async function readBmp(source: ByteSource, content: StillContent): Promise<void> {
  const header = viewOf(await source.read(14, 12));
  const isOldHeader = header.getUint32(0, true) === 12;
  content.rawWidth = isOldHeader ? header.getUint16(4, true) : Math.abs(header.getInt32(4, true));
  // A negative height means that the rows run from the top down.
  content.rawHeight = isOldHeader ? header.getUint16(6, true) : Math.abs(header.getInt32(8, true));
}
