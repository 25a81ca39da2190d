/** Invariants of the metadata reader for any file: no errors, bounded reads, valid values. */
import { Buffer } from "node:buffer";
import { readMediaInfo } from "../../../src/media/inspect/mediaInfo.ts";
import { formatForFileName } from "../../../src/media/inspect/formats.ts";
import { MAX_TEXT_CHARACTERS } from "../../../src/media/inspect/metadata/normalize.ts";
import { findCoverArt } from "../../../src/media/inspect/video/coverArt.ts";
import { sampleBytes, sampleNames } from "../../fixtures/media/samples.ts";
import { bytesOf, exifSegment, jpeg, ascii, box, tiff, u32, xmpPacket } from "./buildImage.ts";
import {
  avi,
  block,
  element,
  fragment,
  h264Sequence,
  h265Sequence,
  keys,
  matroska,
  matroskaTag,
  matroskaTrack,
  movie,
  mpegSequence,
  pesPacket,
  transportStream,
  internationalText,
} from "./buildVideo.ts";
import { crw, jp2, mrw, wmv, x3f } from "./buildRaw.ts";
import { countingSource } from "./countingSource.ts";

/** Limits of the reads of one file: in total, and of one read, 1 MiB extended to whole pages of 16 KiB. */
export const MAX_TOTAL_BYTES = 4 * 1024 * 1024;
export const MAX_READ_BYTES = 1024 * 1024 + 2 * 16 * 1024;
export const MAX_READS = 300;

export interface BaseFile {
  name: string;
  bytes: () => Promise<Uint8Array>;
}

/** Files in containers without a sample. */
function generatedFiles(): [string, Uint8Array][] {
  const frames = (first: Uint8Array): [number, Uint8Array][] => [3, 6, 4, 5].map((frame) => [frame * 1800, first]);
  const clusters = [0, 160].map((start) => element(0x1f43b675, element(0xe7, [start]), block(0), block(40), block(80)));
  const nikon = box("NCDT", box("NCTG", u32(1), [0, 2, 0, 6], "NIKON\0"));
  const userData = box(
    "udta",
    nikon,
    internationalText("\xa9xyz", "+10.0+020.0/"),
    box("CNTH", box("CNDA", jpeg(8, 8, exifSegment({ image: [ascii(0x10f, "Canon\0")] })))),
    box("GPMF", "DEVC", [0, 1, 0, 20], "MINFc", [11, 0, 1], "HERO8 Black\0"),
  );
  const exif = tiff({ image: [ascii(0x10f, "Maker\0")], exif: [ascii(0x9003, "2020:01:02 03:04:05\0")] });
  const trex = box("mvex", box("trex", [0, 0, 0, 0], u32(1), u32(1), u32(20)));
  return [
    ["a.mov", movie({ movie: [keys(["com.apple.quicktime.make", "Apple"], ["com.android.model", "x"]), userData] })],
    [
      "a.mp4",
      movie({ seconds: 0, runs: [], movie: [trex], afterMovie: [fragment(0, [20, 20]), fragment(40, [20, 20])] }),
    ],
    ["a.avi", avi()],
    ["a.mkv", matroska(matroskaTrack(), element(0x1254c367, matroskaTag("MAKE", "x")), ...clusters)],
    ["a.mts", transportStream(0x1b, frames(h264Sequence), true)],
    ["b.mts", transportStream(0x24, frames(h265Sequence))],
    [
      "a.mpg",
      bytesOf(
        [0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8],
        pesPacket(3600, mpegSequence),
        pesPacket(7200, mpegSequence),
      ),
    ],
    ["a.crw", crw({ preview: jpeg(8, 8) })],
    ["a.mrw", mrw(exif)],
    ["a.x3f", x3f({ preview: jpeg(8, 8), properties: [["CAMMANUF", "SIGMA"]] })],
    ["a.jp2", jp2(exif, xmpPacket("<dc:title>x</dc:title>"))],
    ["a.wmv", wmv()],
  ];
}

/** The samples come first, so that their indexes and thereby their mutations are stable. */
export const baseFiles: BaseFile[] = [
  ...sampleNames.map((name) => ({ name, bytes: () => sampleBytes(name) })),
  ...generatedFiles().map(([name, bytes]) => ({ name, bytes: () => Promise.resolve(bytes) })),
];

/** Reads a file and returns the violated invariants. */
export async function findViolations(bytes: Uint8Array, name: string): Promise<string[]> {
  const format = formatForFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  const source = countingSource(bytes);
  const info = await readMediaInfo(source, format);
  const violations: string[] = [];
  if (source.counts.bytes > MAX_TOTAL_BYTES) violations.push(`fetched ${source.counts.bytes} bytes`);
  if (source.counts.longestRead > MAX_READ_BYTES)
    violations.push(`requested ${source.counts.longestRead} bytes at once`);
  if (source.counts.reads > MAX_READS) violations.push(`read ${source.counts.reads} times`);
  if (info.problem?.includes("could not be read")) violations.push(info.problem);
  const { width, height, rawWidth, rawHeight, durationSeconds, captureTime, metadata } = info;
  const numbers = [
    width,
    height,
    rawWidth,
    rawHeight,
    durationSeconds,
    captureTime?.wallUs,
    ...Object.values(metadata),
  ];
  if (numbers.some((value) => typeof value === "number" && !Number.isFinite(value)))
    violations.push("a number is not finite");
  if (![width, height].every((side) => Number.isSafeInteger(side) && side >= 0))
    violations.push("a dimension is not a non-negative integer");
  if (Object.values(metadata).some((value) => typeof value === "string" && !isStorable(value)))
    violations.push("a text is not storable");
  if (format.family === "mp4" || format.family === "matroska") await findCoverArt(source);
  return violations;
}

/** Text is trimmed, not empty, within the length limit and without NUL, where D1 cuts it. */
function isStorable(text: string): boolean {
  return text !== "" && text === text.trim() && text.length <= MAX_TEXT_CHARACTERS && !text.includes("\0");
}

/** Describes a file so that a small case can be reproduced. */
export function toBase64OrLength(bytes: Uint8Array): string {
  return bytes.length <= 600 ? Buffer.from(bytes).toString("base64") : `${bytes.length} bytes`;
}
