/** What must hold of any bytes whatever: no error, no more than a bounded part of the file, answers that make sense. */
import { Buffer } from "node:buffer";
import { readFacts } from "../../../src/media/inspect/mediaInfo.ts";
import { formatOfFileName } from "../../../src/media/inspect/formats.ts";
import { findCoverArt } from "../../../src/media/inspect/video/mp4/coverArt.ts";
import { sampleBytes, sampleNames } from "../../fixtures/media/samples.ts";
import { bytesOf, exifSegment, jpeg, ascii, box, u32 } from "./buildImage.ts";
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
  userText,
} from "./buildVideo.ts";
import { countingSource } from "./countingSource.ts";

/** All reads of a file together, and the longest: 1 MiB, made up to whole pages of 16 KiB. */
export const budgetBytes = 4 * 1024 * 1024;
export const longestReadBytes = 1024 * 1024 + 2 * 16 * 1024;
export const mostReads = 300;

export interface Base {
  name: string;
  bytes: () => Promise<Uint8Array>;
}

/** Containers of which there is no sample. */
function handmade(): [string, Uint8Array][] {
  const pictures = (first: Uint8Array): [number, Uint8Array][] => [3, 6, 4, 5].map((frame) => [frame * 1800, first]);
  const clusters = [0, 160].map((start) => element(0x1f43b675, element(0xe7, [start]), block(0), block(40), block(80)));
  const nikon = box("NCDT", box("NCTG", u32(1), [0, 2, 0, 6], "NIKON\0"));
  const userData = box(
    "udta",
    nikon,
    userText("\xa9xyz", "+10.0+020.0/"),
    box("CNTH", box("CNDA", jpeg(8, 8, exifSegment({ image: [ascii(0x10f, "Canon\0")] })))),
    box("GPMF", "DEVC", [0, 1, 0, 20], "MINFc", [11, 0, 1], "HERO8 Black\0"),
  );
  const trex = box("mvex", box("trex", [0, 0, 0, 0], u32(1), u32(1), u32(20)));
  return [
    ["a.mov", movie({ movie: [keys(["com.apple.quicktime.make", "Apple"], ["com.android.model", "x"]), userData] })],
    ["a.mp4", movie({ seconds: 0, runs: [], movie: [trex], top: [fragment(0, [20, 20]), fragment(40, [20, 20])] })],
    ["a.avi", avi()],
    ["a.mkv", matroska(matroskaTrack(), element(0x1254c367, matroskaTag("MAKE", "x")), ...clusters)],
    ["a.mts", transportStream(0x1b, pictures(h264Sequence), true)],
    ["b.mts", transportStream(0x24, pictures(h265Sequence))],
    [
      "a.mpg",
      bytesOf(
        [0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8],
        pesPacket(3600, mpegSequence),
        pesPacket(7200, mpegSequence),
      ),
    ],
  ];
}

/** The samples first, so that their numbers, and with them their mutations, stay as they are. */
export const bases: Base[] = [
  ...sampleNames.map((name) => ({ name, bytes: () => sampleBytes(name) })),
  ...handmade().map(([name, bytes]) => ({ name, bytes: () => Promise.resolve(bytes) })),
];

/** What is wrong with the answer to these bytes; nothing, it is hoped. */
export async function complaints(bytes: Uint8Array, name: string): Promise<string[]> {
  const format = formatOfFileName(name);
  if (format === null) throw new Error(`unknown extension: ${name}`);
  const source = countingSource(bytes);
  const facts = await readFacts(source, format);
  const found: string[] = [];
  if (source.counts.bytes > budgetBytes) found.push(`fetched ${source.counts.bytes} bytes`);
  if (source.counts.longest > longestReadBytes) found.push(`asked for ${source.counts.longest} bytes at once`);
  if (source.counts.reads > mostReads) found.push(`read ${source.counts.reads} times`);
  if (facts.problem?.includes("could not be read")) found.push(facts.problem);
  const { width, height, rawWidth, rawHeight, durationSeconds, captureTime, metadata } = facts;
  const numbers = [
    width,
    height,
    rawWidth,
    rawHeight,
    durationSeconds,
    captureTime?.wallUs,
    ...Object.values(metadata),
  ];
  if (numbers.some((value) => typeof value === "number" && !Number.isFinite(value))) found.push("not a number");
  if (![width, height].every((side) => Number.isSafeInteger(side) && side >= 0)) found.push("not a size");
  if (Object.values(metadata).some((value) => typeof value === "string" && !isStorable(value)))
    found.push("not a text");
  if (format.family === "mp4") await findCoverArt(source);
  return found;
}

/** Trimmed, of a length that a row holds, and without what D1 or JSON would cut it at. */
function isStorable(text: string): boolean {
  return text !== "" && text === text.trim() && text.length <= 64 * 1024 && !text.includes("\0");
}

/** Enough of a file to make its case again. */
export function spelled(bytes: Uint8Array): string {
  return bytes.length <= 600 ? Buffer.from(bytes).toString("base64") : `${bytes.length} bytes`;
}
