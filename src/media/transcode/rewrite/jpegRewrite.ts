/**
 * A JPEG on its way through: its picture and its colour profile stay byte for byte, everything else it tells of itself
 * is left out and other metadata put in. Decodes nothing, and holds no more than the segments in front of the picture.
 */
import { asciiAt, startsWith, viewOf } from "../../inspect/bytes/bytes.ts";
import { segment } from "../jpeg/jpegSegments.ts";
import type { Arriving } from "./streamReader.ts";
import { BrokenPicture, type PictureBytes, type Size } from "./malformedImage.ts";
import type { CarriedMetadata } from "./preservedMetadata.ts";
import { jpegMetadata } from "./jpegMetadata.ts";

const marker = { soi: 0xd8, eoi: 0xd9, sos: 0xda, dnl: 0xdc, app0: 0xe0, app2: 0xe2, app14: 0xee } as const;
/** DHT, DAC, DQT, DNL, DRI: what a decoder is told beside the frame. */
const tables: readonly number[] = [0xc4, 0xcc, 0xdb, marker.dnl, 0xdd];
/** Real ones have a few kilobytes, and a profile for print a megabyte. */
const MAX_HEAD_BYTES = 8 * 1024 * 1024;
/** Markers outside the coded picture, and bytes of fill before them. Real ones have dozens; a hundred megabytes of them would take minutes. */
const MAX_MARKERS = 100_000;
const EOI = Uint8Array.of(0xff, marker.eoi);
const SOI = Uint8Array.of(0xff, marker.soi);
const FF = Uint8Array.of(0xff);

function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);
}

function standsAlone(code: number): boolean {
  return code === 0x01 || (code >= 0xd0 && code <= 0xd7);
}

/** Of the segments that carry something beside the picture: the colour profile, and Adobe's word on the colour space. */
function isKept(code: number, body: Uint8Array): boolean {
  if (isFrame(code) || tables.includes(code)) return true;
  if (code === marker.app2) return startsWith(body, "ICC_PROFILE\0");
  return code === marker.app14 && startsWith(body, "Adobe");
}

/** Without the thumbnail that JFIF has room for: it may show what an edit took out. */
function plainJfif(body: Uint8Array): Uint8Array | null {
  if (asciiAt(body, 0, 5) !== "JFIF\0" || body.length < 14) return null;
  return segment(marker.app0, [...body.subarray(0, 12), 0, 0]);
}

/** How many markers may come yet. */
interface Allowance {
  markers: number;
}

function spend(allowance: Allowance): void {
  allowance.markers -= 1;
  if (allowance.markers < 0) throw new BrokenPicture("is a JPEG of more markers than any picture needs");
}

/** The next marker's code; fill bytes may stand in front of it. */
async function nextMarker(arriving: Arriving, allowance: Allowance): Promise<number> {
  const [mark] = await arriving.take(1);
  if (mark !== 0xff) throw new BrokenPicture("is no whole JPEG: there is no marker where one should be");
  for (;;) {
    spend(allowance);
    const [code = 0] = await arriving.take(1);
    if (code !== 0xff) return code;
  }
}

async function segmentBody(arriving: Arriving): Promise<Uint8Array> {
  const length = viewOf(await arriving.take(2)).getUint16(0);
  if (length < 2) throw new BrokenPicture("is no whole JPEG: a segment has no length");
  return await arriving.take(length - 2);
}

/** What every browser decodes: Huffman-coded, sequential or progressive, 8 bits. */
function readFrame(code: number, body: Uint8Array, size: Size): void {
  if (size.width > 0) throw new BrokenPicture("has more than one frame");
  if (code > 0xc2 || body[0] !== 8 || body.length < 6) {
    throw new BrokenPicture(
      "is a JPEG of a kind that browsers do not show: baseline or progressive, 8 bits, is needed",
    );
  }
  size.height = viewOf(body).getUint16(1);
  size.width = viewOf(body).getUint16(3);
  if (size.width === 0 || size.height === 0) throw new BrokenPicture("does not say how large its picture is");
}

interface Head {
  jfif: Uint8Array | null;
  kept: Uint8Array[];
  scan: Uint8Array;
}

/** Everything in front of the first scan, and that scan's header. */
async function readHead(arriving: Arriving, allowance: Allowance, size: Size): Promise<Head> {
  await arriving.skip(SOI.length);
  const kept: Uint8Array[] = [];
  let jfif: Uint8Array | null = null;
  let heldBytes = 0;
  for (;;) {
    const code = await nextMarker(arriving, allowance);
    if (standsAlone(code)) continue;
    if (code === marker.eoi || code === marker.soi) throw new BrokenPicture("is a JPEG without a picture");
    const body = await segmentBody(arriving);
    if (code === marker.sos) {
      if (size.width === 0) throw new BrokenPicture("does not say how large its picture is");
      return { jfif, kept, scan: segment(code, body) };
    }
    if (code === marker.app0) jfif ??= plainJfif(body);
    if (isFrame(code)) readFrame(code, body, size);
    if (!isKept(code, body)) continue;
    heldBytes += body.length;
    if (heldBytes > MAX_HEAD_BYTES) throw new BrokenPicture("has too much in front of its picture");
    kept.push(segment(code, body));
  }
}

/** The coded picture up to the next marker, whose code it answers. A byte 0xff of the picture has a 0 behind it. */
async function* passScan(arriving: Arriving): AsyncGenerator<Uint8Array, number, undefined> {
  let isOpen = false;
  for (;;) {
    const window = await arriving.window();
    if (window === null) throw new BrokenPicture("is cut short");
    if (isOpen) {
      const fill = fillBytes(window);
      arriving.use(Math.min(fill + 1, window.length));
      const code = window[fill];
      if (code === undefined) continue;
      isOpen = false;
      if (code !== 0 && !standsAlone(code)) return code;
      yield Uint8Array.of(0xff, code);
      continue;
    }
    const end = pictureEnd(window);
    if (end > 0) yield window.subarray(0, end);
    isOpen = end < window.length;
    arriving.use(isOpen ? end + FF.length : end);
  }
}

/** How many bytes of fill the window begins with. */
function fillBytes(window: Uint8Array): number {
  let count = 0;
  while (window[count] === 0xff) count += 1;
  return count;
}

/** Where the window's coded picture ends: at a marker, or at a last byte of 0xff. Else its length. */
function pictureEnd(window: Uint8Array): number {
  for (let at = window.indexOf(0xff); at >= 0; at = window.indexOf(0xff, at + 2)) {
    const next = window[at + 1];
    if (next === undefined || (next !== 0 && !standsAlone(next))) return at;
  }
  return window.length;
}

/** The picture ends where the JPEG says so: what some cameras put behind it is left out. */
async function* passPicture(arriving: Arriving, allowance: Allowance): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    let code = yield* passScan(arriving);
    spend(allowance);
    while (code !== marker.sos) {
      if (code === marker.eoi) return;
      if (code === marker.soi || isFrame(code)) throw new BrokenPicture("has more than one frame");
      const body = await segmentBody(arriving);
      if (tables.includes(code)) yield segment(code, body);
      code = await nextMarker(arriving, allowance);
    }
    yield segment(code, await segmentBody(arriving));
  }
}

async function* rewritten(arriving: Arriving, carried: CarriedMetadata, size: Size): AsyncGenerator<Uint8Array> {
  const allowance = { markers: MAX_MARKERS };
  const { jfif, kept, scan } = await readHead(arriving, allowance, size);
  yield SOI;
  if (jfif !== null) yield jfif;
  yield* jpegMetadata(carried, size);
  yield* kept;
  yield scan;
  yield* passPicture(arriving, allowance);
  yield EOI;
  await arriving.finish();
}

/** What is wrong with the file comes out of `bytes` as a `BrokenPicture`. */
export function rewriteJpeg(arriving: Arriving, carried: CarriedMetadata): PictureBytes {
  const size = { width: 0, height: 0 };
  return { bytes: rewritten(arriving, carried, size), size };
}
