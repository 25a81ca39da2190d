/** Feeds the entropy-coded data of a file to the JPEG kernel in windows. */
import type { ByteSource } from "../../../inspect/bytes/byteSource.ts";
import type { JpegKernel } from "./jpegKernel.ts";
import { SCAN_WINDOW_BYTES } from "./jpegLayout.ts";

export interface ScanInput {
  /** Continues at an offset of the file. */
  seek(offset: number): Promise<void>;
  /** Replaces the data that the kernel has consumed by what follows. */
  refill(): Promise<void>;
  /** Offset in the file of the first byte that the kernel hasn't consumed. */
  position(): number;
}

export function scanInput(source: ByteSource, { kernel, memory, window }: JpegKernel): ScanInput {
  const [setInput, inputPosition] = [kernel.function("setInput"), kernel.function("inputPosition")];
  /** Address and offset after the data in the window. */
  let end = window;
  let endOffset = 0;
  const append = async (restBytes: number) => {
    const wanted = SCAN_WINDOW_BYTES - restBytes;
    const bytes = await source.read(endOffset, wanted);
    memory.set(bytes, window + restBytes);
    end = window + restBytes + bytes.length;
    endOffset += bytes.length;
    setInput(window, end, bytes.length < wanted ? 1 : 0);
  };
  return {
    seek: async (offset) => {
      endOffset = offset;
      await append(0);
    },
    refill: async () => {
      const at = inputPosition();
      memory.copyWithin(window, at, end);
      await append(end - at);
    },
    position: () => endOffset - (end - inputPosition()),
  };
}
