/** Writes the Huffman and quantization tables of a scan to the kernel's memory. */
import { TruncatedFileError } from "../../jpeg/encodedJpeg.ts";
import { zigzag } from "../../jpeg/jpegTables.ts";
import { COMPONENT_FIELDS, type JpegKernel } from "./jpegKernel.ts";
import type { FrameLayout } from "./jpegLayout.ts";
import type { JpegSegments, Scan } from "./jpegSegments.ts";

/** Rows of eight steps; coefficients that aren't kept have step 0. */
function writeSteps(jpeg: JpegKernel, { kept }: FrameLayout, index: number, steps: Uint16Array): void {
  const target = new Float32Array(jpeg.memory.buffer, jpeg.quantization[index] ?? 0, 64);
  const { width = 8, height = 8 } = kept[index] ?? {};
  zigzag.forEach((natural, i) => {
    const isKept = natural % 8 < width && natural >> 3 < height;
    target[natural] = isKept ? (steps[i] ?? 0) : 0;
  });
}

function buildTable({ kernel, memory, segment }: JpegKernel, table: number, content: Uint8Array | undefined): void {
  if (content === undefined) throw new TruncatedFileError("the JPEG lacks a Huffman table");
  memory.set(content, segment);
  if (kernel.function("buildTable")(table, segment, content.length - 16) === 0)
    throw new TruncatedFileError("the JPEG has an invalid Huffman table");
}

/** Throws `TruncatedFileError` if a table is missing or invalid. */
export function writeScanTables(jpeg: JpegKernel, layout: FrameLayout, segments: JpegSegments, scan: Scan): void {
  scan.components.forEach(({ index, dc, ac }, i) => {
    const steps = segments.quantization.get(layout.frame.components[index]?.table ?? -1);
    if (steps === undefined) throw new TruncatedFileError("the JPEG lacks a quantization table");
    writeSteps(jpeg, layout, index, steps);
    const [dcTable = 0, acTable = 0] = jpeg.tables.slice(i * 2);
    if (scan.first === 0 && scan.high === 0) buildTable(jpeg, dcTable, segments.huffman.get(dc));
    if (scan.last > 0) buildTable(jpeg, acTable, segments.huffman.get(16 + ac));
    const fields = new Int32Array(jpeg.memory.buffer, jpeg.components[index] ?? 0, COMPONENT_FIELDS.count);
    fields[COMPONENT_FIELDS.dcTable] = dcTable;
    fields[COMPONENT_FIELDS.acTable] = acTable;
  });
}
